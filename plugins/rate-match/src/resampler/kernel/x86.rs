//! 256-bit vectors of x86-64.

use std::arch::x86_64::*;

use super::{Batch, Coefficients, History, Path, SUMS, Sink, Vector, channels, turns};

/// Eight `f32`.
#[derive(Clone, Copy)]
struct Narrow(__m256);

/// Four `f64`.
#[derive(Clone, Copy)]
struct NarrowDouble(__m256d);

/// Runs on 256-bit vectors. Only called where [`super::Instructions::available`] has them.
pub(super) fn run_256<S: Sink>(
    coefficients: Coefficients<'_>,
    history: &History,
    path: &mut Path,
    frames: usize,
    sink: &mut S,
) {
    let there = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    assert!(there, "chosen from what is available");
    // SAFETY: just asserted.
    unsafe { enter_256(coefficients, history, path, frames, sink) }
}

#[target_feature(enable = "avx2,fma")]
fn enter_256<S: Sink>(
    coefficients: Coefficients<'_>,
    history: &History,
    path: &mut Path,
    frames: usize,
    sink: &mut S,
) {
    match coefficients {
        Coefficients::Single(rows) => {
            // SAFETY: this function has the instructions.
            unsafe { channels::<Narrow, S>(rows, history, path, frames, sink) }
        }
        Coefficients::Double(rows) => {
            // SAFETY: this function has the instructions.
            unsafe { channels::<NarrowDouble, S>(rows, history, path, frames, sink) }
        }
    }
}

#[inline]
#[target_feature(enable = "avx")]
pub(super) fn array(v: __m256) -> [f32; SUMS] {
    let mut out = [0.0; SUMS];
    // SAFETY: the array has room for the eight values of the vector.
    unsafe { _mm256_storeu_ps(out.as_mut_ptr(), v) };
    out
}

impl Vector for Narrow {
    type Element = f32;
    const LANES: usize = 8;
    const MANY: bool = false;
    const ALIGNS: bool = false;
    type Shift = ();

    #[inline(always)]
    fn place(fraction: u64) -> f32 {
        (fraction >> 40) as u32 as f32 * (1.0 / (1u32 << 24) as f32)
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: the caller vouches for the processor.
        Self(unsafe { _mm256_set1_ps(value) })
    }

    #[inline(always)]
    unsafe fn row(row: *const f32) -> Self {
        // SAFETY: the caller vouches for eight elements.
        Self(unsafe { _mm256_loadu_ps(row) })
    }

    #[inline(always)]
    unsafe fn input(input: *const f32) -> Self {
        // SAFETY: the caller vouches for eight values.
        Self(unsafe { _mm256_loadu_ps(input) })
    }

    #[inline(always)]
    unsafe fn multiply_add(a: Self, b: Self, c: Self) -> Self {
        // SAFETY: the caller vouches for the processor.
        Self(unsafe { _mm256_fmadd_ps(a.0, b.0, c.0) })
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
        unsafe { fold_256(sums.map(|s| s.0)) }
    }

    #[inline(never)]
    #[target_feature(enable = "avx2,fma")]
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

/// Eight vectors of eight to eight sums: halves are added while being interleaved, so that each
/// step leaves half as many vectors.
#[inline]
#[target_feature(enable = "avx2")]
fn fold_256(v: [__m256; SUMS]) -> [f32; SUMS] {
    let two = |a, b| _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    let four = |a, b| {
        let (a, b) = (_mm256_castps_pd(a), _mm256_castps_pd(b));
        let (low, high) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
        _mm256_add_ps(_mm256_castpd_ps(low), _mm256_castpd_ps(high))
    };
    let first = four(two(v[0], v[1]), two(v[2], v[3]));
    let second = four(two(v[4], v[5]), two(v[6], v[7]));
    let low = _mm256_permute2f128_ps::<0x20>(first, second);
    let high = _mm256_permute2f128_ps::<0x31>(first, second);
    array(_mm256_add_ps(low, high))
}

impl Vector for NarrowDouble {
    type Element = f64;
    const LANES: usize = 4;
    const MANY: bool = false;
    const ALIGNS: bool = false;
    type Shift = ();

    #[inline(always)]
    fn place(fraction: u64) -> f64 {
        (fraction >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    #[inline(always)]
    unsafe fn splat(value: f64) -> Self {
        // SAFETY: the caller vouches for the processor.
        Self(unsafe { _mm256_set1_pd(value) })
    }

    #[inline(always)]
    unsafe fn row(row: *const f64) -> Self {
        // SAFETY: the caller vouches for four elements.
        Self(unsafe { _mm256_loadu_pd(row) })
    }

    #[inline(always)]
    unsafe fn input(input: *const f32) -> Self {
        // SAFETY: the caller vouches for four values.
        let single = unsafe { _mm_loadu_ps(input) };
        // SAFETY: the caller vouches for the processor.
        Self(unsafe { _mm256_cvtps_pd(single) })
    }

    #[inline(always)]
    unsafe fn multiply_add(a: Self, b: Self, c: Self) -> Self {
        // SAFETY: the caller vouches for the processor.
        Self(unsafe { _mm256_fmadd_pd(a.0, b.0, c.0) })
    }

    #[inline(always)]
    unsafe fn shift(_: usize) {}

    #[inline(always)]
    unsafe fn shifted(_: Self, newer: Self, (): ()) -> Self {
        newer
    }

    #[inline(always)]
    unsafe fn fold(sums: [Self; SUMS]) -> [f32; SUMS] {
        sums.map(|s| {
            let mut lanes = [0.0f64; 4];
            // SAFETY: the array has room for the four values of the vector.
            unsafe { _mm256_storeu_pd(lanes.as_mut_ptr(), s.0) };
            lanes.iter().sum::<f64>() as f32
        })
    }

    #[inline(never)]
    #[target_feature(enable = "avx2,fma")]
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
