//! Test sounds, each a function of the position alone (but for noise).

use std::f64::consts::TAU;

use driftless_plugin_api::{AudioFormat, Span};
use fastrand::Rng;

/// From one computed value of a sine to the next, frames.
const GROUP: usize = 64;
/// So many values are turned further side by side.
const LANES: usize = 8;

/// What is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waveform {
    /// A sine that is 0 and rising at position 0.
    Sine,
    /// A tick at every interval.
    Ticks,
    /// White noise, evenly spread.
    Noise,
    /// Nothing.
    Silence,
}

impl Waveform {
    /// The waveform of that name in the descriptor.
    pub fn named(name: &str) -> Self {
        match name {
            "ticks" => Self::Ticks,
            "noise" => Self::Noise,
            "silence" => Self::Silence,
            _ => Self::Sine,
        }
    }
}

/// A test sound.
#[derive(Debug, Clone)]
pub struct Sound {
    /// Its format.
    pub format: AudioFormat,
    /// Frames in a sample, 1 or more.
    pub block_frames: i64,
    /// What is heard.
    pub waveform: Waveform,
    /// Of the sine, and of a tick's burst.
    pub frequency_hz: f64,
    /// Peak, full scale is 1.
    pub amplitude: f64,
    /// From tick to tick, more than zero.
    pub tick_interval: Span,
}

impl Sound {
    /// Fills `values`, interleaved, with the frames from `position` on; all channels are equal.
    pub fn fill(&self, position: i64, values: &mut [f32], noise: &mut Rng) {
        match self.waveform {
            Waveform::Sine => self.fill_sine(position, values),
            Waveform::Ticks => self.fill_ticks(position, values),
            Waveform::Noise => {
                for frame in values.chunks_exact_mut(self.format.channels as usize) {
                    self.set(frame, noise.f64().mul_add(2.0, -1.0));
                }
            }
            Waveform::Silence => values.fill(0.0),
        }
    }

    fn set(&self, frame: &mut [f32], value: f64) {
        frame.fill((self.amplitude * value) as f32);
    }

    /// Sine and cosine at a frame.
    fn phase(&self, frame: i64) -> (f64, f64) {
        // Whole turns are taken off before the sine, or its argument runs out of digits within a day.
        let turns = self.frequency_hz * frame as f64 / f64::from(self.format.rate_hz);
        // Not the system's sine: its last digit depends on the processor.
        libm::sincos(turns.fract() * TAU)
    }

    /// The sine is computed every [`GROUP`] frames, and turned further between them: what is heard at a
    /// position does not depend on where blocks begin.
    fn fill_sine(&self, position: i64, values: &mut [f32]) {
        let channels = self.format.channels as usize;
        let mut at = position;
        let mut rest = values;
        while rest.len() >= channels {
            let skipped = at.rem_euclid(GROUP as i64) as usize;
            let frames = (GROUP - skipped).min(rest.len() / channels);
            let (now, later) = rest.split_at_mut(frames * channels);
            let group = self.group(at - skipped as i64);
            for (frame, value) in now.chunks_exact_mut(channels).zip(&group[skipped..]) {
                frame.fill(*value);
            }
            at += frames as i64;
            rest = later;
        }
    }

    /// The sine of [`GROUP`] frames, in lanes that do not wait for each other.
    fn group(&self, first: i64) -> [f32; GROUP] {
        let turn = |(sin, cos): (f64, f64), (by_sin, by_cos): (f64, f64)| {
            (sin * by_cos + cos * by_sin, cos * by_cos - sin * by_sin)
        };
        let (one, start) = (self.phase(1), self.phase(first));
        let mut lanes = [start; LANES];
        for lane in 1..LANES {
            lanes[lane] = turn(lanes[lane - 1], one);
        }
        let by = self.phase(LANES as i64);
        let mut group = [0.0; GROUP];
        for values in group.chunks_exact_mut(LANES) {
            for (value, lane) in values.iter_mut().zip(&mut lanes) {
                *value = (self.amplitude * lane.0) as f32;
                *lane = turn(*lane, by);
            }
        }
        group
    }

