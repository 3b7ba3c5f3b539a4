//! Results of calls across the border (section 0 of the semantics). Frozen.

use std::fmt;

use abi_stable::StableAbi;

/// The outcome of a call: zero or positive is success, negative is failure. `[any]`
///
/// A transparent integer and no enum: a newer plugin may return a value that an older host does not
/// know, which would be undefined behaviour for an enum.
#[repr(transparent)]
#[derive(StableAbi, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub i32);

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $value:literal, $text:literal;)*) => {
        impl Status {
            $($(#[$doc])* pub const $name: Self = Self($value);)*

            /// Names and values of all of them, for the C header.
            pub const ALL: &[(&'static str, Self)] = &[$((stringify!($name), Self::$name)),*];

            /// What the status says, in words.
            pub const fn text(self) -> &'static str {
                match self.0 {
                    $($value => $text,)*
                    _ => "unknown status",
                }
            }
        }
    };
}

statuses! {
    /// S_OK.
    OK = 0, "done";
    /// S_FALSE: done, with a reservation; from `receive`: stop sending (LS-111).
    FALSE = 1, "done, with a reservation";
    /// VFW_S_STATE_INTERMEDIATE.
    INTERMEDIATE = 2, "the change of state is not complete";
    /// VFW_S_CANT_CUE (LS-7).
    CANT_CUE = 3, "a live source cannot cue";
    /// VFW_S_NO_STOP_TIME (LS-107).
    NO_STOP_TIME = 4, "the sample has no stop time";
    /// E_FAIL.
    FAIL = -1, "failed";
    /// E_NOTIMPL.
    NOT_IMPLEMENTED = -2, "not implemented";
    /// E_NOINTERFACE.
    NO_INTERFACE = -3, "no such capability";
    /// E_INVALIDARG.
    INVALID_ARGUMENT = -4, "argument out of range";
    /// E_POINTER; only at this border.
    POINTER = -5, "null pointer";
    /// VFW_E_NOT_STOPPED.
    NOT_STOPPED = -6, "only possible while stopped";
    /// VFW_E_WRONG_STATE.
    WRONG_STATE = -7, "not possible in this state";
    /// VFW_E_NO_CLOCK.
    NO_CLOCK = -8, "there is no clock";
    /// VFW_E_SAMPLE_TIME_NOT_SET.
    TIME_NOT_SET = -9, "the sample has no time stamp";
    /// VFW_E_MEDIA_TIME_NOT_SET.
    MEDIA_TIME_NOT_SET = -10, "the sample has no media time";
    /// VFW_E_NOT_CONNECTED.
    NOT_CONNECTED = -11, "the pin is not connected";
    /// VFW_E_ALREADY_CONNECTED.
    ALREADY_CONNECTED = -12, "the pin is connected already";
    /// VFW_E_NO_ACCEPTABLE_TYPES.
    NO_ACCEPTABLE_TYPES = -13, "the pins have no media type in common";
    /// VFW_E_TYPE_NOT_ACCEPTED.
    TYPE_NOT_ACCEPTED = -14, "the media type is not accepted";
    /// VFW_E_INVALID_DIRECTION.
    INVALID_DIRECTION = -15, "both pins have the same direction";
    /// VFW_E_CIRCULAR_GRAPH.
    CIRCULAR = -16, "the connection would close a circle";
    /// VFW_E_NOT_IN_GRAPH.
    NOT_IN_GRAPH = -17, "the filter is not in this graph";
    /// VFW_E_NOT_COMMITTED.
    NOT_COMMITTED = -18, "the buffers are not committed";
    /// VFW_E_START_TIME_AFTER_END.
    START_AFTER_END = -19, "the start time is after the end";
    /// The plugin panicked; the filter is poisoned.
    PANICKED = -20, "the plugin panicked";
}

impl Status {
    /// Whether the call did what was asked, with or without information.
    pub const fn is_success(self) -> bool {
        self.0 >= 0
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Status({}: {})", self.0, self.text())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
