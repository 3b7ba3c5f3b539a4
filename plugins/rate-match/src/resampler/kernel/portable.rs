//! Plain loops that a compiler can turn into what vectors there are.

use super::{Batch, SUMS, Sink, Vector, turns};

#[derive(Clone, Copy)]
pub(super) struct Single([f32; 8]);

#[derive(Clone, Copy)]
pub(super) struct Double([f64; 8]);

impl Vector for Single {
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
        Self([value; 8])
    }

    #[inline(always)]
    unsafe fn row(row: *const f32) -> Self {
        // SAFETY: the caller vouches for eight elements; an array may be read unaligned.
        Self(unsafe { row.cast::<[f32; 8]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn input(input: *const f32) -> Self {
        // SAFETY: the caller vouches for eight values; an array may be read unaligned.
        Self(unsafe { input.cast::<[f32; 8]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn multiply_add(a: Self, b: Self, c: Self) -> Self {
        Self(std::array::from_fn(|i| a.0[i] * b.0[i] + c.0[i]))
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
            let [a, b, c, d, e, f, g, h] = s.0;
            ((a + e) + (b + f)) + ((c + g) + (d + h))
        })
    }

    #[inline(never)]
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

impl Vector for Double {
    type Element = f64;
    const LANES: usize = 8;
    const MANY: bool = false;
    const ALIGNS: bool = false;
    type Shift = ();

    #[inline(always)]
    fn place(fraction: u64) -> f64 {
        (fraction >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    #[inline(always)]
    unsafe fn splat(value: f64) -> Self {
        Self([value; 8])
    }

    #[inline(always)]
    unsafe fn row(row: *const f64) -> Self {
        // SAFETY: the caller vouches for eight elements; an array may be read unaligned.
        Self(unsafe { row.cast::<[f64; 8]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn input(input: *const f32) -> Self {
        // SAFETY: the caller vouches for eight values; an array may be read unaligned.
        Self(unsafe { input.cast::<[f32; 8]>().read_unaligned() }.map(f64::from))
    }

    #[inline(always)]
    unsafe fn multiply_add(a: Self, b: Self, c: Self) -> Self {
        Self(std::array::from_fn(|i| a.0[i] * b.0[i] + c.0[i]))
    }

    #[inline(always)]
    unsafe fn shift(_: usize) {}

    #[inline(always)]
    unsafe fn shifted(_: Self, newer: Self, (): ()) -> Self {
        newer
    }

    #[inline(always)]
    unsafe fn fold(sums: [Self; SUMS]) -> [f32; SUMS] {
        sums.map(|s| s.0.iter().sum::<f64>() as f32)
    }

    #[inline(never)]
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
