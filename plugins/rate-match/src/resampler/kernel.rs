//! The inner loop: coefficients blended in registers once a frame, then used for every channel.
//!
//! Several sums are made at a time, say 8 frames of two channels: they hide each other's latency,
//! share the rows where neighbouring frames lie in the same stretch, and a tree of shuffles folds
//! eight of them at the end, which costs a third of folding each by itself.
//!
//! Unsafe code is allowed in this file because that is what vector instructions take: loads from
//! raw pointers, and functions that only run where the processor has them.
#![allow(unsafe_code)]
// One promise of the caller, the processor's instructions, stands for every line of a kernel.
#![allow(clippy::multiple_unsafe_ops_per_block)]

#[cfg(target_arch = "aarch64")]
mod neon;
mod places;
mod portable;
mod sink;
#[cfg(target_arch = "x86_64")]
mod x86;
#[cfg(all(target_arch = "x86_64", avx512))]
mod x86_wide;

use super::{
    Path,
    table::{BLOCK, Coefficients, Table},
};
use crate::History;
use places::{BATCH, Places, TURN, locate, locate_in_a_row};
pub(crate) use sink::{Interleaved, Planar, Sink};

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
            if cfg!(avx512) && is_x86_feature_detected!("avx512f") {
                found.push(Self::Avx512);
            }
        }
        #[cfg(target_arch = "aarch64")]
        found.push(Self::Neon);
        found
    }
}

/// A vector register of coefficients or sums.
trait Vector: Copy {
    /// What the coefficients are kept as.
    type Element: Copy + Default;
    const LANES: usize;
    /// Are there enough registers for sixteen sums?
    const MANY: bool;
    /// Is a vector that begins anywhere much dearer to load than one that begins at a multiple of `LANES`?
    const ALIGNS: bool;
    /// By how much lanes are moved.
    type Shift: Copy;

    /// A fraction of 2^64 as a number below 1.
    fn place(fraction: u64) -> Self::Element;
    /// # Safety
    /// As for every function here: the processor has the instructions.
    unsafe fn splat(value: Self::Element) -> Self;
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
    /// What [`shifted`](Self::shifted) takes to move by `lanes`, 0 to below `LANES`.
    ///
    /// # Safety
    /// The processor has the instructions.
    unsafe fn shift(lanes: usize) -> Self::Shift;
    /// Of `older` and `newer` side by side, the vector that ends so many lanes before the end.
    ///
    /// # Safety
    /// The processor has the instructions.
    unsafe fn shifted(older: Self, newer: Self, by: Self::Shift) -> Self;
    /// The sum over the lanes of each.
    ///
    /// # Safety
    /// The processor has the instructions.
    unsafe fn fold(sums: [Self; SUMS]) -> [f32; SUMS];
    /// [`turns`], compiled for these instructions and not inlined: many of them in one function
    /// would spill each other's registers.
    ///
    /// # Safety
    /// As for [`turns`].
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
        S: Sink;
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
        #[cfg(all(target_arch = "x86_64", avx512))]
        (Instructions::Avx512, coefficients) => {
            x86_wide::run(coefficients, history, path, frames, sink)
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

/// The rows of a table: for each stretch its taps in blocks, for each block `powers` rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a, E> {
    pub elements: &'a [E],
    pub phases: usize,
    pub taps: usize,
    pub half: usize,
    pub powers: usize,
}

/// All channels, batch by batch.
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
    // What all reads rest on: a window may begin at any index up to the mask, a row at any phase.
    assert!(history.plane(0).len() > history.mask() + rows.taps + TURN);
    assert!(rows.taps % BLOCK == 0 && rows.elements.len() == rows.phases * rows.powers * rows.taps);
    let mut places = Places::new();
    let near_unity = (path.step() - 1.0).abs() < 0.01;
    for begin in (0..frames).step_by(BATCH) {
        let count = (frames - begin).min(BATCH);
        if !(near_unity && locate_in_a_row::<V>(rows, history.mask(), path, count, &mut places)) {
            locate::<V>(rows, history.mask(), path, count, &mut places);
        }
        let mut channel = 0;
        while channel < history.channels() {
            let batch = Batch { rows, history, places: &places, begin, count, channel, near_unity };
            // SAFETY: the lengths are asserted above; the caller vouches for the processor.
            channel += unsafe {
                match rows.powers {
                    4 => group::<V, S, 4>(&batch, sink),
                    _ => group::<V, S, 6>(&batch, sink),
                }
            };
        }
    }
}

