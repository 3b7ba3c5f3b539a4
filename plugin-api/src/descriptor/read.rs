//! `plugin.toml` into a [`Descriptor`].

mod pin;
mod setting;

use toml::Spanned;
use toml::de::DeValue;

use super::*;
use crate::document::{
    self, Element, Mistake, Mistakes, Table, boolean, list_of, one_of, parsed, text,
};

pub(super) fn descriptor(text: &str) -> Result<Descriptor, Vec<Mistake>> {
    let mistakes = Mistakes::default();
    let root = document::parse(text, &mistakes);
    let descriptor = read(&mut Table::new(root.get_ref(), 0..0, "", &mistakes), &mistakes);
    match (descriptor, mistakes.into_sorted()) {
        (Some(descriptor), none) if none.is_empty() => Ok(descriptor),
        (_, mistakes) => Err(mistakes),
    }
}

fn read(root: &mut Table<'_>, mistakes: &Mistakes) -> Option<Descriptor> {
    let plugin = root.table("plugin");
    if plugin.is_none() {
        mistakes.add(Mistake::new(0..0, "there is no table [plugin]"));
    }
    let plugin = plugin.and_then(read_plugin);
    let tables = root.list("filter");
    if tables.is_empty() {
        let missing = Mistake::new(0..0, "no filter is described");
        mistakes.add(missing.expected("one table headed `[[filter]]` for each"));
    }
    let mut filters: Vec<FilterDescriptor> = Vec::new();
    for table in tables {
        let span = table.span();
        let Some(filter) = read_filter(table, mistakes) else { continue };
        if filters.iter().any(|earlier| earlier.id == filter.id) {
            let found = format!("filter `{}` is described twice", filter.id);
            mistakes.add(Mistake::new(span, found));
        }
        filters.push(filter);
    }
    for (key, _) in root.rest() {
        mistakes.add(Mistake::unknown(key.span(), "table", key.get_ref(), ["plugin", "filter"]));
    }
    Some(Descriptor { plugin: plugin?, filters })
}

fn read_plugin(mut table: Table<'_>) -> Option<PluginDescriptor> {
    let name = table.required("name", text);
    let version = table.required("version", text);
    let api = table.required("api", |element| {
        parsed(element, "major and minor version of plugin-api, such as \"1.0\"", |text| {
            let (major, minor) = text.split_once('.')?;
            Some(ApiVersion { major: major.parse().ok()?, minor: minor.parse().ok()? })
        })
    });
    let license = table.optional("license", text);
    let help = table.required("help", text);
    table.finish();
    Some(PluginDescriptor { name: name?, version: version?, api: api?, license, help: help? })
}

fn read_filter(mut table: Table<'_>, mistakes: &Mistakes) -> Option<FilterDescriptor> {
    let id = table.required("id", text);
    let kind = table.required("kind", |element| {
        named(element, &["source", "transform", "renderer"], FilterKind::named)
    });
    let help = table.required("help", text);
    let blocking = table.optional("blocking", boolean).unwrap_or_default();
    let settings: Vec<SettingDescriptor> = table
        .tables("setting")
        .into_iter()
        .filter_map(|(name, table)| setting::read(&name, table, mistakes))
        .collect();
    check_setting_families(&settings, &table, mistakes);
    let facts = Facts { settings: &settings };
    let (latency, holds) =
        table.table("latency").map(|table| facts.latency(table)).unwrap_or_default();
    let push_source = table.table("push-source").and_then(|table| facts.push_source(table));
    let offers_clock = table.table("clock").and_then(|table| facts.clock(table));
    let slave_method = table.table("clock-slave").and_then(|table| facts.clock_slave(table));
    let capabilities = table.table("capabilities").map(read_capabilities).unwrap_or_default();
    let simulation = table.table("simulation").map(|table| simulation::read(table, &settings));
    let pins = pin::read_all(&mut table, kind, mistakes);
    table.finish();
    Some(FilterDescriptor {
        id: id?,
        kind: kind?,
        help: help?,
        blocking,
        latency,
        holds,
        push_source,
        offers_clock,
        slave_method,
        capabilities,
        simulation: simulation.unwrap_or_default(),
        pins,
        settings,
    })
}

