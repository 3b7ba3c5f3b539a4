//! Against what an audio renderer matches its rate: the decision, and nothing else.
//!
//! Plan and renderer ask the same function, the one with what the descriptors promise, the other with
//! what is really there.

use std::fmt;

use crate::capability::push_source::PushSourceFlags;

/// What the decision depends on (LS-75).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Inputs {
    /// C: the graph has a reference clock.
    pub clock: bool,
    /// V: a live source is upstream, before looking at flags.
    pub live: bool,
    /// F: the flags of the push source upstream; none for a source live through its pin category.
    pub flags: PushSourceFlags,
    /// T: samples carry time stamps.
    pub stamped: bool,
    /// G: the graph's clock is the renderer's own.
    pub own_clock: bool,
}

/// What the renderer follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Against {
    /// Nothing.
    Nothing,
    /// The samples' time stamps.
    TimeStamps,
    /// The rate at which data comes in, seen in the level of the queue.
    IncomingRate,
}

impl Against {
    /// As reports and plans write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::TimeStamps => "time stamps",
            Self::IncomingRate => "incoming rate",
        }
    }
}

impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What [`decide`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decision {
    /// Which row of the table of LS-77, 1 to 10.
    pub row: u8,
    /// What to follow.
    pub against: Against,
    /// The slave mode of the renderer's statistics (LS-88): 0x01 live source, 0x02 incoming rate,
    /// 0x04 a graph clock that is not the renderer's, 0x10 time stamps.
    pub mode_mask: u32,
    /// Nothing live is matched, but the graph's clock, another one, is followed within the
    /// renderer's tolerance (LS-80).
    pub clock_slaving: bool,
}

/// Against what the audio renderer matches its rate: the first row of LS-77 that fits. `[any]`
pub const fn decide(inputs: Inputs) -> Decision {
    let Inputs { clock, live, flags, stamped, own_clock } = inputs;
    if !clock {
        return nothing(1, false);
    }
    if !live {
        return nothing(2, !own_clock);
    }
    if flags.contains(PushSourceFlags::INTERNAL_RATE_MATCHING) {
        return nothing(3, false);
    }
    if flags.contains(PushSourceFlags::NOT_LIVE) {
        return nothing(4, !own_clock);
    }
    match (flags.contains(PushSourceFlags::PRIVATE_CLOCK), stamped, own_clock) {
        (true, true, _) => time_stamps(5),
        (true, false, _) => incoming_rate(6),
        (false, true, false) => time_stamps(7),
        (false, false, false) => incoming_rate(8),
        // Stamps of the renderer's own clock: matching them would be matching itself (LS-78).
        (false, true, true) => incoming_rate(9),
        (false, false, true) => incoming_rate(10),
    }
}

const fn nothing(row: u8, clock_slaving: bool) -> Decision {
    let mode_mask = if clock_slaving { 0x04 } else { 0x00 };
    Decision { row, against: Against::Nothing, mode_mask, clock_slaving }
}

const fn time_stamps(row: u8) -> Decision {
    Decision { row, against: Against::TimeStamps, mode_mask: 0x11, clock_slaving: false }
}

const fn incoming_rate(row: u8) -> Decision {
    Decision { row, against: Against::IncomingRate, mode_mask: 0x03, clock_slaving: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of LS-77 as data, one line a row; `None` is the table's star.
    struct Row {
        row: u8,
        /// C, V, T and G.
        given: [Option<bool>; 4],
        flags: fn(u32) -> bool,
        against: Against,
        mask: fn(bool) -> u32,
    }

    const fn row(
        row: u8,
        given: [Option<bool>; 4],
        flags: fn(u32) -> bool,
        against: Against,
        mask: fn(bool) -> u32,
    ) -> Row {
        Row { row, given, flags, against, mask }
    }

    const YES: Option<bool> = Some(true);
    const NO: Option<bool> = Some(false);
    const ANY: Option<bool> = None;

    #[rustfmt::skip]
    const TABLE: [Row; 10] = [
        //       C    V    T    G    F               against                mask, given G
        row(1,  [NO,  ANY, ANY, ANY], |_| true,       Against::Nothing,      |_| 0x00),
        row(2,  [YES, NO,  ANY, ANY], |_| true,       Against::Nothing,      |own| if own { 0 } else { 4 }),
        row(3,  [YES, YES, ANY, ANY], |f| f & 1 != 0, Against::Nothing,      |_| 0x00),
        row(4,  [YES, YES, ANY, ANY], |f| f & 2 != 0, Against::Nothing,      |own| if own { 0 } else { 4 }),
        row(5,  [YES, YES, YES, ANY], |f| f & 4 != 0, Against::TimeStamps,   |_| 0x11),
        row(6,  [YES, YES, NO,  ANY], |f| f & 4 != 0, Against::IncomingRate, |_| 0x03),
        row(7,  [YES, YES, YES, NO],  |f| f & 7 == 0, Against::TimeStamps,   |_| 0x11),
        row(8,  [YES, YES, NO,  NO],  |f| f & 7 == 0, Against::IncomingRate, |_| 0x03),
        row(9,  [YES, YES, YES, YES], |f| f & 7 == 0, Against::IncomingRate, |_| 0x03),
        row(10, [YES, YES, NO,  YES], |f| f & 7 == 0, Against::IncomingRate, |_| 0x03),
    ];

    fn all_inputs() -> impl Iterator<Item = Inputs> {
        (0..128_u32).map(|bits| Inputs {
            clock: bits & 1 != 0,
            live: bits & 2 != 0,
            flags: PushSourceFlags(bits >> 4),
            stamped: bits & 4 != 0,
            own_clock: bits & 8 != 0,
        })
    }

    fn fits(row: &Row, inputs: Inputs) -> bool {
        let found = [inputs.clock, inputs.live, inputs.stamped, inputs.own_clock];
        let mut pairs = row.given.into_iter().zip(found);
        let given = pairs.all(|(star, found)| star.is_none_or(|wanted| wanted == found));
        given && (row.flags)(inputs.flags.0)
    }

    /// LS-26, LS-75, LS-77, LS-78
    #[test]
    fn every_one_of_the_128_inputs_gets_the_first_row_that_fits() {
        for inputs in all_inputs() {
            let row = TABLE.iter().find(|row| fits(row, inputs)).expect("the table is complete");
            let decision = decide(inputs);
            assert_eq!(decision.row, row.row, "{inputs:?}");
            assert_eq!(decision.against, row.against, "{inputs:?}");
            assert_eq!(decision.mode_mask, (row.mask)(inputs.own_clock), "{inputs:?}");
        }
    }

    /// LS-80
    #[test]
    fn another_clock_is_followed_only_where_nothing_live_is_matched() {
        for inputs in all_inputs() {
            let expected = matches!(decide(inputs).row, 2 | 4) && !inputs.own_clock;
            assert_eq!(decide(inputs).clock_slaving, expected, "{inputs:?}");
        }
    }

    /// LS-27
    #[test]
    fn reserved_and_unknown_flags_change_nothing() {
        for inputs in all_inputs() {
            for reserved in [0x8, 0x10000, 0x20000, 0x8000_0000] {
                let flags = inputs.flags.union(PushSourceFlags(reserved));
                assert_eq!(decide(Inputs { flags, ..inputs }), decide(inputs));
            }
        }
    }
}
