//! TOML into a [`Manifest`].

use std::ops::Range;
use std::path::Path;

use driftless_plugin_api::Span;
use driftless_plugin_api::descriptor::setting::WrittenValue;
use driftless_plugin_api::descriptor::{Given, Written, unit};
use driftless_plugin_api::document::{
    self, Element, Mistake, Mistakes, Table, boolean, list_of, parsed, text,
};
use toml::Spanned;

use super::connection;
use super::{
    ClockPolicy, ClockRequest, ConnectionEntry, FilterEntry, GraphEntry, Manifest, Placed,
    TimingMode,
};
use crate::diagnostic::{Diagnostics, Texts};

/// Words that [`ClockRequest`] has taken, so no filter can be called so.
const CLOCK_WORDS: [&str; 3] = ["auto", "system", "none"];

/// What a pin is.
const PINNED: &str = "the SHA-256 of the library's file, 64 hexadecimal digits";

pub(super) fn manifest(path: &Path, text: &str) -> Result<Manifest, Diagnostics> {
    let mut texts = Texts::default();
    texts.add(path.display().to_string(), text);
    let mistakes = Mistakes::default();
    let root = document::parse(text, &mistakes);
    let mut root = Table::new(root.get_ref(), 0..0, "", &mistakes);
    let filters = read_filters(&mut root, &mistakes);
    let (graph, connections) = read_graph(&mut root, path, text, &mistakes);
    for (key, _) in root.rest() {
        mistakes.add(Mistake::unknown(key.span(), "table", key.get_ref(), ["graph", "filter"]));
    }
    check_names(&graph, &connections, &filters, &mistakes);

    let mut diagnostics = Diagnostics::new(texts.clone());
    for mistake in mistakes.into_sorted() {
        diagnostics.mistake(mistake, 0..0);
    }
    diagnostics.into_result()?;
    let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into());
    Ok(Manifest { name, graph, filters, connections, texts })
}

fn read_graph(
    root: &mut Table<'_>,
    path: &Path,
    text: &str,
    mistakes: &Mistakes,
) -> (GraphEntry, Vec<ConnectionEntry>) {
    let mut entry = GraphEntry {
        clock: Placed { value: ClockRequest::Auto, span: 0..0 },
        clock_policy: ClockPolicy::Preferred,
        sync: true,
        timing: TimingMode::Native,
        latency: None,
        max_latency: None,
        strict: false,
        plugins: Vec::new(),
    };
    let Some(mut table) = root.table("graph") else {
        mistakes.add(Mistake::new(0..0, "there is no table [graph]"));
        return (entry, Vec::new());
    };
    if let Some(clock) = table.optional("clock", clock) {
        entry.clock = clock;
    }
    entry.clock_policy = table
        .optional("clock-policy", |element| {
            parsed(element, "`preferred` or `classic`", |word| match word {
                "preferred" => Some(ClockPolicy::Preferred),
                "classic" => Some(ClockPolicy::Classic),
                _ => None,
            })
        })
        .unwrap_or_default();
    entry.sync = table.optional("sync", boolean).unwrap_or(true);
    entry.timing = table
        .optional("timing", |element| {
            parsed(element, "`native` or `classic`", |word| match word {
                "native" => Some(TimingMode::Native),
                "classic" => Some(TimingMode::Classic),
                _ => None,
            })
        })
        .unwrap_or_default();
    entry.latency = table.optional("latency", time);
    entry.max_latency = table.optional("max-latency", time);
    check_latencies(&entry, &table, mistakes);
    entry.strict = table.optional("strict", boolean).unwrap_or_default();
    let folder = path.parent().unwrap_or(Path::new(""));
    let plugins = table.optional("plugins", |element| list_of(element, document::text));
    entry.plugins = plugins.unwrap_or_default().iter().map(|it| folder.join(it)).collect();
    let connections = table.required("connect", |element| {
        list_of(element, |item| Ok(connection::chain(item, text, mistakes)))
    });
    table.finish();
    (entry, connections.unwrap_or_default().concat())
}

fn time(element: &Element<'_>) -> Result<Span, Mistake> {
    parsed(element, "a time with its unit, such as \"400 ms\"", |text| {
        unit::time(text).filter(|time| time.nanos() >= 0)
    })
}

/// Keys that would have no effect beside others.
fn check_latencies(entry: &GraphEntry, table: &Table<'_>, mistakes: &Mistakes) {
    let wrong = |key: &str, is_wrong: bool, why: &str| {
        if let (true, Some(span)) = (is_wrong, table.key_span(key)) {
            mistakes.add(Mistake::new(span, format!("`{key}` has no effect {why}")));
        }
    };
    wrong("max-latency", !entry.sync, "without `sync = true`"); // LS-45
    wrong("latency", !entry.sync, "without `sync = true`");
    wrong("latency", entry.timing == TimingMode::Classic, "under `timing = \"classic\"`");
    wrong("max-latency", entry.latency.is_some(), "beside `latency`");
}

fn clock(element: &Element<'_>) -> Result<Placed<ClockRequest>, Mistake> {
    let value = match text(element)?.as_str() {
        "auto" => ClockRequest::Auto,
        "system" => ClockRequest::System,
        "none" => ClockRequest::None,
        name => ClockRequest::Filter(name.to_owned()),
    };
    Ok(Placed { value, span: element.span() })
}

