//! `driftless validate`: whether a plugin keeps its promises, each check in a process of its own.

mod child;
mod parent;
mod show;

use std::path::{Path, PathBuf};

use clap::Args;
use driftless_conformance::{CHECKS, Check, Subject};
use driftless_engine::catalog::{PrecheckError, Trust, precheck};
use driftless_engine::loader::library::Maker;
use driftless_plugin_api::descriptor::simulation::Replacement;
use driftless_plugin_api::descriptor::{Descriptor, FilterDescriptor, Given};
use driftless_plugin_api::{Settings, Span};

use crate::{Common, Outcome, output};

const EXAMPLES: &str = "\
Examples:
  driftless validate target/debug/libacme_echo.so
  driftless validate libdriftless_audio_renderer.so --set device=speakers
  driftless validate libdriftless_file_writer.so --set file='{dir}/out.wav'
  driftless validate libacme_echo.so --only fuzz --seed 7
  driftless validate --list

Each check runs in a process of its own: a crash or a hang fails that check alone. Settings given with
--set stay as they are; all others are varied. {dir} in a value is a folder of its own for each check.
What a plugin declares to stand in for its hardware does so, except in device-calls: that opens the device
which is set, or the default one, and says so where there is none.

Exit status: 0 every check passed; 1 one failed; 2 the command line is wrong.";

/// The words after `driftless validate`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ValidateArguments {
    /// The plugin library.
    #[arg(required_unless_present = "list")]
    library: Option<PathBuf>,
    /// Only the filter of this id; may be given several times.
    #[arg(long = "filter", value_name = "ID")]
    filters: Vec<String>,
    /// Only the check of this name; may be given several times.
    #[arg(long = "only", value_name = "CHECK")]
    checks: Vec<String>,
    /// Set a setting of every filter that has it; may be given several times.
    #[arg(long, value_name = "SETTING=VALUE")]
    set: Vec<String>,
    /// What random choices start from.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// How long a check may take, such as 30s.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = crate::input::time)]
    limit: Span,
    /// List the checks, and what each proves.
    #[arg(long)]
    list: bool,
    /// Make one check in this process: what `validate` itself starts.
    #[arg(long, hide = true)]
    child: bool,
}

impl ValidateArguments {
    /// The settings that concern `filter`.
    fn given(&self, filter: &FilterDescriptor) -> Vec<Given> {
        let pairs = self.set.iter().filter_map(|word| word.split_once('='));
        let pairs = pairs.map(|(name, value)| (name.trim(), value.trim()));
        let known = pairs.filter(|(name, _)| filter.setting(name).is_some());
        known.map(|(name, value)| Given::new(name, value)).collect()
    }
}

/// Makes all checks, and tells how they went.
pub fn run(common: &Common, arguments: &ValidateArguments) -> Outcome {
    let Some(library) = arguments.library.as_deref().filter(|_| !arguments.list) else {
        show::list(common.json);
        return Outcome::Done;
    };
    if arguments.child {
        return child::run(library, arguments);
    }
    match plan(library, arguments) {
        Ok(jobs) => {
            let done = parent::run(library, arguments, jobs, !common.json);
            let failed = done.iter().any(|result| result.failed());
            match common.json {
                true => output::print_json(&show::json(library, arguments, &done)),
                false => output::print(&show::table(library, arguments, &done)),
            }
            if failed { Outcome::Failed } else { Outcome::Done }
        }
        Err(Refusal { text, outcome }) => {
            eprintln!("driftless: {text}");
            outcome
        }
    }
}

/// Why nothing was checked.
struct Refusal {
    text: String,
    outcome: Outcome,
}

impl Refusal {
    fn wrong(text: String) -> Self {
        Self { text, outcome: Outcome::Wrong }
    }
}

/// The filters to check, with the checks to make, found out without running the plugin's code.
fn plan(library: &Path, arguments: &ValidateArguments) -> Result<Vec<parent::Job>, Refusal> {
    let checked = precheck(library, Trust::Owner).map_err(|error| Refusal {
        text: format!("`{}` {error}", library.display()),
        outcome: match error {
            PrecheckError::NotFound => Outcome::Wrong,
            _ => Outcome::Failed,
        },
    })?;
    let checks = checks(&arguments.checks)?;
    let filters = filters(&checked.descriptor, &arguments.filters)?;
    settings_exist(&filters, &arguments.set)?;
    for filter in &filters {
        let mistakes = filter.settings(&arguments.given(filter)).err().unwrap_or_default();
        if let Some(mistake) = mistakes.first().map(ToString::to_string) {
            let id = if mistake.starts_with(&filter.id) { "" } else { &format!("{}: ", filter.id) };
            let hint = "give it with --set SETTING=VALUE";
            return Err(Refusal::wrong(format!("{id}{mistake}; {hint}")));
        }
    }
    let jobs = filters.iter().map(|filter| parent::Job {
        filter: (*filter).clone(),
        checks: checks.clone(),
        stand_in: stand_in(filter, arguments),
    });
    Ok(jobs.collect())
}

/// The setting that takes the place of the filter's hardware, as a manifest would say it.
fn stand_in(filter: &FilterDescriptor, arguments: &ValidateArguments) -> Option<String> {
    let settings = filter.settings(&arguments.given(filter)).ok()?;
    let stand_in = filter.simulation.stand_in.as_ref()?;
    stand_in.replaces(&settings)?;
    let Replacement { setting, value } = &stand_in.replacement;
    Some(format!("{setting} = \"{value}\""))
}

fn checks(names: &[String]) -> Result<Vec<&'static Check>, Refusal> {
    if names.is_empty() {
        return Ok(CHECKS.iter().collect());
    }
    let found = names.iter().map(|name| {
        Check::named(name)
            .ok_or_else(|| unknown("check", name, CHECKS.iter().map(|check| check.name)))
    });
    found.collect()
}

fn filters<'a>(
    descriptor: &'a Descriptor,
    ids: &[String],
) -> Result<Vec<&'a FilterDescriptor>, Refusal> {
    if ids.is_empty() {
        return Ok(descriptor.filters.iter().collect());
    }
    let known = || descriptor.filters.iter().map(|filter| filter.id.as_str());
    let found =
        ids.iter().map(|id| descriptor.filter(id).ok_or_else(|| unknown("filter", id, known())));
    found.collect()
}

fn settings_exist(filters: &[&FilterDescriptor], words: &[String]) -> Result<(), Refusal> {
    for word in words {
        let Some((name, _)) = word.split_once('=') else {
            return Err(Refusal::wrong(format!(
                "`--set {word}` has no value; expected SETTING=VALUE"
            )));
        };
        if !filters.iter().any(|filter| filter.setting(name.trim()).is_some()) {
            let known = filters.iter().flat_map(|filter| &filter.settings);
            return Err(unknown("setting", name, known.map(|setting| setting.name.as_str())));
        }
    }
    Ok(())
}

fn unknown<'a>(what: &str, found: &str, known: impl Iterator<Item = &'a str> + Clone) -> Refusal {
    let near = driftless_plugin_api::document::nearest(found, known.clone());
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let known: Vec<&str> = known.collect();
    let text = format!("there is no {what} `{found}`{near} There are: {}", known.join(", "));
    Refusal::wrong(text)
}

/// The subject of a check, in the child.
fn subject(
    filter: &FilterDescriptor,
    maker: Maker,
    arguments: &ValidateArguments,
) -> Result<Subject, String> {
    let make = move |settings: &Settings| maker.drive(settings);
    Subject::new(filter, make, &arguments.given(filter), arguments.seed)
        .map_err(|mistakes| mistakes.join("; "))
}
