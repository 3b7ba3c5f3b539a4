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
mod portable;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod x86;
#[cfg(all(target_arch = "x86_64", avx512))]
mod x86_wide;

use super::{
    Path,
    table::{BLOCK, Coefficients, Table},
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
            if cfg!(avx512) && is_x86_feature_detected!("avx512f") {
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
    /// Takes the first `frames` of the `FRAMES` frames that begin at `frame`, of the channels that
    /// begin at `channel`.
    fn put<const CHANNELS: usize, const FRAMES: usize>(
        &mut self,
        frame: usize,
        frames: usize,
        channel: usize,
        values: &[[f32; FRAMES]; CHANNELS],
    );
}

/// Frame after frame, the values of all channels side by side.
pub(crate) struct Interleaved<'a> {
    pub values: &'a mut [f32],
    pub channels: usize,
}

impl Sink for Interleaved<'_> {
    #[inline(always)]
    fn put<const CHANNELS: usize, const FRAMES: usize>(
        &mut self,
        frame: usize,
        frames: usize,
        channel: usize,
        values: &[[f32; FRAMES]; CHANNELS],
    ) {
        let out = &mut self.values[frame * self.channels..(frame + frames) * self.channels];
        for (f, out) in out.chunks_exact_mut(self.channels).enumerate() {
            for (value, plane) in out[channel..channel + CHANNELS].iter_mut().zip(values) {
                *value = plane[f];
            }
        }
    }
}

/// One slice a channel.
pub(crate) struct Planar<'a, 'b> {
    planes: &'a mut [&'b mut [f32]],
    begin: usize,
    frames: usize,
}

impl<'a, 'b> Planar<'a, 'b> {
    /// Frames `begin..begin + frames` of each plane. Panics when a plane is shorter.
    pub fn new(planes: &'a mut [&'b mut [f32]], begin: usize, frames: usize) -> Self {
        assert!(planes.iter().all(|plane| plane.len() >= begin + frames), "a plane is too short");
        Self { planes, begin, frames }
    }
}

impl Sink for Planar<'_, '_> {
    #[inline(always)]
    fn put<const CHANNELS: usize, const FRAMES: usize>(
        &mut self,
        frame: usize,
        frames: usize,
        channel: usize,
        values: &[[f32; FRAMES]; CHANNELS],
    ) {
        debug_assert!(frame + frames <= self.frames);
        let at = self.begin + frame;
        for (plane, values) in self.planes[channel..channel + CHANNELS].iter_mut().zip(values) {
            let first = plane.as_mut_ptr().wrapping_add(at);
            // A length known to the compiler becomes one store instead of a call.
            if frames == FRAMES {
                // SAFETY: kernels put only frames below the count they run for, and that all planes
                // have these was asserted when the sink was made.
                unsafe { first.cast::<[f32; FRAMES]>().write_unaligned(*values) };
            } else {
                plane[at..at + frames].copy_from_slice(&values[..frames]);
            }
        }
    }
}

/// A vector register of coefficients or sums.
trait Vector: Copy {
    /// What the coefficients are kept as.
    type Element: Copy + Default;
    const LANES: usize;
    /// Are there enough registers for sixteen sums?
    const MANY: bool;

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

/// Frames whose places are found in one go.
const BATCH: usize = 64;
/// Frames in the largest turn.
const TURN: usize = 8;

/// Where the frames of a batch are read; the last one is repeated to fill the last turn.
struct Places<E> {
    index: [usize; BATCH + TURN],
    row: [usize; BATCH + TURN],
    place: [E; BATCH + TURN],
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
    let mut places = Places {
        index: [0; BATCH + TURN],
        row: [0; BATCH + TURN],
        place: [V::Element::default(); BATCH + TURN],
    };
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

/// Finds the places of `count` frames and moves the path over them.
#[inline(always)]
fn locate<V: Vector>(
    rows: Rows<'_, V::Element>,
    mask: usize,
    path: &mut Path,
    count: usize,
    places: &mut Places<V::Element>,
) {
    let before = (rows.taps - rows.half - 1) as i64;
    let mut here = *path;
    for f in 0..count {
        let (frame, phase, fraction) = here.locate(rows.phases);
        places.index[f] = (frame - before) as usize & mask;
        places.row[f] = phase * rows.powers * rows.taps;
        places.place[f] = V::place(fraction);
        here.advance();
    }
    *path = here;
    fill_up(places, count);
}

/// The same where all frames follow each other in one stretch, as most do between clocks of the same nominal
/// rate: in numbers of 64 bits, for the whole of the position is known. False, and nothing done, elsewhere.
#[inline(always)]
fn locate_in_a_row<V: Vector>(
    rows: Rows<'_, V::Element>,
    mask: usize,
    path: &mut Path,
    count: usize,
    places: &mut Places<V::Element>,
) -> bool {
    let (frame, phase, fraction) = path.locate(rows.phases);
    let end = path.after(count - 1);
    let (last, last_phase, _) = end.locate(rows.phases);
    let turns_back = path.is_faster() != end.is_faster();
    if turns_back || last_phase != phase || last != frame + count as i64 - 1 {
        return false;
    }
    let first = frame - (rows.taps - rows.half - 1) as i64;
    for (f, index) in places.index[..count].iter_mut().enumerate() {
        *index = (first + f as i64) as usize & mask;
    }
    places.row[..count].fill(phase * rows.powers * rows.taps);
    let (mut step, ramp) = path.locate_steps(rows.phases);
    let mut fraction = fraction;
    for place in &mut places.place[..count] {
        *place = V::place(fraction);
        fraction = fraction.wrapping_add(step);
        step = step.wrapping_add(ramp);
    }
    *path = path.after(count);
    fill_up(places, count);
    true
}

/// Repeats the last of `count` frames until the last turn is full.
#[inline(always)]
fn fill_up<E: Copy>(places: &mut Places<E>, count: usize) {
    for f in count..count.next_multiple_of(TURN) {
        places.index[f] = places.index[count - 1];
        places.row[f] = places.row[count - 1];
        places.place[f] = places.place[count - 1];
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
    let planes = planes.map(|plane| plane.wrapping_add(places.index[first]));
    let at: [usize; FRAMES] = std::array::from_fn(|f| {
        if IN_A_ROW { f } else { places.index[first + f].wrapping_sub(places.index[first]) }
    });
    let tables: [*const V::Element; FRAMES] = std::array::from_fn(|f| {
        rows.elements.as_ptr().wrapping_add(places.row[if IN_A_ROW { first } else { first + f }])
    });
    // SAFETY: as promised by the caller; `k` stays below `taps`.
    unsafe {
        let mut sums = [[V::splat(V::Element::default()); FRAMES]; CHANNELS];
        let x: [V; FRAMES] = std::array::from_fn(|f| V::splat(places.place[first + f]));
        for k in (0..rows.taps).step_by(V::LANES) {
            let block = k / BLOCK * BLOCK * POWERS + k % BLOCK;
            let mut row = [sums[0][0]; POWERS];
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
                for c in 0..CHANNELS {
                    let input = V::input(planes[c].wrapping_add(at[f]).wrapping_add(k));
                    sums[c][f] = V::multiply_add(blended, input, sums[c][f]);
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
