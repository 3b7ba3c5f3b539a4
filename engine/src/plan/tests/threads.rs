use super::*;

/// The filters of each thread by name, and every queue with its reason.
fn threads(text: &str) -> (Vec<Vec<String>>, Vec<String>) {
    let plan = plan(text);
    let names = |segment: &Segment| {
        segment.filters.iter().map(|&index| plan.filters[index].name.clone()).collect()
    };
    let queues = plan.connections.iter().filter_map(|connection| {
        let queue = connection.queue.as_ref()?;
        let leaky = if queue.leaky { " leaky" } else { "" };
        let (from, to) = (plan.output_name(connection.from), plan.input_name(connection.to));
        Some(format!("{from} -> {to} {}{leaky}: {}", queue.capacity, queue.why))
    });
    (plan.segments.iter().map(names).collect(), queues.collect())
}

#[test]
fn filters_in_a_row_share_the_thread_of_their_source() {
    let text = manifest(
        "",
        &["a -> g -> s"],
        &[("a", "file", ""), ("g", "gain", ""), ("s", "speakers", "")],
    );
    assert_eq!(threads(&text), (vec![vec!["a".into(), "g".into(), "s".into()]], vec![]));
}

#[test]
fn inputs_that_meet_have_queues_and_the_meeting_place_its_own_thread() {
    let text = manifest(
        "",
        &["a -> m", "b -> m", "m -> s"],
        &[("a", "file", ""), ("b", "file", ""), ("m", "mixer", ""), ("s", "speakers", "")],
    );
    let (threads, queues) = threads(&text);
    assert_eq!(threads, [vec!["a"], vec!["b"], vec!["m", "s"]]);
    assert_eq!(
        queues,
        [
            "a.out -> m.in0 220.0 ms: streams meet in `m`",
            "b.out -> m.in1 220.0 ms: streams meet in `m`",
        ]
    );
}

/// LS-96, LS-101
#[test]
fn a_preview_may_drop_and_a_writer_may_block_on_threads_of_their_own() {
    let text = manifest(
        "sync = false",
        &["a -> tee.in", "tee.keep -> w", "tee.preview -> s"],
        &[("a", "live", ""), ("tee", "smart-tee", ""), ("w", "writer", ""), ("s", "speakers", "")],
    );
    let (threads, queues) = threads(&text);
    assert_eq!(threads, [vec!["a", "tee"], vec!["w"], vec!["s"]]);
    assert_eq!(
        queues,
        [
            "tee.keep -> w.in 2010.0 ms: `w` may block",
            "tee.preview -> s.in 200.0 ms leaky: `tee.preview` may drop",
        ]
    );
}

#[test]
fn a_queue_in_the_manifest_becomes_a_thread_border() {
    let text = manifest(
        "",
        &["a -> one -> two -> g -> s"],
        &[("a", "file", ""), ("g", "gain", ""), ("s", "speakers", "")],
    ) + "[filter.one]\nplugin = \"queue\"\ncapacity = \"50 ms\"\n\
          [filter.two]\nplugin = \"queue\"\nleaky = true\n";
    let (threads, queues) = threads(&text);
    assert_eq!(threads, [vec!["a"], vec!["g", "s"]]);
    assert_eq!(queues, ["a.out -> g.in 250.0 ms leaky: asked for by `one`, asked for by `two`"]);
}

#[test]
fn a_queue_between_filters_that_cannot_be_joined_does_not_hide_it() {
    let text = manifest("", &["v -> q -> s"], &[("v", "camera", ""), ("s", "speakers", "")])
        .replace("v -> q", "v.capture -> q")
        + "[filter.q]\nplugin = \"queue\"\n";
    let wrong = try_plan(&text).expect_err("video into speakers").to_string();
    assert!(
        wrong.contains("`v.capture` offers `video/rgb24`, but `s.in` accepts only `audio`"),
        "{wrong}"
    );
}

#[test]
fn filters_stand_behind_those_that_feed_them_whatever_the_order_of_the_file() {
    let text = manifest(
        "",
        &["g -> s", "a -> g"],
        &[("s", "speakers", ""), ("g", "gain", ""), ("a", "file", "")],
    );
    let plan = plan(&text);
    let names: Vec<&str> = plan.filters.iter().map(|filter| filter.name.as_str()).collect();
    assert_eq!(names, ["a", "g", "s"]);
}

#[test]
fn pins_left_out_of_a_family_take_the_lowest_number_that_is_free() {
    let text = manifest(
        "",
        &["a -> t", "t -> w", "t.out0 -> s", "t -> x"],
        &[
            ("a", "file", ""),
            ("t", "tee", ""),
            ("s", "speakers", ""),
            ("w", "writer", ""),
            ("x", "writer", ""),
        ],
    );
    let plan = plan(&text);
    let names: Vec<String> = plan
        .connections
        .iter()
        .map(|it| format!("{} {}", plan.output_name(it.from), plan.input_name(it.to)))
        .collect();
    assert_eq!(names, ["a.out t.in", "t.out1 w.in", "t.out0 s.in", "t.out2 x.in"]);
    let tee = &plan.filters[plan.filter("t").expect("it is there")];
    assert!(tee.outputs.iter().all(|pin| pin.connection.is_some()));
}

#[test]
fn only_what_is_made_of_timers_may_be_late_and_only_where_nobody_sees_it() {
    let mut catalog = catalog();
    catalog.register(include_str!("timers.toml"), 1).expect("the fixture is good");
    let late = |source: &str, (renderer, device): (&str, &str), queue: &str| {
        let filters = [("a", source, ""), ("g", "gain", ""), ("s", renderer, device)];
        let text = manifest("", &[&format!("a -> {queue}g -> s")], &filters);
        let queue = if queue.is_empty() { "" } else { "[filter.q]\nplugin = \"queue\"\n" };
        let manifest = Manifest::parse("graph.toml", &(text + queue)).expect("it is good");
        let plan = Plan::new(&manifest, &catalog).unwrap_or_else(|wrong| panic!("{wrong}"));
        plan.segments.iter().map(|it| it.late).collect::<Vec<_>>()
    };
    let timers = ("ears", "device = \"virtual\"");
    assert_eq!(late("tone", timers, ""), [Late::Everything]);
    assert_eq!(late("tone", ("ears", ""), ""), [Late::Source], "a sound card is heard");
    assert_eq!(late("tone", ("speakers", ""), ""), [Late::Source], "it never stands in");
    assert_eq!(late("live", timers, ""), [Late::Nothing], "it may be a sound card");
    assert_eq!(late("tone", timers, "q -> "), [Late::Nothing; 2], "another thread sees it");
}
