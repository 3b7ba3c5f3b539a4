//! The inner loop: coefficients blended in registers once a frame, then used for every channel.
//!
//! Eight sums are made at a time: 8 frames of one channel, 4 of two, 2 of four or 1 of eight. So one
//! tree of shuffles folds them all at the end, which costs a third of folding each by itself.
//!
//! Unsafe code is allowed in this file because that is what vector instructions take: loads from
//! raw pointers, and functions that only run where the processor has them.
#![allow(unsafe_code)]

#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::{
    Path,
    table::{Coefficients, POWERS, Table},
};
use crate::History;

/// Sums that a kernel makes at a time.
pub(crate) const SUMS: usize = 8;

/// The instructions a kernel is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Instructions {
    /// Whatever the compiler makes of plain loops.
    Portable,
    /// 256-bit vectors (x86-64 with AVX2 and FMA).
    Avx2,
    /// 512-bit vectors (x86-64 with AVX-512F).
    Avx512,
    /// 128-bit vectors (AArch64).
    Neon,
}

impl Instructions {
    /// All that this processor has, slowest first. `[main]`
    pub fn available() -> Vec<Self> {
        let mut found = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                found.push(Self::Avx2);
            }
            if is_x86_feature_detected!("avx512f") {
                found.push(Self::Avx512);
            }
        }
        #[cfg(target_arch = "aarch64")]
        found.push(Self::Neon);
        found
    }
}

/// Where the output goes.
pub(crate) trait Sink {
    /// Takes `frames` frames of the channels from `channel` on; `sums[c * stride + f]` is frame `f` of the `c`-th.
    fn put(
        &mut self,
        frame: usize,
        frames: usize,
        channel: usize,
        stride: usize,
        sums: &[f32; SUMS],
    );
}

/// Frame after frame, the values of all channels side by side.
pub(crate) struct Interleaved<'a> {
    pub values: &'a mut [f32],
    pub channels: usize,
}

impl Sink for Interleaved<'_> {
    #[inline(always)]
    fn put(
        &mut self,
        frame: usize,
        frames: usize,
        channel: usize,
        stride: usize,
        sums: &[f32; SUMS],
    ) {
        let out = self.values[frame * self.channels..].chunks_exact_mut(self.channels).take(frames);
        for (f, out) in out.enumerate() {
            for (c, value) in out[channel..].iter_mut().take(SUMS / stride).enumerate() {
                *value = sums[c * stride + f];
            }
        }
    }
}

/// One slice a channel.
pub(crate) struct Planar<'a, 'b> {
    pub planes: &'a mut [&'b mut [f32]],
    pub begin: usize,
}

impl Sink for Planar<'_, '_> {
    #[inline(always)]
    fn put(
        &mut self,
        frame: usize,
        frames: usize,
        channel: usize,
        stride: usize,
        sums: &[f32; SUMS],
    ) {
        let planes = self.planes[channel..].iter_mut().take(SUMS / stride);
        for (plane, sums) in planes.zip(sums.chunks_exact(stride)) {
            let at = self.begin + frame;
            plane[at..at + frames].copy_from_slice(&sums[..frames]);
        }
    }
}

/// A vector register of coefficients or sums.
trait Vector: Copy {
    /// What the coefficients are kept as.
    type Element: Copy;
    const LANES: usize;

    /// # Safety
    /// As for every function here: the processor has the instructions.
    unsafe fn splat(value: f64) -> Self;
    /// # Safety
    /// `LANES` elements can be read at `row`.
    unsafe fn row(row: *const Self::Element) -> Self;
    /// # Safety
    /// `LANES` values can be read at `input`.
    unsafe fn input(input: *const f32) -> Self;
    /// `a * b + c`
    ///
    /// # Safety
    /// The processor has the instructions.
    unsafe fn multiply_add(a: Self, b: Self, c: Self) -> Self;
    /// The sum over the lanes of each.
    ///
    /// # Safety
    /// The processor has the instructions.
    unsafe fn fold(sums: [Self; SUMS]) -> [f32; SUMS];
}

/// Writes `frames` frames of all channels along `path`.
pub(crate) fn run<S: Sink>(
    instructions: Instructions,
    table: &Table,
    history: &History,
    path: &mut Path,
    frames: usize,
    sink: &mut S,
) {
    match (instructions, table.coefficients()) {
        #[cfg(target_arch = "x86_64")]
        (Instructions::Avx512, coefficients) => {
            x86::run_512(coefficients, history, path, frames, sink)
        }
        #[cfg(target_arch = "x86_64")]
        (Instructions::Avx2, coefficients) => {
            x86::run_256(coefficients, history, path, frames, sink)
        }
        #[cfg(target_arch = "aarch64")]
        (Instructions::Neon, coefficients) => neon::run(coefficients, history, path, frames, sink),
        (_, Coefficients::Single(rows)) => {
            // SAFETY: plain loops run on every processor.
            unsafe { channels::<portable::Single, S>(rows, history, path, frames, sink) }
        }
        (_, Coefficients::Double(rows)) => {
            // SAFETY: plain loops run on every processor.
            unsafe { channels::<portable::Double, S>(rows, history, path, frames, sink) }
        }
    }
}

