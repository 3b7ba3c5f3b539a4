//! A long recording of a tone, in blocks.

use std::f64::consts::TAU;

use crate::sine::{Fit, fit};

/// Frames of a block: a tenth of a second at 48 kHz. What is slower than that, such as the wander of
/// a rate that is matched, belongs to the tone; AES17's notch is wider still.
pub const BLOCK_FRAMES: usize = 4800;

/// Frames of the short blocks in which steps of phase are looked for.
const SHORT_FRAMES: usize = 480;

/// Frames left out at the end: a fade, or the last period, which jackd repeats when its client has left.
const TAIL_FRAMES: usize = 4800;

/// A step of phase that is more than the rate can do between two short blocks: 0.3 frames.
const STEP_FRAMES: f64 = 0.3;

/// What a tone shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Tone {
    /// First frame of the tone, and the one behind its last.
    pub heard: std::ops::Range<usize>,
    /// Mean frequency against the nominal, in ppm.
    pub ppm: f64,
    /// Everything but the tone, mean over all blocks without a fault, in dB.
    pub thd_n_db: f64,
    /// The worst block.
    pub worst_db: f64,
    /// Where something is wrong, in frames of the recording.
    pub faults: Vec<Fault>,
}

/// Something that is wrong with a tone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fault {
    /// Frame of the recording, within 10 ms.
    pub at: usize,
    /// What it is.
    pub kind: Kind,
}

/// What may be wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// The tone goes on elsewhere: so many frames are missing (positive) or too many, less whole
    /// periods of the tone.
    Step(f64),
    /// It was away for so many frames, within 10 ms.
    Silence(usize),
    /// A disturbance that leaves the phase as it was.
    Click,
}

/// Looks at a tone of `hertz` in a recording of `rate_hz`; `None` if it is not there for a second.
/// The first `settle` frames after its start are left out.
pub fn analyse(values: &[f32], rate_hz: u32, hertz: f64, settle: usize) -> Option<Tone> {
    let nominal = hertz / f64::from(rate_hz);
    let heard = heard(values)?;
    let start = heard.start + settle;
    let part = values.get(start..heard.end)?;
    if part.len() < rate_hz as usize {
        return None;
    }
    let faults = faults(part, start, nominal);
    let clean = |at: usize| {
        let block = at..at + BLOCK_FRAMES;
        // A fault is known within a short block.
        !faults.iter().any(|fault| {
            let (at, length) = (fault.at - start, fault.length());
            at + length + 2 * SHORT_FRAMES > block.start && at < block.end + 2 * SHORT_FRAMES
        })
    };
    let blocks: Vec<(usize, Fit)> = (0..part.len() / BLOCK_FRAMES)
        .map(|block| block * BLOCK_FRAMES)
        .filter(|at| clean(*at))
        .map(|at| (at, fit(&part[at..at + BLOCK_FRAMES], nominal)))
        .collect();
    if blocks.is_empty() {
        return None;
    }
    let power: f64 = blocks.iter().map(|(_, fit)| fit.amplitude.powi(2) / 2.0).sum();
    let rest: f64 = blocks.iter().map(|(_, fit)| fit.rest).sum();
    Some(Tone {
        heard,
        ppm: mean_ppm(&blocks, nominal),
        thd_n_db: 10.0 * (rest / power).log10(),
        worst_db: blocks.iter().map(|(_, fit)| fit.thd_n_db()).fold(f64::NEG_INFINITY, f64::max),
        faults,
    })
}

impl Fault {
    /// The first frame behind it, within 20 ms.
    pub fn end(&self) -> usize {
        self.at + self.length() + 2 * SHORT_FRAMES
    }

    fn length(&self) -> usize {
        match self.kind {
            Kind::Silence(frames) => frames,
            Kind::Step(_) | Kind::Click => 0,
        }
    }
}

/// From the first to the last block with more than a hundredth of the loudest value.
fn heard(values: &[f32]) -> Option<std::ops::Range<usize>> {
    let loudest = values.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    let loud = |value: &f32| value.abs() > loudest / 100.0 && loudest > 1e-4;
    let first = values.iter().position(loud)?;
    let last = values.iter().rposition(loud)?;
    Some(first..last.saturating_sub(TAIL_FRAMES).max(first))
}

