use std::time::Duration;

use super::*;

fn entries() -> Vec<Entry> {
    let at = |ns| HostTime::from_nanos(ns);
    let call = Called {
        seen: at(5_000_000_100),
        due: at(5_000_000_000),
        rate: 1.000_02,
        delay: Span::from_millis(12),
        frames: 480,
    };
    let reading = ClockReading {
        host: at(4_999_999_999),
        reference: driftless_plugin_api::ReferenceTime::from_nanos(7),
        rate: 0.999,
    };
    vec![
        Entry::Run { at: at(1_000_000_000) },
        Entry::Step {
            segment: 300,
            at: at(1_000_000_500),
            lasted: Span::from_micros(3),
            took: 0,
            turns: 64,
        },
        Entry::Call { filter: 2, call },
        Entry::Clock { filter: 2, reading },
        Entry::Packet { filter: 1, packet: Packet::of(at(6_000_000_000), &[0x80; 300]) },
        Entry::Change { at: at(6_000_000_001) },
        Entry::Dropped { at: at(6_000_000_001), connection: 3, sample: 1 << 33 },
        Entry::Lost { count: 1 << 40 },
        Entry::Step { segment: 0, at: at(900), lasted: Span::ZERO, took: u32::MAX, turns: 0 },
    ]
}

fn written(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = format::header(&["a".to_owned(), "b".to_owned()], 7);
    let mut last = HostTime::ZERO;
    entries.iter().for_each(|entry| format::write(entry, &mut last, &mut bytes));
    bytes
}

/// LS-M11
#[test]
fn what_is_written_is_read_again_and_a_broken_file_is_good_up_to_the_break() {
    let bytes = written(&entries());
    let trace = format::read(&bytes).unwrap();
    assert_eq!((trace.filters.len(), trace.seed), (2, 7));
    assert_eq!(trace.entries, entries());
    assert_eq!(trace.lost(), 1 << 40);
    for end in bytes.len() - 40..bytes.len() {
        let trace = format::read(&bytes[..end]).unwrap();
        assert_eq!(trace.entries, entries()[..trace.entries.len()]);
    }
}

#[test]
fn bytes_that_are_no_trace_are_told_and_never_panic() {
    assert_eq!(format::read(b"# graph.toml\n[graph]\n"), None);
    let mut random: u64 = 1;
    for _ in 0..10_000 {
        let mut bytes = written(&entries());
        for _ in 0..3 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = (random >> 33) as usize % bytes.len();
            bytes[at] = (random >> 24) as u8;
        }
        format::read(&bytes);
    }
}

#[test]
fn a_day_of_a_graph_is_some_hundred_megabytes() {
    // 100 segments steps a second, and as many calls.
    let mut bytes = Vec::new();
    let mut last = HostTime::ZERO;
    let [_, step, call, ..] = entries()[..] else { unreachable!() };
    (0..100).for_each(|_| {
        format::write(&step, &mut last, &mut bytes);
        format::write(&call, &mut last, &mut bytes);
    });
    assert!(bytes.len() * 86_400 < 500_000_000, "{} bytes a second", bytes.len());
}

#[test]
fn nobody_is_woken_often_for_a_trace_unless_entries_come_fast() {
    let ms = Duration::from_millis;
    let table = [
        (ms(20), 0, ms(40)),
        (ms(2560), 300, ms(4000)),
        (ms(4000), 2_047, ms(4000)),
        (ms(640), 2_048, ms(640)),
        (ms(640), 8_191, ms(640)),
        (ms(640), 8_192, ms(20)),
        (ms(20), 32_768, ms(20)),
    ];
    for (after, found, next) in table {
        assert_eq!(tracer::next_poll(after, found), next, "{found} entries after {after:?}");
    }
}
