//! What a link makes of blocks that are longer than its delay, in virtual time.

use driftless_rate_match::{Against, LinkConfig, Period, Phase, link};

const RATE: f64 = 48_000.0;
const PERIOD: usize = 480;
const PPM: f64 = 60.0;
const SECONDS: f64 = 60.0;
/// Of this: what is heard from then on.
const SETTLED_S: f64 = 30.0;

/// What was made of a source.
#[derive(Debug, Default)]
struct Played {
    /// Frames of silence from when playing began until the end, and of them those once settled.
    silent: usize,
    silent_settled: usize,
    began_s: Option<f64>,
    resyncs: u32,
    discontinuities: u32,
    lost_frames: usize,
    ratio_off_ppm: f64,
    /// What was said last.
    last: Period,
}

/// A constant in blocks of `block_ms(second)`, stamped to be heard 40 ms after each was begun, which comes when its last frame
/// is made.
fn play(against: Against, capacity_s: f64, block_ms: impl Fn(f64) -> f64) -> Played {
    let capacity_ns = (capacity_s * 1e9) as i64;
    let config = LinkConfig { channels: 1, against, capacity_ns, ..LinkConfig::default() };
    let (mut writer, mut player) = link(config).expect("the configuration is in range");
    let made_s = |frame: i64| frame as f64 / (RATE * (1.0 + PPM * 1e-6));
    let (mut written, mut it) = (0i64, Played::default());
    for played in (0..(SECONDS * RATE) as i64).step_by(PERIOD) {
        let now = played as f64 / RATE;
        loop {
            let end = written + (block_ms(made_s(written)) * 48.0) as i64;
            if made_s(end) > now {
                break;
            }
            let due_ns = ((made_s(written) + 0.040) * 1e9) as i64;
            let block = vec![0.5; (end - written) as usize];
            let done = writer.write(&block, Some(due_ns), (made_s(end) * 1e9) as i64, false);
            it.lost_frames += done.lost_frames;
            written = end;
        }
        let mut out = [0.0f32; PERIOD];
        let period = player.fill(&mut out, (now * 1e9).round() as i64);
        let silent = out.iter().filter(|value| **value < 0.45).count();
        if it.began_s.is_none() && silent < PERIOD {
            it.began_s = Some(now);
        }
        if it.began_s.is_some() {
            it.silent += silent;
        }
        it.resyncs += period.resyncs;
        it.discontinuities += period.discontinuities;
        if now > SETTLED_S {
            it.silent_settled += silent;
            it.ratio_off_ppm = it.ratio_off_ppm.max((period.ratio_ppm - PPM).abs());
        }
        it.last = period;
    }
    it
}

const ALL: [Against; 3] = [Against::Arrivals, Against::PrivateStamps, Against::Stamps];

/// What blocks of so many milliseconds may add to the delay asked for: their length, a period and a bit.
fn most_added_ns(block_ms: f64) -> i64 {
    ((block_ms + 25.0) * 1e6) as i64
}

#[test]
fn blocks_longer_than_the_delay_make_it_longer_and_are_played_without_a_break() {
    for against in ALL {
        for block_ms in [5.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0] {
            let it = play(against, 3.0, |_| block_ms);
            let about = format!("{against:?}, {block_ms} ms: {it:?}");
            // A period more than they take, and no silence but the fade at the begin.
            assert!(it.began_s.is_some_and(|at| at < block_ms * 1e-3 + 0.060), "{about}");
            assert!(it.silent <= 120, "{about}");
            assert_eq!((it.resyncs, it.discontinuities, it.lost_frames), (1, 0, 0), "{about}");
            assert!(it.ratio_off_ppm < 1.0, "{about}");
            let (least_ns, asked_ns) =
                (it.last.delay_ns, if against == Against::Stamps { 0 } else { 40_000_000 });
            assert!((asked_ns..=asked_ns + most_added_ns(block_ms)).contains(&least_ns), "{about}");
            assert_eq!(it.last.phase, Phase::Track, "{about}");
        }
    }
}

#[test]
fn blocks_that_become_longer_are_one_discontinuity() {
    for against in ALL {
        for long_ms in [60.0, 100.0, 200.0, 500.0] {
            let it = play(against, 3.0, |t| if t < 15.0 { 5.0 } else { long_ms });
            let about = format!("{against:?}, {long_ms} ms: {it:?}");
            assert_eq!((it.discontinuities, it.lost_frames), (1, 0), "{about}");
            // Two blocks are waited for, and the third one's begin.
            assert!(it.silent < (3.0 * long_ms * 48.0) as usize + 4_800, "{about}");
            assert_eq!(it.silent_settled, 0, "{about}");
            assert!(it.ratio_off_ppm < 1.0, "{about}");
        }
    }
}

/// The writer says what it lost each time; the rest is heard.
#[test]
fn of_blocks_longer_than_the_queue_what_fits_is_heard() {
    for against in ALL {
        let it = play(against, 0.3, |_| 500.0);
        let about = format!("{against:?}: {it:?}");
        assert!(it.lost_frames > 1_000_000, "{about}");
        let heard = (SECONDS - SETTLED_S) * RATE - it.silent_settled as f64;
        assert!(heard > 0.55 * (SECONDS - SETTLED_S) * RATE, "{about}");
    }
}