fn read_filters(root: &mut Table<'_>, mistakes: &Mistakes) -> Vec<FilterEntry> {
    let tables = root.tables("filter");
    if tables.is_empty() {
        let missing = Mistake::new(0..0, "the graph has no filters");
        mistakes.add(missing.expected("one table `[filter.NAME]` for each"));
    }
    tables.into_iter().map(|(name, table)| read_filter(&name, table, mistakes)).collect()
}

fn read_filter(name: &Spanned<&str>, mut table: Table<'_>, mistakes: &Mistakes) -> FilterEntry {
    if !connection::is_name(name.get_ref()) {
        let found = format!("`{}` is no name for a filter", name.get_ref());
        let expected = "letters, digits, hyphens and underscores";
        mistakes.add(Mistake::new(name.span(), found).expected(expected));
    }
    if CLOCK_WORDS.contains(name.get_ref()) {
        let found = format!(
            "no filter can be called `{}`, which `clock` understands otherwise",
            name.get_ref()
        );
        mistakes.add(Mistake::new(name.span(), found));
    }
    let plugin = table
        .required("plugin", |element| Ok(Placed { value: text(element)?, span: element.span() }));
    let provide_clock = table.optional("provide-clock", boolean).unwrap_or(true);
    let pinned = table.optional("sha256", |element| {
        let value = parsed(element, PINNED, |text| text.parse().ok())?;
        Ok(Placed { value, span: element.span() })
    });
    let settings = table.rest().map(|(key, element)| Given {
        name: (*key.get_ref()).to_owned(),
        name_span: key.span(),
        value: Written::from_toml(element),
    });
    let settings = settings.collect();
    let name = Placed { value: (*name.get_ref()).to_owned(), span: name.span() };
    // Without its plugin it is no filter, but its name is known, and used elsewhere.
    let plugin = plugin.unwrap_or_else(|| Placed { value: String::new(), span: table.span() });
    FilterEntry { name, plugin, provide_clock, pinned, settings }
}

/// Every name that is used must be that of a filter.
fn check_names(
    graph: &GraphEntry,
    connections: &[ConnectionEntry],
    filters: &[FilterEntry],
    mistakes: &Mistakes,
) {
    let known = || filters.iter().map(|filter| filter.name.value.as_str());
    let check = |name: &str, span: &Range<usize>, what: &str, more: &[&'static str]| {
        if !known().any(|known| known == name) {
            let known = known().chain(more.iter().copied());
            mistakes.add(Mistake::unknown(span.clone(), what, name, known));
        }
    };
    if let ClockRequest::Filter(name) = &graph.clock.value {
        check(name, &graph.clock.span, "clock", &CLOCK_WORDS);
    }
    let ends = connections.iter().flat_map(|connection| [&connection.from, &connection.to]);
    let mut seen = Vec::new();
    for end in ends.map(|end| &end.filter) {
        // The middle of a chain is two ends at one place.
        if !seen.contains(&end.span.start) {
            check(&end.value, &end.span, "filter", &[]);
            seen.push(end.span.start);
        }
    }
}

pub(super) fn set(manifest: &mut Manifest, setting: &str, value: &str) -> Result<(), Diagnostics> {
    let base = manifest.texts.add("--set", &format!("{setting}={value}"));
    let value_start = base + setting.len() + 1;
    let value_span = value_start..value_start + value.len();
    let mut diagnostics = manifest.diagnostics();
    let Some((filter, name)) = setting.split_once('.') else {
        let error = diagnostics.error(base..base + setting.len(), "no filter is named");
        error.expected = Some("`filter.setting=value`".to_owned());
        return diagnostics.into_result();
    };
    let Some(entry) = manifest.filters.iter_mut().find(|entry| entry.name.value == filter) else {
        let known: Vec<String> =
            manifest.filters.iter().map(|entry| entry.name.value.clone()).collect();
        diagnostics.unknown(
            base..base + filter.len(),
            format!("unknown filter `{filter}`"),
            filter,
            known.iter().map(String::as_str),
        );
        return diagnostics.into_result();
    };
    match name {
        "plugin" => entry.plugin = Placed { value: value.to_owned(), span: value_span },
        "sha256" => match value.parse() {
            Ok(content) => entry.pinned = Some(Placed { value: content, span: value_span }),
            Err(()) => {
                let error = diagnostics.error(value_span, format!("\"{value}\" is no value"));
                error.expected = Some(PINNED.to_owned());
            }
        },
        "provide-clock" => match value.parse() {
            Ok(provide) => entry.provide_clock = provide,
            Err(_) => {
                let error = diagnostics.error(value_span, format!("\"{value}\" is no value"));
                error.expected = Some("`true` or `false`".to_owned());
            }
        },
        _ => {
            let start = base + filter.len() + 1;
            entry.settings.push(Given {
                name: name.to_owned(),
                name_span: start..start + name.len(),
                value: Written { value: WrittenValue::Bare(value.to_owned()), span: value_span },
            });
        }
    }
    diagnostics.into_result()
}