/// `gain3` must mean one thing: number 3 of the family `gain`, or the setting of that name.
fn check_setting_families(settings: &[SettingDescriptor], filter: &Table<'_>, mistakes: &Mistakes) {
    for family in settings.iter().filter(|setting| setting.many) {
        let twin = settings.iter().find(|it| it.name != family.name && family.is_named(&it.name));
        if let Some(twin) = twin {
            let found =
                format!("setting `{}` is also one of the family `{}`", twin.name, family.name);
            mistakes.add(Mistake::new(filter.span(), found));
        }
        if family.default.is_none() {
            let found = format!("the family `{}` has no default", family.name);
            mistakes.add(Mistake::new(filter.span(), found));
        }
    }
}

fn read_capabilities(mut table: Table<'_>) -> Capabilities {
    let mut flag = |key| table.optional(key, boolean).unwrap_or_default();
    let capabilities = Capabilities {
        clock_slave: flag("clock-slave"),
        renderer_statistics: flag("renderer-statistics"),
        stream_control: flag("stream-control"),
    };
    table.finish();
    capabilities
}

const FLAGS: [&str; 3] = ["internal-rate-matching", "not-live", "private-clock"];
const STAMPS: [&str; 3] = ["delivery", "capture", "none"];
const METHODS: [&str; 3] = ["resample", "skew", "none"];

