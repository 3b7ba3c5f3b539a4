//! When a filter is live.

use proptest::prelude::*;

use super::*;

/// Category, and the flags of a push source if it is one.
type Pin = (PinCategory, Option<u32>);

fn output(category: PinCategory, flags: Option<u32>) -> OutputFacts {
    let push = flags.map(|flags| PushFacts {
        latency: Some(Span::ZERO),
        flags: PushSourceFlags(flags),
        stamps: Stamps::default(),
        max_offset: None,
    });
    OutputFacts { category, push }
}

fn filter(is_source: bool, outputs: &[OutputFacts]) -> FilterFacts {
    FilterFacts {
        is_source,
        passes_on: false,
        outputs: outputs.to_vec(),
        offers_clock: false,
        crystal: None,
        latency: Span::ZERO,
        holds: None,
    }
}

/// LS-1, LS-2, LS-3, LS-4
#[test]
fn a_filter_is_live_by_a_push_source_on_a_source_or_by_a_capture_pin_and_by_nothing_else() {
    use PinCategory::{Capture, Other, Preview};
    let (none, push, not_live) = (None, Some(0), Some(PushSourceFlags::NOT_LIVE.0));
    let table: [(bool, &[Pin], bool); 12] = [
        (true, &[(Other, push)], true),
        (true, &[(Other, none)], false),
        (false, &[(Other, push)], false),
        (false, &[(Capture, none)], true),
        (true, &[(Preview, none)], false),
        (true, &[(Preview, none), (Capture, none)], true),
        (false, &[(Preview, none)], false),
        (true, &[(Other, not_live)], false),
        (true, &[(Capture, not_live)], false),
        (true, &[(Other, not_live), (Other, push)], true),
        (true, &[(Other, not_live), (Capture, none)], true),
        (true, &[], false),
    ];
    for (is_source, pins, live) in table {
        let outputs: Vec<_> =
            pins.iter().map(|(category, flags)| output(*category, *flags)).collect();
        assert_eq!(filter(is_source, &outputs).is_live(), live, "{is_source} {pins:?}");
    }
}

proptest! {
    /// LS-5, LS-26, LS-27: only flags, categories and what it is count; no clock, no other flag, and
    /// what a renderer's decision starts from is the same before its flags are looked at.
    #[test]
    fn nothing_but_the_pins_and_the_source_flag_makes_a_filter_live(
        is_source in prop::bool::ANY,
        pins in prop::collection::vec((0u8..3, prop::option::of(prop::num::u32::ANY)), 0..4),
        clock in prop::bool::ANY,
        latency in 0i64..1_000_000,
    ) {
        let category = |number| match number {
            0 => PinCategory::Capture,
            1 => PinCategory::Preview,
            _ => PinCategory::Other,
        };
        let outputs: Vec<_> = pins.iter().map(|(it, flags)| output(category(*it), *flags)).collect();
        let plain = filter(is_source, &outputs);
        let other = FilterFacts {
            offers_clock: clock,
            latency: Span::from_nanos(latency),
            holds: Some(Span::ZERO),
            ..plain.clone()
        };
        prop_assert_eq!(plain.is_live(), other.is_live());
        let bare: Vec<_> = pins.iter().map(|(it, flags)| {
            output(category(*it), flags.map(|flags| flags & PushSourceFlags::NOT_LIVE.0))
        }).collect();
        prop_assert_eq!(plain.is_live(), filter(is_source, &bare).is_live());
        prop_assert!(plain.is_live_but_for_flags() || !plain.is_live());
    }
}
