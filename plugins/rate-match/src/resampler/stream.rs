//! A resampler that is pushed: blocks in, all that they allow out.

use super::{Instructions, Interpolator, Path, Quality};
use crate::History;

/// Longest block that is taken at once; longer ones are taken in pieces.
/// Short, so that it all stays in the processor's nearest cache.
const PIECE_FRAMES: usize = 256;

/// Resamples a stream block by block, at a ratio that may change with each.
///
/// ```
/// # use driftless_rate_match::{Quality, Resampler};
/// let mut resampler = Resampler::new(1, 44_100.0, 48_000.0, Quality::Standard);
/// let input = [0.0f32; 441];
/// let mut output = vec![0.0f32; resampler.most_frames(441)];
/// let made = resampler.process(&[&input], &mut [&mut output]);
/// assert!(made <= 480);
/// ```
#[derive(Debug, Clone)]
pub struct Resampler {
    history: History,
    interpolator: Interpolator,
    path: Path,
    nominal_step: f64,
}

impl Resampler {
    /// From one rate to another, 1 to 64 channels. `[main]`
    pub fn new(channels: usize, input_rate_hz: f64, output_rate_hz: f64, quality: Quality) -> Self {
        Self::over(
            channels,
            Interpolator::new(input_rate_hz, output_rate_hz, quality),
            input_rate_hz / output_rate_hz,
        )
    }

    /// The same with these instructions, if the processor has them. `[main]`
    pub fn with_instructions(self, instructions: Instructions) -> Option<Self> {
        let interpolator = self.interpolator.with_instructions(instructions)?;
        Some(Self { interpolator, ..self })
    }

    fn over(channels: usize, interpolator: Interpolator, nominal_step: f64) -> Self {
        let window = interpolator.window_frames();
        Self {
            history: History::new(channels, PIECE_FRAMES + 16, window + 16),
            interpolator,
            path: Path::new(0, 0.0, nominal_step),
            nominal_step,
        }
    }

    /// Output frames per input frame from the next output frame on. `[any]`
    pub fn set_ratio(&mut self, ratio: f64) {
        self.path.set_step(1.0 / ratio);
    }

    /// Reaches `ratio` in a straight line of the step over the next `frames` output frames. `[any]`
    pub fn ramp_to_ratio(&mut self, ratio: f64, frames: usize) {
        self.path.ramp_to(1.0 / ratio, frames);
    }

    /// Input frames by which the output is behind right after a call, at least; at most one step
    /// more. Output frame 0 is input frame 0: the delay between indexes is 0.
    pub fn lag_frames(&self) -> f64 {
        let next = self.path.frame() as f64 + self.path.fraction();
        self.history.end() as f64 - next
    }

    /// Output frames that `input_frames` can give, at most.
    pub fn most_frames(&self, input_frames: usize) -> usize {
        ((input_frames + 1) as f64 / self.path.step()).ceil() as usize + 2
    }

    /// Takes all of `input` and writes every output frame that it allows, as far as `output` goes;
    /// one slice a channel. Returns the frames written. `[device]`
    pub fn process(&mut self, input: &[&[f32]], output: &mut [&mut [f32]]) -> usize {
        let frames = input.first().map_or(0, |plane| plane.len());
        let mut made = 0;
        for begin in (0..frames).step_by(PIECE_FRAMES) {
            let count = (frames - begin).min(PIECE_FRAMES);
            self.history.append_planar(count, |channel| &input[channel][begin..begin + count]);
            made += self.give(output, made);
        }
        made
    }

    /// Writes what is still inside, as if silence followed. Returns the frames written. `[device]`
    pub fn drain(&mut self, output: &mut [&mut [f32]]) -> usize {
        let end = self.history.end();
        self.history.reach(end + self.interpolator.lookahead_frames() as i64);
        self.give(output, 0)
    }

    /// Forgets the stream and its ratio. `[device]`
    pub fn reset(&mut self) {
        self.history.clear();
        self.path = Path::new(0, 0.0, self.nominal_step);
    }

    fn give(&mut self, output: &mut [&mut [f32]], made: usize) -> usize {
        let room = output.iter().map(|plane| plane.len()).min().unwrap_or(0) - made;
        let limit = self.history.end() - self.interpolator.lookahead_frames() as i64;
        let frames = self.path.frames_before(limit).min(room);
        let Self { interpolator, history, path, .. } = self;
        interpolator.fill_planar(history, path, output, made, frames);
        frames
    }
}
