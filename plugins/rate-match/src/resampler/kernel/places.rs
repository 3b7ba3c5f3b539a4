//! Where the frames of a batch are read: found for all of them at once, then used for every channel.

use super::{Rows, Vector};
use crate::resampler::Path;

/// Frames whose places are found in one go.
pub(super) const BATCH: usize = 64;
/// Frames in the largest turn.
pub(super) const TURN: usize = 8;

/// Where the frames of a batch are read; the last one is repeated to fill the last turn.
pub(super) struct Places<E> {
    pub index: [usize; BATCH + TURN],
    pub row: [usize; BATCH + TURN],
    pub place: [E; BATCH + TURN],
}

impl<E: Copy + Default> Places<E> {
    #[inline(always)]
    pub fn new() -> Self {
        Self {
            index: [0; BATCH + TURN],
            row: [0; BATCH + TURN],
            place: [E::default(); BATCH + TURN],
        }
    }
}

/// Finds the places of `count` frames and moves the path over them.
#[inline(always)]
pub(super) fn locate<V: Vector>(
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
pub(super) fn locate_in_a_row<V: Vector>(
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
    let (step, ramp) = path.locate_steps(rows.phases);
    // A turn at a time, each frame on from its own in the turn before: vectors instead of a chain.
    let nth = |f: u64| {
        let ramps = ramp.wrapping_mul(f * f.wrapping_sub(1) / 2);
        fraction.wrapping_add(step.wrapping_mul(f)).wrapping_add(ramps)
    };
    let mut fractions: [u64; TURN] = std::array::from_fn(|f| nth(f as u64));
    let mut steps: [u64; TURN] =
        std::array::from_fn(|f| nth((f + TURN) as u64).wrapping_sub(fractions[f]));
    for places in places.place[..count.next_multiple_of(TURN)].chunks_exact_mut(TURN) {
        for ((place, fraction), step) in places.iter_mut().zip(&mut fractions).zip(&mut steps) {
            *place = V::place(*fraction);
            *fraction = fraction.wrapping_add(*step);
            *step = step.wrapping_add(ramp.wrapping_mul((TURN * TURN) as u64));
        }
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

#[cfg(test)]
mod tests;