/// Slope of the phase from block to block, which says more than the mean of their frequencies: the
/// error of a phase is spread over the whole recording. A step between two blocks would bend it, so
/// each stretch between faults has an offset of its own, and all share the slope.
fn mean_ppm(blocks: &[(usize, Fit)], nominal: f64) -> f64 {
    let stretches = blocks.chunk_by(|one, next| next.0 - one.0 == BLOCK_FRAMES);
    let (mut products, mut squares) = (0.0, 0.0);
    for stretch in stretches {
        let points = unwrapped(stretch, nominal);
        let count = points.len() as f64;
        let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
        let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
        products += points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>();
        squares += points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum::<f64>();
    }
    match squares > 0.0 {
        true => products / squares / (TAU * nominal) * 1e6,
        false => (blocks[0].1.frequency / nominal - 1.0) * 1e6,
    }
}

/// Phase beyond that of the nominal tone, at the middle of each block, in radians.
fn unwrapped(blocks: &[(usize, Fit)], nominal: f64) -> Vec<(f64, f64)> {
    let mut before = 0.0;
    let phase = blocks.iter().map(|(at, fit)| {
        let middle = *at as f64 + (BLOCK_FRAMES as f64 - 1.0) / 2.0;
        let phase = fit.phase - TAU * (nominal * middle).fract();
        before += turn(phase - before);
        (middle, before)
    });
    phase.collect()
}

/// An angle between −π and π.
fn turn(angle: f64) -> f64 {
    angle - TAU * (angle / TAU).round()
}

/// Where the phase steps, the tone is away, or something is on top of it.
fn faults(part: &[f32], start: usize, nominal: f64) -> Vec<Fault> {
    let short: Vec<Fit> =
        part.chunks_exact(SHORT_FRAMES).map(|block| fit_at(block, nominal)).collect();
    let level = median(short.iter().map(|fit| fit.amplitude));
    let floor = median(short.iter().map(|fit| fit.rest));
    // Four times the usual rest in amplitude, and not what nobody would see beside the tone.
    let most = (16.0 * floor).max(level * level * 1e-9);
    let bad: Vec<bool> = short
        .iter()
        .map(|fit| fit.rest > most || (fit.amplitude / level - 1.0).abs() > 0.01)
        .collect();
    let mut faults = Vec::new();
    let mut at = 0;
    while at < short.len() {
        let end = at + bad[at..].iter().take_while(|bad| **bad).count();
        if end > at {
            let quiet = short[at..end].iter().filter(|fit| fit.amplitude < level / 10.0).count();
            let step = step_frames(&short, &bad, at, end, nominal);
            let kind = match (quiet, step) {
                (1.., _) => Kind::Silence(quiet * SHORT_FRAMES),
                (0, Some(step)) if step.abs() >= STEP_FRAMES => Kind::Step(step),
                (0, _) => Kind::Click,
            };
            faults.push(Fault { at: start + at * SHORT_FRAMES, kind });
        } else if let Some(step) = step_frames(&short, &bad, at, at, nominal)
            && step.abs() >= STEP_FRAMES
        {
            // Exactly between two blocks.
            faults.push(Fault { at: start + at * SHORT_FRAMES, kind: Kind::Step(step) });
        }
        at = end.max(at) + 1;
    }
    faults
}

/// A short block has too few periods to tell frequency from distortion: from the rate of its
/// neighbours it differs by nothing that matters here.
fn fit_at(block: &[f32], nominal: f64) -> Fit {
    fit(block, nominal)
}