    /// Each tick is one frame at the peak, then 5 ms of a sine at a quarter, so that the tick is heard
    /// and its first frame is known.
    fn fill_ticks(&self, position: i64, values: &mut [f32]) {
        values.fill(0.0);
        let channels = self.format.channels as usize;
        let end = position + (values.len() / channels) as i64;
        let burst = Span::from_millis(5).frames(self.format.rate_hz);
        let before = Span::of_frames(position - burst - 1, self.format.rate_hz);
        let first = (before.nanos() / self.tick_interval.nanos().max(1)).max(0);
        for n in first.. {
            let tick = self.tick(n);
            if tick >= end {
                return;
            }
            let until = (tick + burst + 1).min(self.tick(n + 1)).min(end);
            for at in tick.max(position)..until {
                let from = (at - position) as usize * channels;
                let value = if at == tick { 1.0 } else { 0.25 * self.phase(at - tick).0 };
                self.set(&mut values[from..from + channels], value);
            }
        }
    }

    /// First frame of a tick.
    fn tick(&self, n: i64) -> i64 {
        let time = self.tick_interval.nanos().saturating_mul(n);
        Span::from_nanos(time).frames(self.format.rate_hz)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(waveform: Waveform, rate_hz: u32, tick_interval: Span) -> Sound {
        let format = AudioFormat { rate_hz, channels: 1 };
        let (frequency_hz, amplitude) = (997.0, 0.5);
        Sound { format, block_frames: 480, waveform, frequency_hz, amplitude, tick_interval }
    }

    fn filled(sound: &Sound, position: i64, frames: usize) -> Vec<f32> {
        let mut values = vec![9.0; frames];
        sound.fill(position, &mut values, &mut Rng::with_seed(1));
        values
    }

    #[test]
    fn ticks_are_at_full_level_for_one_frame_wherever_blocks_begin() {
        for (rate_hz, interval_ns) in
            [(48_000, 10_000_000), (44_100, 33_333_333), (8_000, 10_010_101)]
        {
            let sound = sound(Waveform::Ticks, rate_hz, Span::from_nanos(interval_ns));
            let ticks: Vec<_> =
                (0..40).map(|n| Span::from_nanos(n * interval_ns).frames(rate_hz)).collect();
            let length = usize::try_from(ticks[39]).unwrap();
            for block in [1, 7, 480] {
                let starts = (0..length).step_by(block);
                let values = starts.flat_map(|at| filled(&sound, at as i64, block));
                let loud = values.enumerate().filter(|(_, value)| *value == 0.5);
                let loud: Vec<_> =
                    loud.map(|(at, _)| at as i64).filter(|&at| at < ticks[39]).collect();
                assert_eq!(loud, ticks[..39], "{rate_hz} Hz, blocks of {block}");
            }
        }
    }

    #[test]
    fn between_ticks_there_is_silence() {
        let sound = sound(Waveform::Ticks, 48_000, Span::from_secs(1));
        let values = filled(&sound, 0, 48_000);
        assert!(values[1..=240].iter().all(|value| value.abs() <= 0.125));
        assert!(values[1..=240].iter().any(|value| value.abs() > 0.1));
        assert!(values[241..].iter().all(|&value| value == 0.0));
    }

    #[test]
    fn a_sine_after_a_day_is_the_sine_it_was() {
        // 997 Hz repeats every 48,000 frames.
        let sound = sound(Waveform::Sine, 48_000, Span::from_secs(1));
        let later = filled(&sound, 86_400 * 48_000, 48_000);
        for (now, later) in filled(&sound, 0, 48_000).iter().zip(later) {
            assert!((now - later).abs() < 1e-6);
        }
    }

    #[test]
    fn noise_keeps_to_its_level_and_repeats_with_its_seed() {
        let sound = sound(Waveform::Noise, 48_000, Span::from_secs(1));
        let values = filled(&sound, 0, 10_000);
        assert!(values.iter().all(|value| value.abs() <= 0.5));
        let mean_square = values.iter().map(|value| value * value).sum::<f32>() / 10_000.0;
        assert!((mean_square - 0.25 / 3.0).abs() < 0.005, "{mean_square}");
        assert_eq!(values, filled(&sound, 0, 10_000));
    }
}
