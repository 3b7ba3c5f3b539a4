//! Test sounds, each a function of the position alone (but for noise).

use std::f64::consts::TAU;

use driftless_plugin_api::{AudioFormat, Span};
use fastrand::Rng;

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
        let frames = values.chunks_exact_mut(self.format.channels as usize);
        for (frame, at) in frames.zip(position..) {
            let value = match self.waveform {
                Waveform::Sine => self.sine(at),
                Waveform::Ticks => self.tick(at),
                Waveform::Noise => noise.f64().mul_add(2.0, -1.0),
                Waveform::Silence => 0.0,
            };
            frame.fill((self.amplitude * value) as f32);
        }
    }

    fn sine(&self, frame: i64) -> f64 {
        // Whole turns are taken off before the sine, or its argument runs out of digits within a day.
        let turns = self.frequency_hz * frame as f64 / f64::from(self.format.rate_hz);
        (turns.fract() * TAU).sin()
    }

    /// One frame at the peak, then 5 ms of a sine at a quarter, so that the tick is heard and its first
    /// frame is known.
    fn tick(&self, frame: i64) -> f64 {
        let rate_hz = self.format.rate_hz;
        let burst = Span::from_millis(5).frames(rate_hz);
        match frame - self.last_tick(frame) {
            0 => 1.0,
            since if since <= burst => 0.25 * self.sine(since),
            _ => 0.0,
        }
    }

    /// First frame of the newest tick at or before `frame`.
    fn last_tick(&self, frame: i64) -> i64 {
        let tick = |n: i64| {
            let time = self.tick_interval.nanos().saturating_mul(n);
            Span::from_nanos(time).frames(self.format.rate_hz)
        };
        let time = Span::of_frames(frame, self.format.rate_hz).nanos();
        let n = time / self.tick_interval.nanos().max(1);
        // Rounding to whole frames may have moved the tick past this frame, or the next one onto it.
        [n + 1, n]
            .into_iter()
            .map(tick)
            .find(|&first| first <= frame)
            .unwrap_or_else(|| tick(n - 1))
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
