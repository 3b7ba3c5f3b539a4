//! 512-bit vectors of x86-64. The compiler has them from 1.89 on; `build.rs` sees to that.
#![expect(clippy::incompatible_msrv, reason = "compiled only where the compiler has them")]

use std::arch::x86_64::*;

use super::{Batch, Coefficients, History, Path, SUMS, Sink, Vector, channels, turns, x86::array};

/// Sixteen `f32`.
#[derive(Clone, Copy)]
struct Wide(__m512);

/// Eight `f64`.
#[derive(Clone, Copy)]
struct WideDouble(__m512d);

/// Runs on 512-bit vectors. Only called where [`super::Instructions::available`] has them.
pub(super) fn run<S: Sink>(
    coefficients: Coefficients<'_>,
    history: &History,
    path: &mut Path,
    frames: usize,
    sink: &mut S,
) {
    assert!(is_x86_feature_detected!("avx512f"), "chosen from what is available");
    // SAFETY: just asserted.
    unsafe { enter_512(coefficients, history, path, frames, sink) }
}

#[target_feature(enable = "avx512f")]
fn enter_512<S: Sink>(
    coefficients: Coefficients<'_>,
    history: &History,
    path: &mut Path,
    frames: usize,
    sink: &mut S,
) {
    match coefficients {
        Coefficients::Single(rows) => {
            // SAFETY: this function has the instructions.
            unsafe { channels::<Wide, S>(rows, history, path, frames, sink) }
        }
        Coefficients::Double(rows) => {
            // SAFETY: this function has the instructions.
            unsafe { channels::<WideDouble, S>(rows, history, path, frames, sink) }
        }
    }
}

impl Vector for Wide {
    type Element = f32;
    const LANES: usize = 16;
    const MANY: bool = true;
    const ALIGNS: bool = true;
    type Shift = __m512i;

    #[inline(always)]
    fn place(fraction: u64) -> f32 {
        (fraction >> 40) as u32 as f32 * (1.0 / (1u32 << 24) as f32)
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: the caller vouches for the processor.
        Self(unsafe { _mm512_set1_ps(value) })
    }

    #[inline(always)]
    unsafe fn row(row: *const f32) -> Self {
        // SAFETY: the caller vouches for sixteen elements.
        Self(unsafe { _mm512_loadu_ps(row) })
    }

    #[inline(always)]
    unsafe fn input(input: *const f32) -> Self {
        // SAFETY: the caller vouches for sixteen values.
        Self(unsafe { _mm512_loadu_ps(input) })
    }

    #[inline(always)]
    unsafe fn multiply_add(a: Self, b: Self, c: Self) -> Self {
        // SAFETY: the caller vouches for the processor.
        Self(unsafe { _mm512_fmadd_ps(a.0, b.0, c.0) })
    }

    #[inline(always)]
    unsafe fn shift(lanes: usize) -> __m512i {
        // SAFETY: the caller vouches for the processor.
        unsafe {
            let first = _mm512_set1_epi32(16 - lanes as i32);
            let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            _mm512_add_epi32(first, lanes)
        }
    }

    #[inline(always)]
    unsafe fn shifted(older: Self, newer: Self, by: __m512i) -> Self {
        // SAFETY: the caller vouches for the processor.
        Self(unsafe { _mm512_permutex2var_ps(older.0, by, newer.0) })
    }

    #[inline(always)]
    unsafe fn fold(sums: [Self; SUMS]) -> [f32; SUMS] {
        // SAFETY: the caller vouches for the processor.
        unsafe { fold_512(sums.map(|s| s.0)) }
    }

    #[inline(never)]
    #[target_feature(enable = "avx512f")]
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

/// Eight vectors of sixteen to eight sums: halves are added while being interleaved, so that each
/// step leaves half as many vectors.
#[inline]
#[target_feature(enable = "avx512f")]
fn fold_512(v: [__m512; SUMS]) -> [f32; SUMS] {
    let two = |a, b| _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    let four = |a, b| {
        let (a, b) = (_mm512_castps_pd(a), _mm512_castps_pd(b));
        let (low, high) = (_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b));
        _mm512_add_ps(_mm512_castpd_ps(low), _mm512_castpd_ps(high))
    };
    let first = four(two(v[0], v[1]), two(v[2], v[3]));
    let second = four(two(v[4], v[5]), two(v[6], v[7]));
    // Quarters 0 and 2 of both next to quarters 1 and 3 of both.
    let even = _mm512_shuffle_f32x4::<0b10_00_10_00>(first, second);
    let odd = _mm512_shuffle_f32x4::<0b11_01_11_01>(first, second);
    let halves = _mm512_add_ps(even, odd);
    let left = _mm512_shuffle_f32x4::<0b00_00_10_00>(halves, halves);
    let right = _mm512_shuffle_f32x4::<0b00_00_11_01>(halves, halves);
    array(_mm512_castps512_ps256(_mm512_add_ps(left, right)))
}

impl Vector for WideDouble {
    type Element = f64;
    const LANES: usize = 8;
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
        Self(unsafe { _mm512_set1_pd(value) })
    }

    #[inline(always)]
    unsafe fn row(row: *const f64) -> Self {
        // SAFETY: the caller vouches for eight elements.
        Self(unsafe { _mm512_loadu_pd(row) })
    }

    #[inline(always)]
    unsafe fn input(input: *const f32) -> Self {
        // SAFETY: the caller vouches for eight values.
        let single = unsafe { _mm256_loadu_ps(input) };
        // SAFETY: the caller vouches for the processor.
        Self(unsafe { _mm512_cvtps_pd(single) })
    }

    #[inline(always)]
    unsafe fn multiply_add(a: Self, b: Self, c: Self) -> Self {
        // SAFETY: the caller vouches for the processor.
        Self(unsafe { _mm512_fmadd_pd(a.0, b.0, c.0) })
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
        sums.map(|s| unsafe { _mm512_reduce_add_pd(s.0) } as f32)
    }

    #[inline(never)]
    #[target_feature(enable = "avx512f")]
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
