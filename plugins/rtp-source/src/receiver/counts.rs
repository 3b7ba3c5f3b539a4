//! What happened to packets, by name.

macro_rules! counts {
    ($($(#[$doc:meta])* $field:ident, $name:literal;)*) => {
        /// What happened to packets. `[any]`
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Counts {
            $($(#[$doc])* pub $field: u64,)*
        }

        impl Counts {
            /// All of them, with the names of the report.
            pub fn named(&self) -> Vec<(&'static str, u64)> {
                vec![$(($name, self.$field)),*]
            }
        }
    };
}

counts! {
    /// Everything that arrived.
    packets, "packets";
    /// What left in order.
    delivered, "delivered";
    /// Sequence numbers that never came in time.
    lost, "lost";
    /// Packets that came after a later one, and in time.
    reordered, "reordered";
    /// Packets that had come before.
    duplicates, "duplicates";
    /// Packets that came after their place was skipped.
    late, "late";
    /// Packets held when the sender or the sequence changed.
    superseded, "superseded";
    /// Changes to another sender.
    sender_changes, "sender-changes";
    /// Time lines begun; one, unless the sender changed or jumped.
    timelines, "timelines";
    /// Packets of a sender that is not listened to.
    foreign_sender, "foreign-sender";
    /// Packets far from the sequence.
    sequence_jumps, "sequence-jumps";
    /// Packets whose time stamp is more than a second off.
    timestamp_jumps, "timestamp-jumps";
    /// Packets whose time stamp does not come after the one before.
    timestamp_backwards, "timestamp-backwards";
    /// Packets that end before their header does.
    truncated, "truncated";
    /// Packets of another version of RTP, or of something else.
    wrong_version, "wrong-version";
    /// Packets whose padding is no padding.
    bad_padding, "bad-padding";
    /// Packets that carry something else.
    wrong_payload_type, "wrong-payload-type";
    /// Packets without whole frames.
    odd_payload, "odd-payload";
    /// Packets for which there was no memory.
    no_buffer, "no-buffer";
}
