//! What the board promises of time.

use super::*;

fn reading(host: i64, reference: i64, rate: f64) -> RawClockReading {
    RawClockReading { host, reference, rate }
}

const SECOND: i64 = 1_000_000_000;

/// A board with two filters.
fn board() -> (ClockBoard, [FilterId; 2]) {
    let board = ClockBoard::default();
    let filters = [board.join(), board.join()];
    (board, filters)
}

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
    let (board, [_, second]) = board();
    let now = HostTime::from_nanos(10 * SECOND);
    board.publish(second, reading(9 * SECOND, 5_000 * SECOND, 1.0001));
    let before = board.reference_time(now);
    board.choose(Chosen::Filter(second), now);
    assert_eq!(board.reference_time(now), before);
    let later = board.reference_time(now + Span::from_secs(1)) - before;
    assert_eq!(later.nanos(), SECOND + 100_000);
    board.choose(Chosen::System, now + Span::from_secs(1));
    assert_eq!(board.reference_time(now + Span::from_secs(1)) - before, later);
}

/// LS-74
#[test]
fn a_device_that_starts_to_count_anew_does_not_throw_the_clock_back() {
    let (board, [first, _]) = board();
    board.publish(first, reading(SECOND, 0, 1.0));
    board.choose(Chosen::Filter(first), HostTime::from_nanos(SECOND));
    let before = board.reference_time(HostTime::from_nanos(2 * SECOND));
    board.publish(first, reading(2 * SECOND, 7, 1.0));
    assert_eq!(board.reference_time(HostTime::from_nanos(2 * SECOND)), before);
}

#[test]
fn a_reading_that_is_no_clock_is_passed_over() {
    let (board, [first, _]) = board();
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
        board.publish(first, reading(SECOND, 0, rate));
    }
    assert!(!board.is_heard(first));
}

/// LS-60, LS-64
#[test]
fn a_graph_without_a_clock_says_so() {
    let (board, [first, _]) = board();
    assert!(ClockState(board.state(Some(first))).has_clock());
    board.choose(Chosen::None, HostTime::ZERO);
    assert!(!ClockState(board.state(Some(first))).has_clock());
}

/// LS-75
#[test]
fn only_the_filter_whose_clock_was_chosen_owns_it() {
    let (board, [first, second]) = board();
    board.choose(Chosen::Filter(second), HostTime::ZERO);
    assert!(ClockState(board.state(Some(second))).is_own_clock());
    assert!(!ClockState(board.state(Some(first))).is_own_clock());
}
