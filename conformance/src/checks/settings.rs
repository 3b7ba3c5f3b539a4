//! Every setting at its limits, and beyond them.

use driftless_plugin_api::descriptor::{SettingDescriptor, SettingType};
use driftless_plugin_api::{Settings, Span, Value};

use crate::bench::{Bench, tolerate};
use crate::subject::Subject;
use crate::trouble::{Outcome, Trouble};

/// Each setting at each of its limits, the others as they were.
pub(super) fn at_limits(subject: &Subject) -> Outcome {
    for (name, value) in varied(subject, limits) {
        subject.note(|| format!("{name} = {value}"));
        let settings = subject.settings_with(&name, value.clone());
        live(subject, &settings).map_err(|trouble| with(trouble, &name, &value))?;
    }
    Ok(())
}

/// A short life; what does not fit the other settings, or this machine, may be refused.
fn live(subject: &Subject, settings: &Settings) -> Outcome {
    let Some(mut bench) = tolerate(Bench::with(subject, settings))? else { return Ok(()) };
    let answer = bench.driver.activate();
    bench.look()?;
    if tolerate(answer)?.is_none() {
        return Ok(());
    }
    let answer = bench.driver.run();
    bench.look()?;
    if tolerate(answer)?.is_some() {
        bench.run()?;
        bench.pass(Span::from_millis(200))?;
        bench.pause()?;
    }
    bench.deactivate()
}

/// Each setting beyond each of its limits, as only a faulty host would give it.
pub(super) fn beyond_limits(subject: &Subject) -> Outcome {
    for (name, value) in varied(subject, beyond) {
        subject.note(|| format!("{name} = {value}"));
        let made = subject.make(&subject.settings_with(&name, value.clone()));
        tolerate(made).map_err(|trouble| with(trouble, &name, &value))?;
    }
    tolerate(subject.make(&Settings::default())).map(drop)
}

/// The values to try of every setting that the user did not choose.
fn varied(subject: &Subject, values: fn(&SettingDescriptor) -> Vec<Value>) -> Vec<(String, Value)> {
    let free = subject.filter.settings.iter().filter(|it| !subject.given.contains(&it.name));
    free.flat_map(|it| values(it).into_iter().map(|value| (it.name.clone(), value))).collect()
}

fn limits(setting: &SettingDescriptor) -> Vec<Value> {
    let texts = |texts: &[&str]| texts.iter().map(|text| Value::Text((*text).to_owned())).collect();
    match &setting.kind {
        SettingType::Boolean => vec![Value::Boolean(false), Value::Boolean(true)],
        SettingType::Integer { range: Some((low, high)), .. } => {
            vec![Value::Integer(*low), Value::Integer(*high)]
        }
        SettingType::Number { range: Some((low, high)), .. } => {
            vec![Value::Number(*low), Value::Number(*high)]
        }
        SettingType::Time { range: Some((low, high)), .. } => {
            vec![Value::Time(*low), Value::Time(*high)]
        }
        SettingType::Text => texts(&["", &made_up(), "\u{0}\u{1F3B5}\n", &"x".repeat(5000)]),
        SettingType::Choice(choices) => choices.iter().cloned().map(Value::Text).collect(),
        SettingType::Words(choices) => {
            let single = choices.iter().map(|choice| Value::Words(vec![choice.clone()]));
            [Value::Words(Vec::new()), Value::Words(choices.clone())]
                .into_iter()
                .chain(single)
                .collect()
        }
        _ => Vec::new(),
    }
}

/// A text that nobody knows; where it is taken for a file, one that harms nobody.
fn made_up() -> String {
    std::env::temp_dir().join("no such thing").to_string_lossy().into_owned()
}

fn beyond(setting: &SettingDescriptor) -> Vec<Value> {
    let mut values = match &setting.kind {
        SettingType::Integer { range, .. } => {
            let (low, high) = range.unwrap_or((i64::MIN, i64::MAX));
            let near = [low.saturating_sub(1), high.saturating_add(1)];
            near.into_iter().chain([i64::MIN, i64::MAX]).map(Value::Integer).collect()
        }
        SettingType::Number { range, .. } => {
            let (low, high) = range.unwrap_or((f64::MIN, f64::MAX));
            let far = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
            [low - 1.0, high + 1.0].into_iter().chain(far).map(Value::Number).collect()
        }
        SettingType::Time { range, .. } => {
            let (low, high) = range.unwrap_or((Span::ZERO, Span::MAX));
            let one = Span::from_nanos(1);
            vec![Value::Time(low - one), Value::Time(high + one), Value::Time(Span::MAX)]
        }
        SettingType::Choice(_) => vec![Value::Text("no such choice".to_owned())],
        SettingType::Words(_) => vec![Value::Words(vec!["no such word".to_owned()])],
        _ => Vec::new(),
    };
    // And something of another type altogether.
    values.push(match setting.kind {
        SettingType::Boolean => Value::Integer(7),
        _ => Value::Boolean(true),
    });
    values
}

/// Names the setting in what was seen; a text of thousands of letters is cut short.
fn with(trouble: Trouble, name: &str, value: &Value) -> Trouble {
    match trouble {
        Trouble::Wrong { expected, seen } => {
            let value: String = value.to_string().chars().take(40).collect();
            Trouble::Wrong { expected, seen: format!("{seen}; with {name} = {value}") }
        }
        other => other,
    }
}
