//! Descriptor against code.

use std::fmt::Debug;

use driftless_plugin_api::descriptor::{Declared, Direction, FilterKind, PushSourceDescriptor};
use driftless_plugin_api::{MediaPattern, Pin, Span, Status};

use crate::bench::{Bench, name};
use crate::subject::Subject;
use crate::trouble::{Outcome, Trouble, expect};

/// The differences found so far.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn compare<T: PartialEq + Debug>(&mut self, what: &str, declared: T, code: T) {
        if declared != code {
            self.0.push(format!("{what} is {declared:?} in plugin.toml, {code:?} in the code"));
        }
    }
}

/// Everything that the descriptor says, and the code too.
pub(super) fn agrees(subject: &Subject) -> Outcome {
    let bench = Bench::new(subject)?;
    let mut differences = Differences::default();
    capabilities(subject, &bench, &mut differences);
    push_source(subject, &bench, &mut differences);
    latency(subject, &bench, &mut differences);
    pins(subject, &bench, &mut differences)?;
    expect(differences.0.is_empty(), "a descriptor that agrees with the code", || {
        differences.0.join("; ")
    })
}

/// A fact that the settings may decide.
fn resolved<T>(subject: &Subject, fact: Option<&Declared<T>>) -> Option<T>
where
    T: driftless_plugin_api::descriptor::declared::FromSettings + Clone,
{
    fact.and_then(|fact| fact.resolve(&subject.settings).ok())
}

fn capabilities(subject: &Subject, bench: &Bench<'_>, differences: &mut Differences) {
    let (filter, driver) = (&subject.filter, &bench.driver);
    let declared = filter.capabilities;
    let statistics = driver.statistics() != Err(Status::NO_INTERFACE);
    differences.compare("renderer-statistics", declared.renderer_statistics, statistics);
    differences.compare("clock-slave", declared.clock_slave, driver.tolerance().is_ok());
    differences.compare("stream-control", declared.stream_control, driver.has_stream_control());
    let offered = resolved(subject, filter.offers_clock.as_ref()).unwrap_or(false);
    differences.compare("the offer of a clock", offered, driver.offers_clock().unwrap_or(false));
}

fn push_source(subject: &Subject, bench: &Bench<'_>, differences: &mut Differences) {
    let (filter, driver) = (&subject.filter, &bench.driver);
    let offer = filter.push_source.as_ref().map(|source| &source.offer);
    let declared = resolved(subject, offer).unwrap_or(false);
    let pin = Pin::Output(0);
    differences.compare("push-source", declared, driver.push_source_flags(pin).is_ok());
    let Some(PushSourceDescriptor { flags, stamps, max_offset, .. }) = &filter.push_source else {
        return;
    };
    if let (true, Ok(code)) = (declared, driver.push_source_flags(pin)) {
        let declared = resolved(subject, Some(flags)).unwrap_or_default();
        differences.compare("push-source flags", declared, code);
        let declared = resolved(subject, Some(stamps)).unwrap_or_default();
        differences.compare("stamps", declared, driver.stamps(pin).unwrap_or_default());
        let declared = resolved(subject, max_offset.as_ref()).unwrap_or(Span::ZERO);
        let code = driver.max_stream_offset(pin).unwrap_or(Span::ZERO);
        if code < declared {
            differences
                .0
                .push(format!("max-offset is {declared} in plugin.toml, {code} in the code"));
        }
    }
}

/// The code may say more than was declared, once it knows its device, but not less. Nobody asks a source
/// that is not live.
fn latency(subject: &Subject, bench: &Bench<'_>, differences: &mut Differences) {
    if subject.filter.kind == FilterKind::Source && !bench.is_live() {
        return;
    }
    let declared = resolved(subject, subject.filter.latency.as_ref());
    let code = bench.latency();
    let agrees = match (declared, code) {
        (Some(declared), Some(code)) => code >= declared,
        (None, Some(code)) => code == Span::ZERO,
        (_, None) => true, // not known before activation (LS-21), or none to speak of
    };
    if !agrees {
        let text = |span: Option<Span>| span.map_or("none".to_owned(), |span| span.to_string());
        let (declared, code) = (text(declared), text(code));
        differences.0.push(format!("latency is {declared} in plugin.toml, {code} in the code"));
    }
}

fn pins(subject: &Subject, bench: &Bench<'_>, differences: &mut Differences) -> Outcome {
    for direction in [Direction::Input, Direction::Output] {
        for (pin, declared) in subject.pins(direction) {
            if let Ok(code) = bench.driver.category(pin)
                && direction == Direction::Output
            {
                let what = format!("the category of {}", name(pin));
                differences.compare(&what, declared.category, code);
            }
            let proposed = bench.driver.media_types(pin);
            if proposed.is_empty() {
                let expected = "a pin that proposes at least one media type";
                return Err(Trouble::wrong(expected, format!("{} proposes none", name(pin))));
            }
            let is_declared = |proposed: &MediaPattern| {
                declared.media.iter().any(|media| media.intersect(*proposed).is_some())
            };
            for surplus in proposed.iter().filter(|proposed| !is_declared(proposed)) {
                let text = format!("{} proposes {surplus}, which plugin.toml has not", name(pin));
                differences.0.push(text);
            }
        }
    }
    Ok(())
}
