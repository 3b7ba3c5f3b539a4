//! What a history that grows promises: nobody can tell it from one that had all of its room from the beginning.

use driftless_rate_match::History;
use proptest::prelude::*;

const CHANNELS: usize = 2;
const ROOM: usize = 30_000;
const WINDOW: usize = 96;

/// What is done with both, in order.
#[derive(Debug, Clone)]
enum Act {
    /// So many frames, so far behind the end, while so many before the end are still needed.
    Write {
        gap: i64,
        frames: usize,
        behind: i64,
    },
    /// One value, so far before the end.
    Set {
        before: i64,
    },
    /// Silence so far beyond the end.
    Silence {
        ahead: i64,
    },
    Clear,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let write = (0..200i64, 1..2_000usize, 0..20_000i64)
        .prop_map(|(gap, frames, behind)| Act::Write { gap, frames, behind });
    let act = prop_oneof![
        12 => write,
        2 => (1..60i64).prop_map(|before| Act::Set { before }),
        2 => (0..WINDOW as i64).prop_map(|ahead| Act::Silence { ahead }),
        1 => Just(Act::Clear),
    ];
    proptest::collection::vec(act, 1..60)
}

/// Does it with one history; returns from where on frames were held, and to where there is silence.
fn apply(history: &mut History, act: &Act, number: usize) -> (i64, i64) {
    let end = history.end();
    match *act {
        Act::Write { gap, frames, behind } => {
            let position = end + gap;
            let values: Vec<f32> =
                (0..frames * CHANNELS).map(|i| (number * 10_000 + i + 1) as f32).collect();
            history.hold(end - behind, position + frames as i64);
            history.write_interleaved(position, &values);
            (end - behind, history.end())
        }
        Act::Set { before } => {
            // What was never reached is nobody's.
            let position = (end - before).max(0);
            if position < end {
                history.set(1, position, 0.5);
            }
            (position, end)
        }
        Act::Silence { ahead } => {
            history.hold(end - WINDOW as i64, end + ahead);
            history.silence_until(end + ahead);
            (end - WINDOW as i64, end + ahead)
        }
        Act::Clear => {
            history.clear();
            (0, 0)
        }
    }
}

proptest! {
    #[test]
    fn a_history_that_grows_shows_the_same_frames_as_one_that_is_large(acts in acts()) {
        let mut large = History::new(CHANNELS, ROOM, WINDOW);
        let mut growing = History::new(CHANNELS, ROOM, WINDOW).growing(WINDOW);
        for (number, act) in acts.iter().enumerate() {
            let had = growing.oldest();
            let (held, silent) = apply(&mut large, act, number);
            prop_assert_eq!(apply(&mut growing, act, number), (held, silent));
            prop_assert_eq!(growing.end(), large.end());
            // As far back as it was told to hold, it has kept what it still had then.
            let oldest = held.max(growing.oldest()).max(0);
            if !matches!(act, Act::Set { .. }) {
                prop_assert!(growing.oldest() <= held.max(large.oldest()).max(had).max(0));
            }
            for channel in 0..CHANNELS {
                for position in (oldest..silent).step_by(WINDOW) {
                    let frames = WINDOW.min((silent - position) as usize);
                    let (one, other) = (&growing, &large);
                    prop_assert_eq!(
                        one.window(channel, position, frames),
                        other.window(channel, position, frames)
                    );
                }
            }
        }
    }
}

#[test]
fn a_history_uses_no_more_than_was_asked_for_until_more_is() {
    let mut history = History::new(CHANNELS, ROOM, WINDOW).growing(WINDOW);
    let block = [1.0; 480 * CHANNELS];
    for n in 0..100 {
        history.hold(480 * (n - 1), 480 * (n + 1));
        history.write_interleaved(480 * n, &block);
    }
    assert!(history.end() - history.oldest() < 2_048, "it holds two blocks");
    history.hold(history.end() - 480, history.end() + 20_000);
    for n in 100..200 {
        history.write_interleaved(480 * n, &block);
    }
    assert_eq!(history.end() - history.oldest(), history.capacity_frames() as i64);
}
