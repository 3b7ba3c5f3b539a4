//! Codes of the events that filters post (LS-126).

use std::fmt;

/// What an event is about. Codes below 0x8000 are the original's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct EventCode(pub u32);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $value:literal, $text:literal;)*) => {
        impl EventCode {
            $($(#[$doc])* pub const $name: Self = Self($value);)*

            /// All that have a name.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The event's name, in the words of reports.
            pub const fn name(self) -> &'static str {
                match self.0 {
                    $($value => $text,)*
                    _ => "other",
                }
            }
        }
    };
}

codes! {
    /// All of a stream was rendered (LS-113).
    COMPLETE = 0x01, "complete";
    /// The user asked for the end.
    USER_ABORT = 0x02, "user-abort";
    /// A filter failed; p1 is the status (LS-111).
    ERROR_ABORT = 0x03, "error-abort";
    /// A stream stopped by an error.
    STREAM_ERROR_STOPPED = 0x06, "stream-error-stopped";
    /// A stream goes on despite an error.
    STREAM_ERROR_STILL_PLAYING = 0x07, "stream-error-still-playing";
    /// An asynchronous run failed.
    ERROR_STILL_PLAYING = 0x08, "error-still-playing";
    /// The size of the pictures changed; p1 is the new width, p2 the new height.
    VIDEO_SIZE_CHANGED = 0x0A, "video-size-changed";
    /// A filter changed how much it drops (LS-118).
    QUALITY_CHANGE = 0x0B, "quality-change";
    /// Another reference clock was chosen (LS-59).
    CLOCK_CHANGED = 0x0D, "clock-changed";
    /// A pause is complete.
    PAUSED = 0x0E, "paused";
    /// A source fills its buffer.
    BUFFERING_DATA = 0x11, "buffering-data";
    /// A filter can go on after pause and run.
    NEED_RESTART = 0x14, "need-restart";
    /// A renderer ran dry.
    STARVATION = 0x17, "starvation";
    /// A stream was stopped by stream control (LS-99); p1 is the pin, p2 the cookie.
    STREAM_STOPPED = 0x1A, "stream-stopped";
    /// A stream was started by stream control (LS-99).
    STREAM_STARTED = 0x1B, "stream-started";
    /// The end of a segment.
    END_OF_SEGMENT = 0x1C, "end-of-segment";
    /// The start of a segment.
    SEGMENT_STARTED = 0x1D, "segment-started";
    /// A device is gone (p2 = 0) or back (p2 = 1) (LS-14).
    DEVICE_LOST = 0x1F, "device-lost";
    /// Time a sample took, ns in p1.
    PROCESSING_LATENCY = 0x21, "processing-latency";
    /// How far a sample is behind, ns in p1.
    SAMPLE_LATENCY = 0x22, "sample-latency";
    /// The graph entered a state; p1 is 0 stopped, 1 paused, 2 running.
    STATE_CHANGE = 0x32, "state-change";
    /// Filters or connections changed.
    GRAPH_CHANGED = 0x50, "graph-changed";
    /// The reference clock is gone (LS-63).
    CLOCK_UNSET = 0x51, "clock-unset";
    /// An error of a capture device.
    SOUND_IN_ERROR = 0x200, "sound-in-error";
    /// An error of a playback device.
    SOUND_OUT_ERROR = 0x201, "sound-out-error";
    /// A latency changed (LS-24); p1 is the pin.
    LATENCY_CHANGED = 0x8001, "latency-changed";
    /// A pin does not tell its latency (LS-20); p2 is the pin.
    LATENCY_UNKNOWN = 0x8002, "latency-unknown";
    /// A pin's latency is above the cap (LS-51); p1 is by how much, ns, p2 the pin.
    LATENCY_ABOVE_CAP = 0x8003, "latency-above-cap";
    /// A stream offset above what the pin prefers is in force (LS-52); p1 is the offset, ns, p2 the pin.
    OFFSET_BEYOND_PREFERRED = 0x8004, "offset-beyond-preferred";
    /// A pin refused its stream offset (LS-52); p1 is the offset, ns, p2 the pin.
    OFFSET_REFUSED = 0x8005, "offset-refused";
    /// A path cannot wait as long as the graph's latency wants (LS-53); p1 is what is missing, ns, p2 the pin of
    /// its source.
    INSUFFICIENT_BUFFERING = 0x8006, "insufficient-buffering";
    /// The row of the rate-match table changed (LS-77); p1 is the row.
    RATE_MATCH_CHANGED = 0x8007, "rate-match-changed";
    /// A renderer started over (LS-M13); p1 is how far off it was, ns.
    RESYNC = 0x8008, "resync";
    /// A filter panicked and is out of the graph.
    FILTER_POISONED = 0x8009, "filter-poisoned";
    /// A clock is further off than a crystal can be; p1 is ppm.
    CLOCK_SUSPICIOUS = 0x800A, "clock-suspicious";
    /// Something a user should know, in words.
    WARNING = 0x800B, "warning";
    /// A queue was full; p1 is how many samples were lost.
    QUEUE_OVERRUN = 0x800C, "queue-overrun";
    /// The thread of a filter does not answer; it is out of the graph, as are all that share the thread.
    FILTER_STUCK = 0x800D, "filter-stuck";
    /// The latency asked for is less than a path needs (LS-M5); p1 is by how much, ns, p2 the pin of its source.
    LATENCY_TOO_SHORT = 0x8010, "latency-too-short";
}

impl fmt::Display for EventCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            "other" => write!(f, "event {:#x}", self.0),
            name => f.pad(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LS-126
    #[test]
    fn events_of_the_original_have_its_codes_and_all_others_begin_at_0x8000() {
        let table = [
            (0x01, "complete"),
            (0x02, "user-abort"),
            (0x03, "error-abort"),
            (0x06, "stream-error-stopped"),
            (0x07, "stream-error-still-playing"),
            (0x08, "error-still-playing"),
            (0x0A, "video-size-changed"),
            (0x0B, "quality-change"),
            (0x0D, "clock-changed"),
            (0x0E, "paused"),
            (0x11, "buffering-data"),
            (0x14, "need-restart"),
            (0x17, "starvation"),
            (0x1A, "stream-stopped"),
            (0x1B, "stream-started"),
            (0x1C, "end-of-segment"),
            (0x1D, "segment-started"),
            (0x1F, "device-lost"),
            (0x21, "processing-latency"),
            (0x22, "sample-latency"),
            (0x32, "state-change"),
            (0x50, "graph-changed"),
            (0x51, "clock-unset"),
            (0x200, "sound-in-error"),
            (0x201, "sound-out-error"),
        ];
        let original = EventCode::ALL.iter().filter(|code| code.0 < 0x8000);
        assert_eq!(original.map(|it| (it.0, it.name())).collect::<Vec<_>>(), table);
    }
}
