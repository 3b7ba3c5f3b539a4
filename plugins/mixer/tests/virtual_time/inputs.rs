//! Inputs that come, go and end while others play.

use super::*;

/// Feeds constants to a filter that runs: the inputs that `levels` has for a block, until time or blocks end.
fn feed(
    driver: &mut Driver,
    base: HostTime,
    blocks: std::ops::Range<i64>,
    levels: &[(u32, f32)],
    played: &mut Played,
) {
    for block in blocks {
        let at = Span::from_millis(10 * block);
        advance(driver, base, base + at, played);
        for (input, level) in levels {
            let sample =
                driver.audio_sample(&[*level; BLOCK as usize], Some(StreamTime::ZERO + at));
            driver.receive(*input, sample).unwrap();
        }
    }
}

/// LS-113, LS-115
#[test]
fn what_follows_the_end_of_the_last_input_is_another_stream() {
    let mut driver = mixer(2, &[]);
    let base = start(&mut driver);
    let mut played = Played::nothing();
    feed(&mut driver, base, 0..100, &[(0, 0.5), (1, 0.25)], &mut played);
    for input in 0..2 {
        driver.mark(input, Marker::EndOfStream).unwrap();
    }
    feed(&mut driver, base, 100..150, &[], &mut played);
    let ended = played.stamps.len();
    driver.mark(0, Marker::BeginFlush).unwrap();
    driver.mark(0, Marker::EndFlush).unwrap();
    feed(&mut driver, base, 150..250, &[(0, 0.5)], &mut played);
    let first = [Marker::LIVE_SEGMENT, Marker::EndOfStream];
    let second = [Marker::BeginFlush, Marker::EndFlush, Marker::LIVE_SEGMENT];
    assert_eq!(driver.marked(0), [&first[..], &second].concat());
    let again = &played.stamps[ended..];
    assert!(again[0] >= Span::from_millis(1_470), "{}: made when nobody can play it", again[0]);
    assert!(again.len() > 90, "{} blocks in a second", again.len());
    let last = &played.channels[0][played.channels[0].len() - 24_000..];
    assert!(last.iter().all(|value| (value - 0.5).abs() < 1e-4), "{:?}", &last[..4]);
}

/// LS-125
#[test]
fn an_input_comes_and_goes_and_comes_again_while_the_other_plays_on() {
    let mut driver = mixer(1, &[]);
    let base = start(&mut driver);
    let mut played = Played::nothing();
    let (alone, both) = ([(0, 0.5)], [(0, 0.5), (1, 0.25)]);
    feed(&mut driver, base, 0..100, &alone, &mut played);
    let mut concealed = Vec::new();
    for again in [0, 300] {
        driver.connect(Pin::Input(1), audio(RATE, 1)).unwrap();
        feed(&mut driver, base, again + 100..again + 150, &alone, &mut played);
        feed(&mut driver, base, again + 150..again + 200, &both, &mut played);
        // The first time it lacks something, and that stays counted.
        let lacks = if again == 0 { &alone[..] } else { &both };
        feed(&mut driver, base, again + 200..again + 210, lacks, &mut played);
        feed(&mut driver, base, again + 210..again + 300, &both, &mut played);
        driver.mark(1, Marker::EndOfStream).unwrap();
        driver.disconnect(Pin::Input(1));
        feed(&mut driver, base, again + 300..again + 400, &alone, &mut played);
        concealed.push(driver.counters()["frames concealed"]);
    }
    for (second, level) in [(1.2, 0.5), (2.5, 0.75), (3.5, 0.5), (5.5, 0.75), (6.5, 0.5)] {
        let found = played.level(second);
        assert!((found - level).abs() < 1e-4, "{found} instead of {level} at {second} s");
    }
    let whole = &played.channels[0][9_600..];
    assert!(whole.iter().all(|value| *value > 0.4999), "what was queued is played");
    assert!(concealed[0] > 0 && concealed[0] == concealed[1], "{concealed:?}");
}

/// LS-113, LS-125: as when a change of the graph is undone.
#[test]
fn an_input_that_was_connected_for_nothing_holds_up_no_end() {
    let mut driver = mixer(1, &[]);
    let base = start(&mut driver);
    let mut played = Played::nothing();
    driver.connect(Pin::Input(1), audio(RATE, 1)).unwrap();
    driver.disconnect(Pin::Input(1));
    feed(&mut driver, base, 0..100, &[(0, 0.5)], &mut played);
    driver.mark(0, Marker::EndOfStream).unwrap();
    feed(&mut driver, base, 100..150, &[], &mut played);
    assert_eq!(driver.marked(0), [Marker::LIVE_SEGMENT, Marker::EndOfStream]);
}

/// LS-102, LS-125: whoever reads the output knows one format.
#[test]
fn an_input_for_which_a_connected_output_has_no_room_is_refused_and_says_what_has() {
    let most = |channels| format!("one with at most {channels}");
    for is_running in [false, true] {
        let table = [
            (mixer(1, &[]), 1, 2, Some(most(1))),
            (mixer(1, &[]), 0, 2, Some(most(1))),
            (mixer(1, &[("channels", "1")]), 1, 2, None),
            (aggregate(2, &[]), 2, 1, Some("none".to_owned())),
        ];
        for (mut driver, number, channels, refused) in table {
            if is_running {
                start(&mut driver);
            }
            let answer = driver.connect(Pin::Input(number), audio(RATE, channels));
            let text = answer.map_err(|error| error.text).err();
            match refused {
                None => assert_eq!(text, None),
                Some(fits) => {
                    assert!(text.as_ref().is_some_and(|it| it.ends_with(&fits)), "{text:?}")
                }
            }
        }
    }
    let mut three = aggregate(3, &[]);
    start(&mut three);
    three.disconnect(Pin::Input(1));
    let text = three.connect(Pin::Input(1), audio(RATE, 2)).unwrap_err().text;
    assert!(text.ends_with(&most(1)), "{text}");
    three.connect(Pin::Input(1), audio(RATE, 1)).unwrap();
}
