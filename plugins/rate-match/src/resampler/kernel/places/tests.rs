use super::*;
use crate::{noise::Noise, resampler::kernel::portable};

const ROWS: Rows<'_, f32> = Rows { elements: &[], phases: 22, taps: 64, half: 32, powers: 4 };
const MASK: usize = 4095;

#[test]
fn frames_in_a_row_are_found_where_each_by_itself_is() {
    let (mut noise, mut found) = (Noise(1), 0);
    for round in 0..20_000 {
        let ppm = [1.0, 100.0, 5_000.0][round % 3] * noise.normal();
        let frame = (noise.uniform() * 1e6) as i64 - 1_000;
        let mut path = Path::new(frame, noise.uniform(), 1.0);
        if round % 7 > 0 {
            path.set_step(1.0 + ppm * 1e-6);
            path.ramp_to(1.0 + noise.normal() * ppm * 1e-6, 480);
        }
        let count = 1 + round % BATCH;
        let (mut each, mut all) = (Places::new(), Places::new());
        let (mut path_of_each, mut path_of_all) = (path, path);
        locate::<portable::Single>(ROWS, MASK, &mut path_of_each, count, &mut each);
        if locate_in_a_row::<portable::Single>(ROWS, MASK, &mut path_of_all, count, &mut all) {
            found += 1;
            assert_eq!(all.index, each.index, "round {round}");
            assert_eq!(all.row, each.row, "round {round}");
            assert_eq!(all.place, each.place, "round {round}");
            assert_eq!(path_of_all, path_of_each, "round {round}");
        } else {
            assert_eq!(path_of_all, path);
        }
    }
    assert!((10_000..19_000).contains(&found), "{found} were in a row");
}
