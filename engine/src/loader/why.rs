//! What each step of loading says of one library, told to its user.

use std::fmt;
use std::path::{Path, PathBuf};

use super::error::{LoadError, Step};
use super::library::Loading;
use super::probe::Tried;
use crate::catalog::{Checked, Content, EntryPoint, PrecheckError, precheck};

/// A library's way through the steps of loading, as far as it came. This process does not open it.
#[derive(Debug)]
pub struct Why {
    /// The library.
    pub path: PathBuf,
    /// What the steps found that were passed, in order.
    pub passed: Vec<(Step, String)>,
    /// Why it went no further.
    pub error: Option<LoadError>,
}

/// Takes the library at `path` through the steps of loading; those that run its code are carried out in
/// a process of their own, and left out without a prober. `[main]`
pub fn why(path: &Path, loading: &Loading) -> Why {
    let mut why = Why { path: path.to_owned(), passed: Vec::new(), error: None };
    if let Err(error) = why.follow(loading) {
        let failed = error.step();
        let unknown = Step::ALL.into_iter().filter(|step| *step < failed).skip(why.passed.len());
        why.passed.extend(unknown.map(|step| (step, step.passed().to_owned())));
        why.error = Some(error);
    }
    why
}

impl Why {
    fn follow(&mut self, loading: &Loading) -> Result<(), LoadError> {
        let checked = precheck(&self.path, loading.trust).map_err(LoadError::Refused)?;
        self.tell_of_file(&checked);
        let content = Content::of(&checked.path).map_err(PrecheckError::Unreadable);
        let content = content.map_err(LoadError::Refused)?;
        self.passed.push((Step::Content, format!("sha256 {content}")));
        let Some(prober) = &loading.prober else { return Ok(()) };
        let tried = prober.try_out(&checked.path)?;
        self.passed.push((
            Step::Probe,
            match (tried, prober.verdicts()) {
                (Tried::Before, Some(verdicts)) => {
                    format!(
                        "a process of its own opened it before, says {}",
                        verdicts.file().display()
                    )
                }
                (Tried::Now(took), _) => {
                    format!("a process of its own opened it just now, in {} ms", took.as_millis())
                }
                (Tried::Before, None) => "a process of its own opened it before".to_owned(),
            },
        ));
        // C has neither layouts to check nor a start of its own.
        let has = |step: &Step| match checked.entry {
            EntryPoint::Rust(_) => true,
            EntryPoint::C => !matches!(step, Step::Layouts | Step::Start),
        };
        let rest = Step::ALL.into_iter().filter(|step| *step > Step::Probe).filter(has);
        self.passed.extend(rest.map(|step| (step, step.passed().to_owned())));
        Ok(())
    }

    fn tell_of_file(&mut self, checked: &Checked) {
        let Checked { path, descriptor, entry, length } = checked;
        let language = match entry {
            EntryPoint::Rust(_) => "Rust",
            EntryPoint::C => "C",
        };
        let filters: Vec<&str> = descriptor.filters.iter().map(|it| it.id.as_str()).collect();
        let plugin = &descriptor.plugin;
        self.passed = vec![
            (Step::File, format!("{}, {length} bytes", path.display())),
            (Step::Trust, Step::Trust.passed().to_owned()),
            (
                Step::Headers,
                format!(
                    "a whole library for this machine; entry for {language}, `{}`",
                    entry.symbol()
                ),
            ),
            (
                Step::Descriptor,
                format!(
                    "{} {} for plugin-api {}: {}",
                    plugin.name,
                    plugin.version,
                    plugin.api,
                    filters.join(", ")
                ),
            ),
        ];
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.path.display())?;
        for (step, found) in &self.passed {
            writeln!(f, "  {:10}  passed   {found}", step.name())?;
        }
        let Some(error) = &self.error else { return writeln!(f, "it can be loaded") };
        writeln!(f, "  {:10}  failed   {error}", error.step().name())?;
        let rest = Step::ALL.into_iter().filter(|step| *step > error.step());
        for step in rest {
            writeln!(f, "  {:10}  –", step.name())?;
        }
        writeln!(f, "it is refused")
    }
}
