//! 128-bit vectors of AArch64, which every such processor has.

use std::arch::aarch64::*;

use super::{Batch, Coefficients, History, Path, SUMS, Sink, Vector, channels, turns};

/// Four `f32`.
#[derive(Clone, Copy)]
struct Quad(float32x4_t);

/// Two `f64`.
#[derive(Clone, Copy)]
struct Pair(float64x2_t);

/// Runs on 128-bit vectors.
pub(super) fn run<S: Sink>(
    coefficients: Coefficients<'_>,
    history: &History,
    path: &mut Path,
    frames: usize,
    sink: &mut S,
) {
    match coefficients {
        Coefficients::Single(rows) => {
            // SAFETY: every AArch64 processor has these instructions.
            unsafe { channels::<Quad, S>(rows, history, path, frames, sink) }
        }
        Coefficients::Double(rows) => {
            // SAFETY: every AArch64 processor has these instructions.
            unsafe { channels::<Pair, S>(rows, history, path, frames, sink) }
        }
    }
}

impl Vector for Quad {
    type Element = f32;
    const LANES: usize = 4;
    const MANY: bool = true;
    const ALIGNS: bool = false;
    type Shift = ();

    #[inline(always)]
    fn place(fraction: u64) -> f32 {
        (fraction >> 40) as u32 as f32 * (1.0 / (1u32 << 24) as f32)
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: the caller vouches for the processor.
        Self(unsafe { vdupq_n_f32(value) })
    }

    #[inline(always)]
    unsafe fn row(row: *const f32) -> Self {
        // SAFETY: the caller vouches for four elements.
        Self(unsafe { vld1q_f32(row) })
    }

    #[inline(always)]
    unsafe fn input(input: *const f32) -> Self {
        // SAFETY: the caller vouches for four values.
        Self(unsafe { vld1q_f32(input) })
    }

    #[inline(always)]
    unsafe fn multiply_add(a: Self, b: Self, c: Self) -> Self {
        // SAFETY: the caller vouches for the processor.
        Self(unsafe { vfmaq_f32(c.0, a.0, b.0) })
    }

    #[inline(always)]
    unsafe fn shift(_: usize) {}

    #[inline(always)]
    unsafe fn shifted(_: Self, newer: Self, (): ()) -> Self {
        newer
    }

    #[inline(always)]
    unsafe fn fold(sums: [Self; SUMS]) -> [f32; SUMS] {
        // SAFETY: the caller vouches for the processor.
        sums.map(|s| unsafe { vaddvq_f32(s.0) })
    }

    #[inline(never)]
    #[target_feature(enable = "neon")]
    unsafe fn turns<
        S,
        const POWERS: usize,
        const CHANNELS: usize,
        const ROW: usize,
        const FRAMES: usize,
    >(
        batch: &Batch<'_, Self::Element>,
        sink: &mut S,
    ) -> usize
    where
        S: Sink,
    {
        // SAFETY: as promised by the caller.
        unsafe { turns::<Self, S, POWERS, CHANNELS, ROW, FRAMES>(batch, sink) }
    }
}

impl Vector for Pair {
    type Element = f64;
    const LANES: usize = 2;
    const MANY: bool = true;
    const ALIGNS: bool = false;
    type Shift = ();

    #[inline(always)]
    fn place(fraction: u64) -> f64 {
        (fraction >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    #[inline(always)]
    unsafe fn splat(value: f64) -> Self {
        // SAFETY: the caller vouches for the processor.
        Self(unsafe { vdupq_n_f64(value) })
    }

    #[inline(always)]
    unsafe fn row(row: *const f64) -> Self {
        // SAFETY: the caller vouches for two elements.
        Self(unsafe { vld1q_f64(row) })
    }

    #[inline(always)]
    unsafe fn input(input: *const f32) -> Self {
        // SAFETY: the caller vouches for two values.
        let single = unsafe { vld1_f32(input) };
        // SAFETY: the caller vouches for the processor.
        Self(unsafe { vcvt_f64_f32(single) })
    }

    #[inline(always)]
    unsafe fn multiply_add(a: Self, b: Self, c: Self) -> Self {
        // SAFETY: the caller vouches for the processor.
        Self(unsafe { vfmaq_f64(c.0, a.0, b.0) })
    }

    #[inline(always)]
    unsafe fn shift(_: usize) {}

    #[inline(always)]
    unsafe fn shifted(_: Self, newer: Self, (): ()) -> Self {
        newer
    }

    #[inline(always)]
    unsafe fn fold(sums: [Self; SUMS]) -> [f32; SUMS] {
        // SAFETY: the caller vouches for the processor.
        sums.map(|s| unsafe { vaddvq_f64(s.0) } as f32)
    }

    #[inline(never)]
    #[target_feature(enable = "neon")]
    unsafe fn turns<
        S,
        const POWERS: usize,
        const CHANNELS: usize,
        const ROW: usize,
        const FRAMES: usize,
    >(
        batch: &Batch<'_, Self::Element>,
        sink: &mut S,
    ) -> usize
    where
        S: Sink,
    {
        // SAFETY: as promised by the caller.
        unsafe { turns::<Self, S, POWERS, CHANNELS, ROW, FRAMES>(batch, sink) }
    }
}