/// The rows of a table: for each stretch, `POWERS` rows of `taps` elements.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a, E> {
    pub elements: &'a [E],
    pub phases: usize,
    pub taps: usize,
}

/// All channels, in groups of 8, 4, 2 and 1.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn channels<V: Vector, S: Sink>(
    rows: Rows<'_, V::Element>,
    history: &History,
    path: &mut Path,
    frames: usize,
    sink: &mut S,
) {
    let (begin, mut channel) = (*path, 0);
    while channel < history.channels() {
        *path = begin;
        let left = history.channels() - channel;
        // SAFETY: as promised by the caller.
        unsafe {
            channel += match left {
                8.. => group::<V, S, 8, 1>(rows, history, channel, path, frames, sink),
                4.. => group::<V, S, 4, 2>(rows, history, channel, path, frames, sink),
                2.. => group::<V, S, 2, 4>(rows, history, channel, path, frames, sink),
                _ => group::<V, S, 1, 8>(rows, history, channel, path, frames, sink),
            };
        }
    }
}

/// Where the frames of one turn are read.
struct Turn<E, const FRAMES: usize> {
    index: [usize; FRAMES],
    rows: [*const E; FRAMES],
    place: [f64; FRAMES],
}

/// `CHANNELS` channels from `channel` on, `FRAMES` frames a turn; returns `CHANNELS`.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn group<V: Vector, S: Sink, const CHANNELS: usize, const FRAMES: usize>(
    rows: Rows<'_, V::Element>,
    history: &History,
    channel: usize,
    path: &mut Path,
    frames: usize,
    sink: &mut S,
) -> usize {
    let planes: [&[f32]; CHANNELS] = std::array::from_fn(|c| history.plane(channel + c));
    let mask = history.mask();
    // What all reads below rest on: a window may begin at any index up to the mask.
    assert!(planes.iter().all(|plane| plane.len() > mask + rows.taps));
    assert!(rows.taps % V::LANES == 0 && rows.elements.len() == rows.phases * POWERS * rows.taps);
    let before = rows.taps as i64 / 2 - 1;
    let mut made = 0;
    while made < frames {
        let wanted = (frames - made).min(FRAMES);
        let mut turn: Turn<V::Element, FRAMES> = Turn {
            index: [0; FRAMES],
            rows: [rows.elements.as_ptr(); FRAMES],
            place: [0.0; FRAMES],
        };
        for f in 0..FRAMES {
            let (frame, phase, place) = path.locate(rows.phases);
            turn.index[f] = (frame - before) as usize & mask;
            turn.rows[f] = rows.elements.as_ptr().wrapping_add(phase * POWERS * rows.taps);
            turn.place[f] = place;
            // The last turn repeats its last frame instead of running ahead.
            if f + 1 < FRAMES && f + 1 < wanted || f + 1 == wanted {
                path.advance();
            }
        }
        let bases = planes.map(<[f32]>::as_ptr);
        let same = turn.rows[0] == turn.rows[FRAMES - 1] && FRAMES > 1;
        // SAFETY: indexes are masked and phases are below `phases`, so with the lengths asserted
        // above all windows and rows are inside their slices; the processor is promised.
        let sums = unsafe {
            if same {
                sums::<V, CHANNELS, FRAMES, true>(&turn, bases, rows.taps)
            } else {
                sums::<V, CHANNELS, FRAMES, false>(&turn, bases, rows.taps)
            }
        };
        sink.put(made, wanted, channel, FRAMES, &sums);
        made += wanted;
    }
    CHANNELS
}

/// The eight sums of a turn, frames of one channel side by side.
///
/// # Safety
/// `taps` values from each index of each plane and `POWERS * taps` elements from each row can be
/// read; the processor has the instructions. With `SAME`, all rows are the same.
#[inline(always)]
unsafe fn sums<V: Vector, const CHANNELS: usize, const FRAMES: usize, const SAME: bool>(
    turn: &Turn<V::Element, FRAMES>,
    planes: [*const f32; CHANNELS],
    taps: usize,
) -> [f32; SUMS] {
    // SAFETY: as promised by the caller; `k` stays below `taps`.
    unsafe {
        let mut sums = [V::splat(0.0); SUMS];
        let places: [V; FRAMES] = std::array::from_fn(|f| V::splat(turn.place[f]));
        for k in (0..taps).step_by(V::LANES) {
            let mut rows = [V::splat(0.0); POWERS];
            for f in 0..FRAMES {
                if f == 0 || !SAME {
                    rows = std::array::from_fn(|p| V::row(turn.rows[f].wrapping_add(p * taps + k)));
                }
                let [r0, r1, r2, r3] = rows;
                let x = places[f];
                let blended = V::multiply_add(r3, x, r2);
                let blended = V::multiply_add(blended, x, r1);
                let blended = V::multiply_add(blended, x, r0);
                for c in 0..CHANNELS {
                    let input = V::input(planes[c].wrapping_add(turn.index[f] + k));
                    sums[c * FRAMES + f] = V::multiply_add(blended, input, sums[c * FRAMES + f]);
                }
            }
        }
        V::fold(sums)
    }
}
