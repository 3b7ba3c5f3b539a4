//! What becomes of drift within the tolerance and beyond it (LS-84, LS-85), while resampling.

use driftless_rate_match::{Against, LinkConfig, Period, Phase, link};

const RATE: f64 = 48_000.0;
const PERIOD: usize = 480;
const TOLERANCE_NS: i64 = 10_000_000;

/// A period, and whether all of it is silent.
struct Played {
    period: Period,
    is_silent: bool,
}

/// A minute of a constant from a source whose clock is `ppm` off, stamped to be heard after 200 ms.
fn play(ppm: f64) -> Vec<Played> {
    let (mut writer, mut player) = link(LinkConfig {
        channels: 1,
        against: Against::Stamps,
        tolerance_ns: TOLERANCE_NS,
        ..LinkConfig::default()
    })
    .expect("the configuration is in range");
    let time_ns = |frames: i64| (frames as f64 / (RATE * (1.0 + ppm * 1e-6)) * 1e9) as i64;
    let (mut written, mut periods) = (0i64, Vec::new());
    for played in (0..(60.0 * RATE) as i64).step_by(PERIOD) {
        let now_ns = (played as f64 / RATE * 1e9).round() as i64;
        while time_ns(written + 240) <= now_ns {
            writer.write(&[0.5; 240], Some(time_ns(written) + 200_000_000), now_ns, false);
            written += 240;
        }
        let mut out = [0.0f32; PERIOD];
        let period = player.fill(&mut out, now_ns);
        periods.push(Played { period, is_silent: out.iter().all(|value| *value == 0.0) });
    }
    periods
}

/// LS-84, LS-85: a clock further off than the ratio may bend, so that drift goes on while it resamples.
#[test]
fn drift_beyond_the_tolerance_is_dropped_or_inserted_at_once_and_within_it_nothing_is() {
    let limit_ppm = LinkConfig::default().tuning.limit_ppm;
    for ppm in [limit_ppm + 3_000.0, -limit_ppm - 3_000.0] {
        let periods = play(ppm);
        let mut corrections = Vec::new();
        for (index, Played { period, .. }) in periods.iter().enumerate() {
            let (dropped, inserted) = (period.dropped_frames, period.inserted_frames);
            if dropped + inserted == 0 {
                continue;
            }
            // Behind its master it drops, ahead of it it inserts; and neither within the tolerance.
            let error_ns = period.error_ns;
            assert!(error_ns.abs() >= TOLERANCE_NS, "{ppm} ppm, period {index}: {period:?}");
            assert_eq!((dropped > 0, inserted > 0), (error_ns > 0, error_ns < 0), "{period:?}");
            let moved_ns = (dropped + inserted) as f64 / RATE * 1e9;
            let off_ns = (moved_ns - error_ns.abs() as f64).abs();
            assert!(off_ns < 0.1 * TOLERANCE_NS as f64, "{ppm} ppm: {moved_ns}, {period:?}");
            let plays = |it: &Played| matches!(it.period.phase, Phase::Acquire | Phase::Track);
            let after: Vec<&Played> = periods[index + 1..].iter().take(5).collect();
            let silent = after.iter().take_while(|it| it.is_silent).count();
            // What is inserted is silence: 10 ms, of which some lies in the periods that it begins and ends in.
            assert!(if inserted > 0 { silent <= 2 } else { silent == 0 }, "{ppm} ppm: {silent}");
            let next = after.into_iter().find(|it| plays(it)).map(|it| it.period);
            // Drift may go either way now: a tenth of the tolerance is left, and no more.
            let left_ns = next.map(|next| next.error_ns.abs());
            assert!(left_ns < Some(TOLERANCE_NS / 10), "{ppm} ppm, period {index}: {next:?}");
            corrections.push(index);
        }
        // 3000 ppm is 10 ms in 3.3 s.
        assert!((12..=22).contains(&corrections.len()), "{ppm} ppm: {corrections:?}");
        let last = periods.last().expect("it has played").period;
        assert!((last.ratio_ppm.abs() - limit_ppm).abs() < 1.0, "{ppm} ppm: {last:?}");
    }
}
