//! What stays of one plan in another (LS-125).

use super::*;
use crate::plan::Difference;

/// A graph with branches behind a tee, one of them perhaps behind the queue `q`, and a pair beside it.
fn branches(first: (&str, &str, &str), queue: &str, connect: &[&str]) -> String {
    let mut filters =
        vec![("a", "live", ""), ("t", "tee", ""), ("b", "live", ""), ("z", "speakers", "")];
    filters.push(("y", "speakers", ""));
    let is_there = connect.len() > 1;
    filters.extend(is_there.then_some(first));
    let text = manifest("", &[&["a -> t", "b -> z"], connect].concat(), &filters);
    if is_there { text + &format!("[filter.q]\nplugin = \"queue\"\n{queue}\n") } else { text }
}

/// What changes from one manifest to another, and which segments go on, by their first filters.
fn difference(before: &str, after: Plan) -> (String, String) {
    let before = plan(before);
    let after = after.numbered_as(&before);
    let difference = Difference::between(&before, &after, |_| true);
    let kept = after.segments.iter().zip(&difference.segments).filter(|(_, kept)| kept.is_some());
    let first = kept.map(|(segment, _)| after.filters[segment.filters[0]].name.as_str());
    let mut first: Vec<&str> = first.collect();
    first.sort_unstable();
    (difference.to_string(), first.join(" "))
}

/// LS-125
#[test]
fn what_stays_is_what_has_its_name_plugin_settings_and_connections() {
    let x = ("x", "speakers", "");
    let both = ["t -> q -> x", "t -> y"];
    let replaced = "+ x, - x, + t.out0 -> x.in, - t.out0 -> x.in";
    let table = [
        ("nothing", x, "", &both[..], x, "", &both[..], "nothing changes", "a b x"),
        ("a setting", x, "", &both, ("x", "speakers", "clock = false"), "", &both, replaced, "b"),
        ("a plugin", x, "", &both, ("x", "writer", ""), "", &both, replaced, "b"),
        // The other branch keeps its pin.
        ("a branch", x, "", &both, x, "", &both[1..], "- x, - t.out0 -> x.in", "b"),
        (
            "a queue's size",
            x,
            "",
            &both,
            x,
            "capacity = \"3 s\"",
            &both,
            "nothing changes",
            "a b x",
        ),
        ("a queue's kind", x, "", &both, x, "leaky = true", &both, "nothing changes", "b"),
    ];
    for (name, first, queue, connect, then, its_queue, its_connect, expected, kept) in table {
        let before = branches(first, queue, connect);
        let after = plan(&branches(then, its_queue, its_connect));
        let found = difference(&before, after);
        assert_eq!(found, (expected.to_owned(), kept.to_owned()), "{name}");
    }
    // The same descriptors in another library.
    let mut catalog = Catalog::default();
    catalog.register(include_str!("filters.toml"), 1).expect("the fixture is good");
    let text = branches(x, "", &both);
    let manifest = Manifest::parse("graph.toml", &text).expect("it is good");
    let after = Plan::new(&manifest, &catalog).expect("it is good");
    assert!(difference(&text, after).0.starts_with("+ a, + t, "));
}
