//! The files of a new plugin.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};

use driftless_plugin_api::abi::abi_stable::library::RootModule;
use driftless_plugin_api::abi::module::ModuleRef;

use super::Kind;

const CARGO: &str = include_str!("../../templates/plugin/Cargo.toml.template");
const README: &str = include_str!("../../templates/plugin/README.md.template");
const CI: &str = include_str!("../../templates/plugin/ci.yml.template");

/// What differs from kind to kind.
struct Template {
    what: &'static str,
    descriptor: &'static str,
    graph: &'static str,
    code: &'static str,
}

const SOURCE: Template = Template {
    what: "A live source of a tone.",
    descriptor: include_str!("../../templates/plugin/source/plugin.toml"),
    graph: include_str!("../../templates/plugin/source/graph.toml"),
    code: include_str!("../../templates/plugin/source/lib.rs"),
};

const TRANSFORM: Template = Template {
    what: "Adds what was heard a while ago, more quietly.",
    descriptor: include_str!("../../templates/plugin/transform/plugin.toml"),
    graph: include_str!("../../templates/plugin/transform/graph.toml"),
    code: include_str!("../../templates/plugin/transform/lib.rs"),
};

const RENDERER: Template = Template {
    what: "Counts samples that are loud, when they are due.",
    descriptor: include_str!("../../templates/plugin/renderer/plugin.toml"),
    graph: include_str!("../../templates/plugin/renderer/graph.toml"),
    code: include_str!("../../templates/plugin/renderer/lib.rs"),
};

/// What a new plugin is called, in all the places that have rules of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// As given: `acme.smart-echo`.
    pub id: String,
    /// `acme-smart-echo`
    pub crate_name: String,
    /// `SmartEcho`
    pub type_name: String,
}

impl Names {
    /// The names that follow from a filter's id.
    ///
    /// # Errors
    ///
    /// What an id looks like.
    pub fn of(id: &str) -> Result<Self, String> {
        let is_word = |word: &str| {
            word.starts_with(|first: char| first.is_ascii_lowercase())
                && word
                    .chars()
                    .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-')
                && !word.ends_with('-')
        };
        let (vendor, name) = id.split_once('.').unwrap_or_default();
        if !is_word(vendor) || !is_word(name) {
            return Err(
                "expected your name, a dot and the filter's name, each of small letters, digits \
                        and hyphens, such as acme.echo"
                    .to_owned(),
            );
        }
        let capital = |word: &str| match word.split_at_checked(1) {
            Some((first, rest)) => first.to_uppercase() + rest,
            None => String::new(),
        };
        let type_name = name.split('-').map(capital).collect();
        Ok(Self { id: id.to_owned(), crate_name: format!("{vendor}-{name}"), type_name })
    }

    /// Where cargo leaves the library.
    pub fn library(&self) -> String {
        format!("target/debug/{DLL_PREFIX}{}{DLL_SUFFIX}", self.crate_name.replace('-', "_"))
    }
}

/// Major and minor version of the plugin-api that this program was built with.
pub fn api_version() -> String {
    let version = ModuleRef::VERSION_STRINGS.version.as_str();
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

/// The files of a new plugin, by their paths in its folder.
pub fn files(kind: Kind, names: &Names, plugin_api: &str) -> Vec<(&'static str, String)> {
    let template = match kind {
        Kind::Source => SOURCE,
        Kind::Transform => TRANSFORM,
        Kind::Renderer => RENDERER,
    };
    // A filter called `acme.output` must not hide the `Output` that its code imports.
    let taken = template.code.contains(&format!(" {},", names.type_name));
    let type_name = format!("{}{}", names.type_name, if taken { "Filter" } else { "" });
    let filled = |text: &str| {
        text.replace("{{id}}", &names.id)
            .replace("{{crate}}", &names.crate_name)
            .replace("{{type}}", &type_name)
            .replace("{{what}}", template.what)
            .replace("{{api}}", &api_version())
            .replace("{{library}}", &names.library())
            .replace("{{plugin-api}}", plugin_api)
    };
    vec![
        ("Cargo.toml", filled(CARGO)),
        ("plugin.toml", filled(template.descriptor)),
        ("src/lib.rs", filled(template.code)),
        ("graph.toml", filled(template.graph)),
        ("README.md", filled(README)),
        (".github/workflows/ci.yml", filled(CI)),
        (".gitignore", "/target\n".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_gives_the_names_of_crate_type_and_library() {
        let names = Names::of("acme.smart-echo-2").unwrap();
        assert_eq!((&*names.crate_name, &*names.type_name), ("acme-smart-echo-2", "SmartEcho2"));
        assert!(names.library().contains("acme_smart_echo_2"));
        for wrong in
            ["echo", "Acme.echo", "acme.", ".echo", "acme.e cho", "acme.echo-", "a.b.c", ""]
        {
            assert!(Names::of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_is_left_to_fill_in_and_no_import_is_hidden() {
        for kind in [Kind::Source, Kind::Transform, Kind::Renderer] {
            let files = files(kind, &Names::of("acme.output").unwrap(), "\"1.0\"");
            for (name, text) in &files {
                assert!(!text.contains("{{"), "{name}: {text}");
            }
            assert!(files[2].1.contains("struct OutputFilter "));
        }
    }
}
