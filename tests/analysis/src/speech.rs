//! Whether speech is heard whole.

use realfft::RealFftPlanner;

/// A part of the original that was looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// First frame in the original.
    pub at: usize,
    /// Where it is in the recording.
    pub found: usize,
    /// How alike: 1 is the same but for level.
    pub likeness: f64,
}

impl Part {
    /// Whether it is there; a part that is cut or bent is less alike.
    pub fn is_heard(&self) -> bool {
        self.likeness > 0.95
    }
}

/// Looks for each stretch of `frames` of the original that is not silent: for the loudest anywhere
/// in the recording, for the others within `reach` frames of where they belong after that.
pub fn parts(original: &[f32], recording: &[f32], frames: usize, reach: usize) -> Vec<Part> {
    let stretches = || original.chunks_exact(frames).enumerate();
    let Some((loudest, part)) = stretches().max_by(|a, b| energy(a.1).total_cmp(&energy(b.1)))
    else {
        return Vec::new();
    };
    let enough = energy(part) / 1000.0;
    let (found, _) = find(part, recording);
    let lag = found as isize - (loudest * frames) as isize;
    let audible = stretches().filter(|(_, part)| energy(part) > enough);
    audible
        .map(|(number, part)| {
            let at = number * frames;
            let expected = at.saturating_add_signed(lag);
            let from = expected.saturating_sub(reach).min(recording.len());
            let to = (expected + frames + reach).min(recording.len());
            let (found, likeness) = find(part, &recording[from..to]);
            Part { at, found: from + found, likeness }
        })
        .collect()
}

/// Places looked at between two frames: what was resampled lies anywhere, and half a frame off a hiss is
/// hardly like itself.
const BETWEEN: usize = 4;

/// Where `part` is most alike to `recording`, and how much: the correlation, by FFT, over the root of
/// the energies of both (Cauchy-Schwarz: at most 1).
fn find(part: &[f32], recording: &[f32]) -> (usize, f64) {
    let length = (recording.len() + part.len()).next_power_of_two();
    let mut planner = RealFftPlanner::<f64>::new();
    let forward = planner.plan_fft_forward(length);
    let inverse = planner.plan_fft_inverse(BETWEEN * length);
    let spectrum = |values: &[f32]| {
        let mut padded = vec![0.0; length];
        padded.iter_mut().zip(values).for_each(|(to, from)| *to = f64::from(*from));
        let mut bins = forward.make_output_vec();
        forward.process(&mut padded, &mut bins).expect("lengths are the plan's");
        bins
    };
    let mut bins = spectrum(part);
    bins.iter_mut().zip(spectrum(recording)).for_each(|(part, whole)| *part = part.conj() * whole);
    // Real by nature, but for rounding, which the inverse refuses.
    bins[0].im = 0.0;
    bins[length / 2].im = 0.0;
    bins.resize(BETWEEN * length / 2 + 1, 0.0.into());
    let mut correlation = inverse.make_output_vec();
    inverse.process(&mut bins, &mut correlation).expect("lengths are the plan's");
    let own = energy(part);
    let likeness = |(at, energy): (usize, f64)| {
        // Silence is like nothing.
        let around = &correlation[BETWEEN * at..BETWEEN * (at + 1)];
        let nearest = around.iter().copied().fold(f64::MIN, f64::max);
        (at, nearest / ((own * energy.max(own * 1e-6)).sqrt() * length as f64))
    };
    let all = energies(recording, part.len()).into_iter().enumerate().map(likeness);
    all.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
}

fn energy(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(*value).powi(2)).sum()
}

/// Energy of the `frames` from each frame on.
fn energies(values: &[f32], frames: usize) -> Vec<f64> {
    let Some(first) = values.get(..frames) else { return Vec::new() };
    let mut sum = energy(first);
    let mut energies = vec![sum];
    for (leaves, enters) in values.iter().zip(&values[frames..]) {
        sum += f64::from(*enters).powi(2) - f64::from(*leaves).powi(2);
        energies.push(sum);
    }
    energies
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(seed: u64, frames: usize) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..frames).map(|_| random.f32() - 0.5).collect()
    }

    #[test]
    fn a_hiss_is_heard_between_two_frames_too() {
        // Half a frame is ten samples of what was made twenty times as fine, with hardly anything beyond
        // half the rate.
        let smooth =
            |fine: Vec<f32>| fine.windows(50).map(|w| w.iter().sum()).collect::<Vec<f32>>();
        let smooth = smooth(smooth(words(3, 820_000)));
        let at =
            |offset: usize| smooth[offset..].iter().step_by(20).copied().take(40_000).collect();
        let (original, recording): (Vec<f32>, Vec<f32>) = (at(10), at(0));
        let parts = parts(&original, &recording, 4000, 400);
        assert!(parts.iter().all(Part::is_heard), "{parts:?}");
    }

    #[test]
    fn all_parts_of_what_is_whole_are_heard_at_the_same_distance() {
        let original = words(1, 40_000);
        let recording: Vec<f32> =
            std::iter::repeat_n(0.0, 777).chain(original.iter().map(|v| v / 2.0)).collect();
        let parts = parts(&original, &recording, 4000, 4000);
        assert_eq!(parts.len(), 10);
        assert!(
            parts.iter().all(|part| part.is_heard() && part.found == part.at + 777),
            "{parts:?}"
        );
    }

    #[test]
    fn a_part_that_is_missing_is_the_one_that_is_not_heard() {
        let original = words(1, 40_000);
        let mut recording = original.clone();
        recording.drain(16_500..18_500);
        let missing: Vec<usize> = parts(&original, &recording, 4000, 4000)
            .into_iter()
            .filter(|part| !part.is_heard())
            .map(|part| part.at)
            .collect();
        assert_eq!(missing, [16_000]);
    }

    #[test]
    fn silence_hears_nothing_and_a_recording_that_is_too_short_neither() {
        let original = words(1, 8000);
        assert!(parts(&original, &[0.0; 20_000], 4000, 4000).iter().all(|part| !part.is_heard()));
        assert!(parts(&original, &[0.5; 100], 4000, 4000).iter().all(|part| !part.is_heard()));
    }
}
