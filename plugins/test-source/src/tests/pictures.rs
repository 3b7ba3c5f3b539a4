//! Video.

use super::*;

#[test]
fn pictures_come_at_their_rate_and_their_bar_codes_count_them() {
    let given = [
        ("media", "video"),
        ("frame-rate", "30000/1001"),
        ("stamps", "capture"),
        ("size", "64x36"),
    ];
    let mut driver = running(&given);
    let Some(MediaType::Video(format)) = driver.media_types(PIN)[0].complete() else {
        panic!("no video")
    };
    assert_eq!((format.width, format.height), (64, 36));
    let samples = samples(&mut driver, Span::from_secs(1001));
    assert_eq!(samples.len(), 30_000);
    for (n, sample) in (0_i64..).zip(samples).step_by(997) {
        assert_eq!(sample.media_times(), Some((n, n + 1)));
        assert_eq!(sample.start(), Some(stream(format.rate.start_of(n))));
        assert_eq!(code(format, &sample), Some(n));
    }
}

fn code(format: VideoFormat, sample: &Sample) -> Option<i64> {
    frame_code::read(format, sample.bytes()).map(i64::from)
}

/// Picture and sound of one instant: what tests of lip sync compare.
#[test]
fn a_white_flash_and_a_tick_of_the_same_time_are_captured_at_the_same_instant() {
    let mut camera = running(&[("media", "video"), ("stamps", "capture"), ("size", "64x36")]);
    let mut microphone =
        running(&[("waveform", "ticks"), ("stamps", "capture"), ("level", "0 dB")]);
    let flashes: Vec<_> = samples(&mut camera, Span::from_secs(5))
        .iter()
        .filter(|sample| sample.bytes().last() == Some(&255))
        .map(|sample| sample.start().unwrap())
        .collect();
    let ticks: Vec<_> = samples(&mut microphone, Span::from_secs(5))
        .iter()
        .filter_map(|sample| {
            let first = sample.values().iter().position(|value| *value == 1.0)?;
            Some(sample.start().unwrap() + Span::of_frames(first as i64, 48_000))
        })
        .collect();
    assert_eq!(ticks, [0, 1, 2, 3, 4].map(|s| stream(Span::from_secs(s))));
    assert_eq!(flashes, ticks);
}