/// Phase behind blocks `from..to` against what those before foretell, in frames; `None` if those are
/// not clean themselves.
fn step_frames(fits: &[Fit], bad: &[bool], from: usize, to: usize, nominal: f64) -> Option<f64> {
    let before = from.checked_sub(2)?;
    if bad[before..from].contains(&true) {
        return None;
    }
    let (one, two, after) = (fits.get(before)?, fits.get(before + 1)?, fits.get(to)?);
    let advance = TAU * (nominal * SHORT_FRAMES as f64).fract();
    let drift = turn(two.phase - one.phase - advance);
    let blocks = (to - before - 1) as f64;
    let phase = turn(after.phase - two.phase - blocks * (advance + drift));
    Some(phase / (TAU * nominal))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 48_000;

    /// `seconds` of 997 Hz, `ppm` fast, between silences of a tenth and a second.
    fn recording(seconds: u32, ppm: f64) -> Vec<f32> {
        let turn = TAU * 997.0 * (1.0 + ppm * 1e-6) / f64::from(RATE);
        let tone = (0..seconds * RATE).map(|n| (0.5 * (turn * f64::from(n)).sin()) as f32);
        let silence = |frames| std::iter::repeat_n(0.0, frames);
        silence(4800).chain(tone).chain(silence(48_000)).collect()
    }

    fn seen(values: &[f32]) -> Tone {
        analyse(values, RATE, 997.0, 0).expect("a tone")
    }

    #[test]
    fn a_clean_tone_has_its_rate_within_a_thousandth_ppm_and_no_fault() {
        for ppm in [-1500.0, -500.0, 0.0, 0.5, 500.0] {
            let tone = seen(&recording(10, ppm));
            assert!((tone.ppm - ppm).abs() < 1e-3, "{} of {ppm} ppm", tone.ppm);
            assert!(tone.worst_db < -130.0, "{} dB", tone.worst_db);
            assert_eq!(tone.faults, []);
        }
    }

    #[test]
    fn dropped_and_repeated_frames_are_found_where_they_are() {
        for (frames, expected) in [(1, 1.0), (7, 7.0), (20, 20.0)] {
            let mut values = recording(5, 120.0);
            values.drain(100_000..100_000 + frames);
            let tone = seen(&values);
            let [Fault { at, kind: Kind::Step(step) }] = tone.faults[..] else {
                panic!("{:?}", tone.faults)
            };
            assert!(
                (step - expected).abs() < 0.05 && at.abs_diff(100_000) < 1000,
                "{step} at {at}"
            );
            assert!((tone.ppm - 120.0).abs() < 0.01, "{} ppm", tone.ppm);
        }
        let mut values = recording(5, -120.0);
        values.splice(100_000..100_000, vec![values[99_999]; 3]);
        let faults = seen(&values).faults;
        assert!(
            matches!(faults[..], [Fault { kind: Kind::Step(step), .. }] if (step + 3.0).abs() < 0.05),
            "{faults:?}"
        );
    }

    #[test]
    fn a_step_of_a_whole_period_is_seen_by_its_click() {
        let mut values = recording(5, 0.0);
        values.drain(100_013..100_013 + 48);
        assert_eq!(seen(&values).faults.len(), 1);
    }

    #[test]
    fn silence_is_found_with_its_length() {
        let mut values = recording(5, 0.0);
        values[100_000..104_800].fill(0.0);
        let faults = seen(&values).faults;
        let [Fault { kind: Kind::Silence(frames), .. }] = faults[..] else { panic!("{faults:?}") };
        assert!(frames.abs_diff(4800) <= 960, "{frames}");
    }

    #[test]
    fn noise_at_minus_98_db_is_measured_and_is_no_fault() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut values = recording(5, 500.0);
        // Evenly distributed over a step of 16 bits.
        values.iter_mut().for_each(|value| *value += (random.f32() - 0.5) / 32_768.0);
        let tone = seen(&values);
        let expected = 10.0 * ((1.0 / 12.0 / 32_768.0_f64.powi(2)) / 0.125).log10();
        assert!((tone.thd_n_db - expected).abs() < 0.1, "{} of {expected} dB", tone.thd_n_db);
        assert_eq!(tone.faults, []);
    }

    #[test]
    fn silence_and_what_is_too_short_are_no_tone() {
        assert_eq!(analyse(&[0.0; 96_000], RATE, 997.0, 0), None);
        assert_eq!(analyse(&recording(1, 0.0), RATE, 997.0, 40_000), None);
        assert_eq!(analyse(&[], RATE, 997.0, 0), None);
    }
}
