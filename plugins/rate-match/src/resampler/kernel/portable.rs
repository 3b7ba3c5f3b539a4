//! Plain loops that a compiler can turn into what vectors there are.

use super::{SUMS, Vector};

#[derive(Clone, Copy)]
pub(super) struct Single([f32; 8]);

#[derive(Clone, Copy)]
pub(super) struct Double([f64; 8]);

impl Vector for Single {
    type Element = f32;
    const LANES: usize = 8;

    #[inline(always)]
    unsafe fn splat(value: f64) -> Self {
        Self([value as f32; 8])
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
    unsafe fn fold(sums: [Self; SUMS]) -> [f32; SUMS] {
        sums.map(|s| {
            let [a, b, c, d, e, f, g, h] = s.0;
            ((a + e) + (b + f)) + ((c + g) + (d + h))
        })
    }
}

impl Vector for Double {
    type Element = f64;
    const LANES: usize = 8;

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
    unsafe fn fold(sums: [Self; SUMS]) -> [f32; SUMS] {
        sums.map(|s| s.0.iter().sum::<f64>() as f32)
    }
}
