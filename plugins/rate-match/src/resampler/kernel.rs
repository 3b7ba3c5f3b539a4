//! The inner loop: coefficients blended once a frame, then used for every channel.

use crate::{
    History,
    resampler::{
        Path,
        table::{POWERS, Table},
    },
};

/// Longest filter.
const MAX_TAPS: usize = 2048;

/// Writes `frames` frames along `path`; `put` takes (frame, channel, value).
pub(crate) fn run(
    table: &Table,
    history: &History,
    path: &mut Path,
    frames: usize,
    mut put: impl FnMut(usize, usize, f32),
) {
    let taps = table.taps();
    let mut blended = [0.0f32; MAX_TAPS];
    for frame in 0..frames {
        let (position, phase, place) = path.locate(table.phases());
        blend(&mut blended[..taps], table.rows(phase), place);
        for channel in 0..history.channels() {
            let window = history.window(channel, position - (taps as i64 / 2 - 1), taps);
            put(frame, channel, dot(window, &blended[..taps]));
        }
        path.advance();
    }
}

fn blend(out: &mut [f32], rows: [&[f32]; POWERS], place: f32) {
    let [r0, r1, r2, r3] = rows;
    for (k, out) in out.iter_mut().enumerate() {
        *out = ((r3[k] * place + r2[k]) * place + r1[k]) * place + r0[k];
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 16];
    for (a, b) in a.chunks_exact(16).zip(b.chunks_exact(16)) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}
