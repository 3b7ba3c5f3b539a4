//! Polyphase resampling at a ratio that may change with every frame.

mod kernel;
mod quality;
mod stream;
mod table;

use std::sync::Arc;

pub use kernel::Instructions;
use kernel::{Interleaved, Planar};
pub use quality::Quality;
pub use stream::Resampler;
use table::Table;

use crate::History;

/// One frame in the fixed point of [`Path`].
const ONE: f64 = 18_446_744_073_709_551_616.0; // 2^64

/// Where in the input the next output frames are read: a position that moves by a step, which
/// itself may move by a ramp. 64 bits before and 64 behind the point, so it never drifts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Path {
    position: i128,
    step: i128,
    ramp: i128,
}

impl Path {
    /// From input position `frame + fraction`, `step` input frames per output frame.
    pub fn new(frame: i64, fraction: f64, step: f64) -> Self {
        Self { position: (i128::from(frame) << 64) + fixed(fraction), step: fixed(step), ramp: 0 }
    }

    /// The whole frame of the position.
    pub fn frame(&self) -> i64 {
        (self.position >> 64) as i64
    }

    /// The rest of the position, 0 to below 1.
    pub fn fraction(&self) -> f64 {
        (self.position as u64) as f64 / ONE
    }

    /// Input frames per output frame, now.
    pub fn step(&self) -> f64 {
        self.step as f64 / ONE
    }

    /// Moves to another position; the step stays.
    pub fn jump(&mut self, frame: i64, fraction: f64) {
        self.position = (i128::from(frame) << 64) + fixed(fraction);
    }

    /// Takes `step` from the next frame on, without a ramp.
    pub fn set_step(&mut self, step: f64) {
        (self.step, self.ramp) = (fixed(step), 0);
    }

    /// Reaches `step` after `frames` frames, in a straight line.
    pub fn ramp_to(&mut self, step: f64, frames: usize) {
        self.ramp = (fixed(step) - self.step) / frames.max(1) as i128;
    }

    /// Where the path is after `frames` frames.
    pub fn after(&self, frames: usize) -> Self {
        let n = frames as i128;
        Self {
            position: self.position + n * self.step + self.ramp * (n * (n - 1) / 2),
            step: self.step + n * self.ramp,
            ramp: self.ramp,
        }
    }

    /// How many frames come before the position reaches `limit`.
    pub fn frames_before(&self, limit: i64) -> usize {
        let end = i128::from(limit) << 64;
        let mut count = ((end - self.position).max(0) as f64 / self.step as f64).ceil() as usize;
        // The quotient is off by at most one, but a ramp bends the path.
        while count > 0 && self.after(count - 1).position >= end {
            count -= 1;
        }
        while self.after(count).position < end {
            count += 1;
        }
        count
    }

    /// Does every output frame fall on an input frame?
    pub fn is_whole(&self) -> bool {
        self.position as u64 == 0 && self.step == 1 << 64 && self.ramp == 0
    }

    fn advance(&mut self) {
        self.position += self.step;
        self.step += self.ramp;
    }

    /// (whole frame, stretch, place within the stretch as a fraction of 2^64)
    fn locate(&self, phases: usize) -> (i64, usize, u64) {
        let scaled = u128::from(self.position as u64) * phases as u128;
        (self.frame(), (scaled >> 64) as usize, scaled as u64)
    }

    /// By how much the last of [`locate`](Self::locate) changes from frame to frame, and that from frame to
    /// frame; both wrap.
    fn locate_steps(&self, phases: usize) -> (u64, u64) {
        let scaled = |step: i128| (step as u64).wrapping_mul(phases as u64);
        (scaled(self.step), scaled(self.ramp))
    }

    /// Does it move by more than a whole frame?
    fn is_faster(&self) -> bool {
        self.step > 1 << 64
    }
}

/// Rounds to fixed point; exact for every `f64` between 2^-11 and 2^63.
fn fixed(value: f64) -> i128 {
    (value * ONE) as i128
}

/// Reads a [`History`] along a [`Path`].
#[derive(Debug, Clone)]
pub struct Interpolator {
    table: Arc<Table>,
    instructions: Instructions,
}

impl Interpolator {
    /// Builds the filter, or takes one that was built for the same rates. `[main]`
    pub fn new(input_rate_hz: f64, output_rate_hz: f64, quality: Quality) -> Self {
        let best = Instructions::available().last().copied().unwrap_or(Instructions::Portable);
        Self {
            table: Table::get(quality.design(input_rate_hz, output_rate_hz)),
            instructions: best,
        }
    }

    /// Uses these instructions, if the processor has them: to compare, and to test. `[main]`
    pub fn with_instructions(self, instructions: Instructions) -> Option<Self> {
        let there = Instructions::available().contains(&instructions);
        there.then_some(Self { instructions, ..self })
    }

    /// Input frames that must be known after the position of an output frame.
    pub fn lookahead_frames(&self) -> usize {
        self.table.half()
    }

    /// Input frames that one output frame is made from.
    pub fn window_frames(&self) -> usize {
        self.table.taps()
    }

    /// Fills `out`, interleaved, along `path`. `[device]`
    pub fn fill_interleaved(&self, history: &History, path: &mut Path, out: &mut [f32]) {
        let channels = history.channels();
        let frames = out.len() / channels;
        let sink = &mut Interleaved { values: out, channels };
        kernel::run(self.instructions, &self.table, history, path, frames, sink);
    }

    /// Fills `frames` frames of each plane of `out`, from frame `begin` on, along `path`. `[device]`
    pub fn fill_planar(
        &self,
        history: &History,
        path: &mut Path,
        out: &mut [&mut [f32]],
        begin: usize,
        frames: usize,
    ) {
        let sink = &mut Planar::new(out, begin, frames);
        kernel::run(self.instructions, &self.table, history, path, frames, sink);
    }
}
