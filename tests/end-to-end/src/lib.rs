//! What tests of whole graphs share: the bundled libraries, graphs in virtual time, and readers for
//! what renderers leave behind.

use std::path::{Path, PathBuf};

use driftless_engine::{Catalog, Manifest, Plan, RunOptions, Simulation};

/// The folder with the plugin libraries of this build: beside the test's own program.
///
/// # Panics
///
/// If they have not been built; `cargo build --workspace` does.
pub fn plugins() -> PathBuf {
    let own = std::env::current_exe().expect("a test has a program");
    let folder = own.ancestors().nth(2).expect("a test's program is in target/PROFILE/deps");
    let some = folder.join(format!(
        "{}driftless_gain{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    ));
    assert!(some.exists(), "{} is missing: run `cargo build --workspace` first", some.display());
    folder.to_owned()
}

/// A file of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The plan of a manifest, with settings laid over it.
///
/// # Panics
///
/// If there are mistakes in it; they are shown.
pub fn plan(name: &str, text: &str, set: &[(&str, &str)]) -> Plan {
    let mut manifest = Manifest::parse(name, text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    for (setting, value) in set {
        manifest.set(setting, value).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    }
    let catalog = Catalog::scan(&[plugins()]);
    Plan::new(&manifest, &catalog).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// The plan of a manifest in the repository.
///
/// # Panics
///
/// As [`plan`].
pub fn plan_of(path: &str, set: &[(&str, &str)]) -> Plan {
    let file = repository(path);
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
    plan(path, &text, set)
}

/// Runs a plan in virtual time, from seed 1.
///
/// # Panics
///
/// If it cannot be started.
pub fn simulate(plan: Plan) -> Simulation {
    Simulation::start(plan, RunOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// A recording: frames of the first channel, and the rate.
///
/// # Panics
///
/// If it cannot be read.
pub fn recording(path: &Path) -> (Vec<f32>, u32) {
    let reader = hound::WavReader::open(path).unwrap_or_else(|error| panic!("{error}"));
    let spec = reader.spec();
    let values: Vec<f32> = match spec.sample_format {
        hound::SampleFormat::Float => reader.into_samples::<f32>().map(Result::unwrap).collect(),
        hound::SampleFormat::Int => {
            let full = f64::from(1u32 << (spec.bits_per_sample - 1));
            let value = |it: Result<i32, hound::Error>| (f64::from(it.unwrap()) / full) as f32;
            reader.into_samples::<i32>().map(value).collect()
        }
    };
    let first = values.chunks_exact(usize::from(spec.channels)).map(|frame| frame[0]).collect();
    (first, spec.sample_rate)
}

/// Seconds at which ticks begin in a recording: where it first is loud after half a second of quiet.
pub fn ticks((frames, rate): &(Vec<f32>, u32)) -> Vec<f64> {
    let peak = frames.iter().fold(0f32, |peak, value| peak.max(value.abs()));
    let mut found: Vec<f64> = Vec::new();
    for (index, value) in frames.iter().enumerate() {
        let at = index as f64 / f64::from(*rate);
        let quiet = found.last().is_none_or(|last| at - last > 0.5);
        if value.abs() > peak / 2.0 && quiet {
            found.push(at);
        }
    }
    found
}

/// Writes `value` of each frame, in every channel, as floats at 48 kHz.
///
/// # Panics
///
/// If it cannot be written.
pub fn write_sound(path: &Path, channels: u16, frames: u32, value: impl Fn(u32) -> f32) {
    let (bits_per_sample, sample_format) = (32, hound::SampleFormat::Float);
    let spec = hound::WavSpec { channels, sample_rate: 48_000, bits_per_sample, sample_format };
    let mut writer = hound::WavWriter::create(path, spec).expect("the file can be made");
    for frame in 0..frames {
        (0..channels).for_each(|_| writer.write_sample(value(frame)).expect("there is room"));
    }
    writer.finalize().expect("there is room");
}

/// One line of the video sink's log.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// The frame's number, read from the picture itself.
    pub number: u32,
    /// Stream time at which it was due, seconds.
    pub due: f64,
    /// Stream time at which it was presented, seconds.
    pub presented: f64,
}

/// The log of a video sink.
///
/// # Panics
///
/// If it is not one.
pub fn video_log(path: &Path) -> Vec<Shown> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{error}"));
    let mut lines = text.lines();
    let heads: Vec<&str> = lines.next().unwrap_or_default().split(',').map(str::trim).collect();
    let column = |name: &str| {
        heads
            .iter()
            .position(|head| *head == name)
            .unwrap_or_else(|| panic!("no {name}: {heads:?}"))
    };
    let (number, due, presented) = (column("barcode"), column("due_ns"), column("presented_ns"));
    let seconds = |cell: &str| cell.parse::<f64>().unwrap_or_else(|_| panic!("`{cell}`")) * 1e-9;
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').map(str::trim).collect();
            Shown {
                number: cells[number].parse().unwrap_or_else(|_| panic!("`{line}`")),
                due: seconds(cells[due]),
                presented: seconds(cells[presented]),
            }
        })
        .collect()
}