/// What a group of channels is made from.
struct Batch<'a, E> {
    rows: Rows<'a, E>,
    history: &'a History,
    places: &'a Places<E>,
    begin: usize,
    count: usize,
    channel: usize,
    /// Neighbouring frames are about one input frame apart.
    near_unity: bool,
}

/// As many of the channels that are left as fit; returns how many.
///
/// # Safety
/// All places are inside the history and the rows; the processor has the instructions of `V`.
#[inline(always)]
unsafe fn group<V: Vector, S: Sink, const POWERS: usize>(
    batch: &Batch<'_, V::Element>,
    sink: &mut S,
) -> usize {
    let left = batch.history.channels() - batch.channel;
    // SAFETY: the caller vouches for both.
    unsafe {
        match (left, V::MANY) {
            (8.., true) => V::turns::<S, POWERS, 8, 2, 2>(batch, sink),
            (8.., false) => V::turns::<S, POWERS, 8, 1, 1>(batch, sink),
            (4.., true) => V::turns::<S, POWERS, 4, 4, 2>(batch, sink),
            (4.., false) => V::turns::<S, POWERS, 4, 2, 2>(batch, sink),
            (2.., true) => V::turns::<S, POWERS, 2, 8, 4>(batch, sink),
            (2.., false) => V::turns::<S, POWERS, 2, 4, 4>(batch, sink),
            _ => V::turns::<S, POWERS, 1, 8, 8>(batch, sink),
        }
    }
}

/// `CHANNELS` channels; a turn is `ROW` frames in a row where they follow each other in the same
/// stretch, else `FRAMES` frames. Returns `CHANNELS`.
///
/// # Safety
/// As for [`group`].
#[inline(always)]
unsafe fn turns<
    V: Vector,
    S: Sink,
    const POWERS: usize,
    const CHANNELS: usize,
    const ROW: usize,
    const FRAMES: usize,
>(
    batch: &Batch<'_, V::Element>,
    sink: &mut S,
) -> usize {
    let Batch { history, places, begin, count, channel, near_unity, .. } = *batch;
    let planes = std::array::from_fn(|c| history.plane(channel + c).as_ptr());
    let mut f = 0;
    while f < count {
        let last = f + ROW - 1;
        let in_a_row = near_unity
            && places.row[last] == places.row[f]
            && places.index[last] == places.index[f] + ROW - 1;
        if in_a_row {
            // SAFETY: as promised by the caller; just tested.
            let values = unsafe { sums::<V, POWERS, CHANNELS, ROW, true>(batch, planes, f) };
            sink.put(begin + f, (count - f).min(ROW), channel, &values);
            f += ROW;
        } else {
            // SAFETY: as promised by the caller.
            let values = unsafe { sums::<V, POWERS, CHANNELS, FRAMES, false>(batch, planes, f) };
            sink.put(begin + f, (count - f).min(FRAMES), channel, &values);
            f += FRAMES;
        }
    }
    CHANNELS
}

/// The sums of a turn.
///
/// # Safety
/// As for [`group`]. With `IN_A_ROW`, all frames have the same row and follow each other.
#[inline(always)]
unsafe fn sums<
    V: Vector,
    const POWERS: usize,
    const CHANNELS: usize,
    const FRAMES: usize,
    const IN_A_ROW: bool,