/// One of the words `known`, as `read` understands it.
fn named<T>(
    element: &Element<'_>,
    known: &[&'static str],
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, Mistake> {
    let word = text(element)?;
    read(&word)
        .ok_or_else(|| Mistake::unknown(element.span(), "word", &word, known.iter().copied()))
}

/// Reads facts that may be left to a setting, and checks that the setting can hold them.
struct Facts<'a> {
    settings: &'a [SettingDescriptor],
}

impl Facts<'_> {
    /// The latency, and what can be held on top of it.
    fn latency(&self, mut table: Table<'_>) -> (Option<Declared<Span>>, Option<Declared<Span>>) {
        let latency = table.required("value", |element| self.time(element));
        let holds = table.optional("holds", |element| self.time(element));
        table.finish();
        (latency, holds)
    }

    fn push_source(&self, mut table: Table<'_>) -> Option<PushSourceDescriptor> {
        let offer = table.optional("offer", |element| self.boolean(element));
        let flags = table.optional("flags", |element| self.flags(element));
        let stamps = table.optional("stamps", |element| self.stamps(element));
        let max_offset = table.optional("max-offset", |element| self.time(element));
        table.finish();
        Some(PushSourceDescriptor {
            offer: offer.unwrap_or(Declared::Fixed(true)),
            flags: flags.unwrap_or(Declared::Fixed(PushSourceFlags::NONE)),
            stamps: stamps.unwrap_or(Declared::Fixed(Stamps::default())),
            max_offset,
        })
    }

    fn clock(&self, mut table: Table<'_>) -> Option<Declared<bool>> {
        let offer = table.required("offer", |element| self.boolean(element));
        table.finish();
        offer
    }

    fn clock_slave(&self, mut table: Table<'_>) -> Option<Declared<SlaveMethod>> {
        let known = |word: &String| SlaveMethod::named(word).is_some();
        let fits = |kind: &SettingType| match kind {
            SettingType::Choice(choices) => choices.iter().all(known),
            _ => false,
        };
        let method = table.required("method", |element| {
            self.declared(element, "a choice of resample, skew and none", fits, |element| {
                named(element, &METHODS, SlaveMethod::named)
            })
        });
        table.finish();
        method
    }

    fn boolean(&self, element: &Element<'_>) -> Result<Declared<bool>, Mistake> {
        let fits = |kind: &SettingType| matches!(kind, SettingType::Boolean);
        self.declared(element, "a boolean", fits, boolean)
    }

    fn time(&self, element: &Element<'_>) -> Result<Declared<Span>, Mistake> {
        let fits = |kind: &SettingType| matches!(kind, SettingType::Time { .. });
        self.declared(element, "a time", fits, |element| {
            parsed(element, "a time with its unit, such as \"10 ms\"", unit::time)
        })
    }

    fn stamps(&self, element: &Element<'_>) -> Result<Declared<Stamps>, Mistake> {
        let known = |word: &String| Stamps::named(word).is_some();
        let fits = |kind: &SettingType| match kind {
            SettingType::Choice(choices) => choices.iter().all(known),
            _ => false,
        };
        self.declared(element, "a choice of delivery, capture and none", fits, |element| {
            named(element, &STAMPS, Stamps::named)
        })
    }

    fn flags(&self, element: &Element<'_>) -> Result<Declared<PushSourceFlags>, Mistake> {
        let known = |word: &String| PushSourceFlags::named(word).is_some();
        let fits = |kind: &SettingType| match kind {
            SettingType::Words(words) => words.iter().all(known),
            _ => false,
        };
        self.declared(element, "words that are push-source flags", fits, |element| {
            let flags = list_of(element, |word| named(word, &FLAGS, PushSourceFlags::named))?;
            Ok(flags.into_iter().fold(PushSourceFlags::NONE, PushSourceFlags::union))
        })
    }

    /// A literal, or `{ setting = "name" }` where that setting `fits`.
    fn declared<T>(
        &self,
        element: &Element<'_>,
        wanted: &str,
        fits: impl Fn(&SettingType) -> bool,
        literal: impl Fn(&Element<'_>) -> Result<T, Mistake>,
    ) -> Result<Declared<T>, Mistake> {
        let DeValue::Table(reference) = element.get_ref() else {
            return literal(element).map(Declared::Fixed);
        };
        let (Some(name), 1) = (reference.get("setting"), reference.len()) else {
            let found = Mistake::new(element.span(), "this table is no reference to a setting");
            return Err(found.expected("`{ setting = \"name\" }`"));
        };
        let (name, span): (String, _) = (text(name)?, name.span());
        match self.settings.iter().find(|setting| setting.name == name) {
            Some(setting) if fits(&setting.kind) => Ok(Declared::Setting(name)),
            Some(setting) => {
                let found = format!("the setting `{name}` is {}", setting.kind.name());
                Err(Mistake::new(span, found).expected(format!("a setting that is {wanted}")))
            }
            None => {
                let known = self.settings.iter().map(|setting| setting.name.as_str());
                Err(Mistake::unknown(span, "setting", &name, known))
            }
        }
    }
}

/// The name of a pin or setting: lower-case letters, digits and hyphens, so that it can stand in a
/// connection, on a command line and in a C header.
fn check_name(name: &Spanned<&str>, what: &str, mistakes: &Mistakes) {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.get_ref().is_empty() || !name.get_ref().chars().all(good) {
        let found = format!("`{}` is no name for a {what}", name.get_ref());
        let mistake = Mistake::new(name.span(), found);
        mistakes.add(mistake.expected("lower-case letters, digits and hyphens"));
    }
}

/// Words for an error about a list that must not be empty.
fn not_empty<T>(list: Vec<T>, element: &Element<'_>, expected: &str) -> Result<Vec<T>, Mistake> {
    match list.is_empty() {
        true => Err(Mistake::new(element.span(), "this list is empty").expected(expected)),
        false => Ok(list),
    }
}

/// Reports a key that the type of a setting, or the direction of a pin, gives no meaning to.
fn meaningless(table: &Table<'_>, key: &str, why: &str, mistakes: &Mistakes) {
    if let Some(span) = table.key_span(key) {
        mistakes.add(Mistake::new(span, format!("`{key}` {why}")));
    }
}

const MEDIA: &str = "media types, such as `audio`, `audio/48000/2`, `video/rgb24` or `any`";

fn media(element: &Element<'_>) -> Result<Vec<MediaPattern>, Mistake> {
    let patterns = list_of(element, |item| {
        let pattern = text(item)?.parse::<MediaPattern>();
        pattern.map_err(|error| Mistake::new(item.span(), error.to_string()))
    })?;
    not_empty(patterns, element, MEDIA)
}

fn words(element: &Element<'_>) -> Result<Vec<String>, Mistake> {
    not_empty(list_of(element, text)?, element, "at least one word")
}

fn unknown_type(element: &Element<'_>, word: &str) -> Mistake {
    let known = ["boolean", "integer", "number", "time", "text", "choice", "words"];
    Mistake::unknown(element.span(), "type of setting", word, known)
}

fn unit_symbol(element: &Element<'_>) -> Result<Unit, Mistake> {
    let symbol = text(element)?;
    Unit::from_symbol(&symbol).ok_or_else(|| {
        Mistake::new(element.span(), format!("unknown unit `{symbol}`"))
            .expected(one_of(Unit::ALL.map(Unit::symbol)))
    })
}
