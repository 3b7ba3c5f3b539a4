//! What the board promises of time.

use super::*;

fn reading(host: i64, reference: i64, rate: f64) -> RawClockReading {
    RawClockReading { host, reference, rate }
}

const SECOND: i64 = 1_000_000_000;

/// LS-69
#[test]
fn a_clock_that_steps_back_repeats_its_last_time_until_it_has_caught_up() {
    let private = [105, 106, 103, 104, 105, 106, 107, 108];
    let public = [105, 106, 106, 106, 106, 106, 107, 108];
    let mut forwards = Forwards::default();
    for (private, public) in private.into_iter().zip(public) {
        let (shown, own) = forwards.show(ReferenceTime::from_nanos(private));
        assert_eq!((shown.nanos(), own), (public, private == public));
    }
}

/// LS-M8
#[test]
fn choosing_a_clock_makes_no_jump_and_from_then_on_its_rate_counts() {
    let board = ClockBoard::new(2);
    let now = HostTime::from_nanos(10 * SECOND);
    board.publish(1, reading(9 * SECOND, 5_000 * SECOND, 1.0001));
    let before = board.reference_time(now);
    board.choose(Chosen::Filter(1), now);
    assert_eq!(board.reference_time(now), before);
    let later = board.reference_time(now + Span::from_secs(1)) - before;
    assert_eq!(later.nanos(), SECOND + 100_000);
    board.choose(Chosen::System, now + Span::from_secs(1));
    assert_eq!(board.reference_time(now + Span::from_secs(1)) - before, later);
}

/// LS-74
#[test]
fn a_device_that_starts_to_count_anew_does_not_throw_the_clock_back() {
    let board = ClockBoard::new(1);
    board.publish(0, reading(SECOND, 0, 1.0));
    board.choose(Chosen::Filter(0), HostTime::from_nanos(SECOND));
    let before = board.reference_time(HostTime::from_nanos(2 * SECOND));
    board.publish(0, reading(2 * SECOND, 7, 1.0));
    assert_eq!(board.reference_time(HostTime::from_nanos(2 * SECOND)), before);
}

#[test]
fn a_reading_that_is_no_clock_is_passed_over() {
    let board = ClockBoard::new(1);
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
        board.publish(0, reading(SECOND, 0, rate));
    }
    assert!(!board.is_heard(0));
    board.publish(9, reading(0, 0, 1.0)); // no such filter
}

/// LS-60, LS-64
#[test]
fn a_graph_without_a_clock_says_so() {
    let board = ClockBoard::new(1);
    assert!(ClockState(board.state(Some(0))).has_clock());
    board.choose(Chosen::None, HostTime::ZERO);
    assert!(!ClockState(board.state(Some(0))).has_clock());
}

/// LS-75
#[test]
fn only_the_filter_whose_clock_was_chosen_owns_it() {
    let board = ClockBoard::new(2);
    board.choose(Chosen::Filter(1), HostTime::ZERO);
    assert!(ClockState(board.state(Some(1))).is_own_clock());
    assert!(!ClockState(board.state(Some(0))).is_own_clock());
}