>(
    batch: &Batch<'_, V::Element>,
    planes: [*const f32; CHANNELS],
    first: usize,
) -> [[f32; FRAMES]; CHANNELS] {
    let Batch { rows, places, .. } = *batch;
    // With few channels more is lost by the longer window than gained by loads that are aligned.
    let aligns = const { V::ALIGNS && CHANNELS >= 4 };
    let begin = places.index[first];
    let planes = planes.map(|plane| plane.wrapping_add(begin));
    let offset = |f: usize| match IN_A_ROW {
        true => f,
        false => places.index[first + f].wrapping_sub(begin),
    };
    let ahead: [usize; FRAMES] = std::array::from_fn(|f| match aligns {
        true => begin.wrapping_add(offset(f)) % V::LANES,
        false => 0,
    });
    let at: [usize; FRAMES] = std::array::from_fn(|f| offset(f).wrapping_sub(ahead[f]));
    let tables: [*const V::Element; FRAMES] = std::array::from_fn(|f| {
        rows.elements.as_ptr().wrapping_add(places.row[if IN_A_ROW { first } else { first + f }])
    });
    // SAFETY: as promised by the caller; `k` stays below `taps`. A window that is read from an aligned place on ends
    // at most a vector later, and not after the one of the last index, which is no further than a block from the mask.
    unsafe {
        let mut sums = [[V::splat(V::Element::default()); FRAMES]; CHANNELS];
        let shift: Option<[V::Shift; FRAMES]> =
            if aligns { Some(std::array::from_fn(|f| V::shift(ahead[f]))) } else { None };
        let mut older = [sums[0][0]; FRAMES];
        let x: [V; FRAMES] = std::array::from_fn(|f| V::splat(places.place[first + f]));
        for k in (0..rows.taps).step_by(V::LANES) {
            let block = k / BLOCK * BLOCK * POWERS + k % BLOCK;
            let mut row = [older[0]; POWERS];
            for f in 0..FRAMES {
                if f == 0 || !IN_A_ROW {
                    row = std::array::from_fn(|power| {
                        V::row(tables[f].wrapping_add(block + power * BLOCK))
                    });
                }
                let mut blended = row[POWERS - 1];
                for power in (0..POWERS - 1).rev() {
                    blended = V::multiply_add(blended, x[f], row[power]);
                }
                if let Some(shift) = shift {
                    let newer = blended;
                    blended = V::shifted(older[f], newer, shift[f]);
                    older[f] = newer;
                }
                for c in 0..CHANNELS {
                    let input = V::input(planes[c].wrapping_add(at[f]).wrapping_add(k));
                    sums[c][f] = V::multiply_add(blended, input, sums[c][f]);
                }
            }
        }
        if let Some(shift) = shift {
            let nothing = V::splat(V::Element::default());
            for f in 0..FRAMES {
                let rest = V::shifted(older[f], nothing, shift[f]);
                for c in 0..CHANNELS {
                    let input = V::input(planes[c].wrapping_add(at[f]).wrapping_add(rows.taps));
                    sums[c][f] = V::multiply_add(rest, input, sums[c][f]);
                }
            }
        }
        fold(sums)
    }
}

/// All sums, eight at a time.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn fold<V: Vector, const CHANNELS: usize, const FRAMES: usize>(
    sums: [[V; FRAMES]; CHANNELS],
) -> [[f32; FRAMES]; CHANNELS] {
    let mut values = [[0.0; FRAMES]; CHANNELS];
    for first in (0..CHANNELS * FRAMES).step_by(SUMS) {
        let eight = std::array::from_fn(|i| sums[(first + i) / FRAMES][(first + i) % FRAMES]);
        // SAFETY: as promised by the caller.
        let folded = unsafe { V::fold(eight) };
        for (i, value) in folded.into_iter().enumerate() {
            values[(first + i) / FRAMES][(first + i) % FRAMES] = value;
        }
    }
    values
}
