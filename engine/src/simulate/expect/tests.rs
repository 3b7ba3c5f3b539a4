use super::*;

fn read_whole(text: &str) -> Result<Expectation, Mistake> {
    read(text, 0)
}

#[test]
fn an_expectation_is_read_with_its_units_and_its_time() {
    let read = |text: &str| read_whole(text).unwrap_or_else(|mistake| panic!("{text}: {mistake}"));
    let error = read("streams.*.error_ns.max < 1ms after 5s");
    assert_eq!(error.subject, Subject::Streams("*".to_owned(), Metric::ErrorMax));
    assert_eq!((error.comparison, error.limit), (Comparison::Less, 1e6));
    assert_eq!((error.after, error.until), (Span::from_secs(5), None));
    let rate = read("streams.a -> b.ppm.std <= 0.5 ppm after 1 min until 2 min");
    assert_eq!(rate.subject, Subject::Streams("a -> b".to_owned(), Metric::PpmStd));
    assert_eq!((rate.comparison, rate.limit), (Comparison::AtMost, 0.5));
    assert_eq!((rate.after, rate.until), (Span::from_secs(60), Some(Span::from_secs(120))));
    let lost = read("filters.radio.counters.device xruns==0");
    assert_eq!(
        lost.subject,
        Subject::Filters("radio".to_owned(), Metric::Counter("device xruns".to_owned()))
    );
    assert_eq!(read("events.device-lost != 2").subject, Subject::Events(EventCode::DEVICE_LOST));
    assert_eq!(read("streams.*.locked == true after 3 s").limit, 1.0);
}

#[test]
fn what_cannot_be_read_is_told_at_its_place_with_what_would_be_right() {
    for (text, at, told) in [
        ("streams.*.error_ns.max", 0, "compares nothing"),
        ("stream.*.error_ns.max < 1ms", 0, "did you mean `streams`"),
        ("streams.*.error_ns.maks < 1ms", 10, "did you mean `error_ns.max`"),
        ("streams.*.error_ns.max < 1 ppm", 25, "a time, such as"),
        ("streams.*.locked == 1 ms", 20, "`true` or `false`"),
        ("streams.*.underruns == 0 after noon", 31, "is no time"),
        ("events.device-lst == 0", 7, "did you mean `device-lost`"),
        ("filters.a.lost == 0", 10, "`received`"),
    ] {
        let mistake = read_whole(text).unwrap_err();
        assert!(mistake.to_string().contains(told), "{text}: {mistake}");
        let start = mistake.span.clone().unwrap().start;
        assert!(start.abs_diff(at) <= 1, "{text}: at {start} instead of {at}: {mistake}");
    }
}
