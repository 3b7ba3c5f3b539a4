//! One sine by least squares, frequency included (IEEE Std 1057, four-parameter fit).

use std::f64::consts::TAU;

/// A sine, and what is left when it is taken away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Turns per frame.
    pub frequency: f64,
    /// Peak.
    pub amplitude: f64,
    /// Phase of the cosine in the middle of the stretch, in radians.
    pub phase: f64,
    /// Mean square of the rest.
    pub rest: f64,
}

impl Fit {
    /// Everything else against the sine, in dB.
    pub fn thd_n_db(&self) -> f64 {
        10.0 * (self.rest / (self.amplitude * self.amplitude / 2.0)).log10()
    }
}

/// Fits a sine near `frequency` (turns per frame) to `values`.
///
/// Gauss-Newton from a guess that is off by less than half a turn over the stretch; three steps are
/// enough for the precision of f64. The middle of the stretch is the origin, so that phase and
/// frequency do not lean on each other.
pub fn fit(values: &[f32], frequency: f64) -> Fit {
    let (mut frequency, mut cosine, mut sine, mut offset) = (frequency, 0.0, 0.0, 0.0);
    for step in 0..4 {
        // The slope by frequency is known once there is an amplitude.
        let unknowns = if step == 0 { 3 } else { 4 };
        let mut normal = [[0.0; 5]; 4];
        for (time, value) in timed(values) {
            let (s, c) = (TAU * frequency * time).sin_cos();
            let slope = TAU * time * (sine * c - cosine * s);
            let row = [c, s, 1.0, slope, value];
            for i in 0..unknowns {
                for j in i..unknowns {
                    normal[i][j] += row[i] * row[j];
                }
                normal[i][4] += row[i] * row[4];
            }
        }
        let solution = solve(normal, unknowns);
        [cosine, sine, offset] = [solution[0], solution[1], solution[2]];
        frequency += solution[3];
    }
    let rest = timed(values).map(|(time, value)| {
        let (s, c) = (TAU * frequency * time).sin_cos();
        (value - cosine * c - sine * s - offset).powi(2)
    });
    Fit {
        frequency,
        amplitude: cosine.hypot(sine),
        phase: (-sine).atan2(cosine),
        rest: rest.sum::<f64>() / values.len().max(1) as f64,
    }
}

fn timed(values: &[f32]) -> impl Iterator<Item = (f64, f64)> {
    let middle = (values.len() as f64 - 1.0) / 2.0;
    values.iter().enumerate().map(move |(at, value)| (at as f64 - middle, f64::from(*value)))
}

/// Solves symmetric normal equations, of which the upper half is given; unknowns that nothing is
/// said about are 0.
fn solve(mut rows: [[f64; 5]; 4], unknowns: usize) -> [f64; 4] {
    let upper = rows;
    for (i, row) in rows.iter_mut().enumerate().take(unknowns) {
        for (j, value) in row.iter_mut().enumerate().take(i) {
            *value = upper[j][i];
        }
    }
    for pivot in 0..unknowns {
        if rows[pivot][pivot].abs() < 1e-300 {
            continue;
        }
        for other in (0..unknowns).filter(|other| *other != pivot) {
            let factor = rows[other][pivot] / rows[pivot][pivot];
            let row = rows[pivot];
            for (value, by) in rows[other].iter_mut().zip(row) {
                *value -= factor * by;
            }
        }
    }
    std::array::from_fn(|i| match i < unknowns && rows[i][i].abs() >= 1e-300 {
        true => rows[i][4] / rows[i][i],
        false => 0.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequency_amplitude_and_phase_of_a_known_sine_are_found() {
        let frequency = 997.0 * (1.0 + 500e-6) / 48_000.0;
        let values: Vec<f32> = (0..12_000)
            .map(|n| (0.5 * (TAU * frequency * f64::from(n)).cos() + 0.1) as f32)
            .collect();
        let found = fit(&values, 997.0 / 48_000.0);
        assert!((found.frequency / frequency - 1.0).abs() < 1e-9, "{found:?}");
        assert!((found.amplitude - 0.5).abs() < 1e-7, "{found:?}");
        // f32 keeps 24 bits.
        assert!(found.thd_n_db() < -140.0, "{} dB", found.thd_n_db());
    }

    #[test]
    fn a_harmonic_at_minus_100_db_is_measured_within_a_hundredth_of_a_db() {
        let turn = TAU * 997.0 / 48_000.0;
        let values: Vec<f32> = (0..48_000)
            .map(|n| f64::from(n) * turn)
            .map(|at| (at.sin() + 1e-5 * (3.0 * at).sin()) as f32)
            .collect();
        let found = fit(&values, 997.0 / 48_000.0).thd_n_db();
        assert!((found + 100.0).abs() < 0.01, "{found} dB");
    }

    #[test]
    fn silence_has_no_amplitude() {
        assert_eq!(fit(&[0.0; 480], 0.02).amplitude, 0.0);
    }
}
