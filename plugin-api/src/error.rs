//! Why a filter could not do what it was asked.

use std::fmt;

use crate::abi::filter::RawError;
use crate::abi::status::Status;
use crate::settings::SettingError;

/// A failure of a filter: its kind, and one sentence for the user.
///
/// The sentence says what was found and what would be accepted; the engine adds which filter it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// Which kind of failure.
    pub status: Status,
    /// The sentence.
    pub text: String,
}

impl FilterError {
    /// A failure that has no kind of its own.
    pub fn new(text: impl Into<String>) -> Self {
        Self { status: Status::FAIL, text: text.into() }
    }

    /// A failure of the given kind.
    pub fn with(status: Status, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.is_empty() { self.status.fmt(f) } else { f.write_str(&self.text) }
    }
}

impl std::error::Error for FilterError {}

impl From<Status> for FilterError {
    fn from(status: Status) -> Self {
        Self { status, text: status.text().to_owned() }
    }
}

impl From<SettingError> for FilterError {
    fn from(error: SettingError) -> Self {
        Self::with(Status::INVALID_ARGUMENT, error.to_string())
    }
}

impl From<FilterError> for RawError {
    fn from(error: FilterError) -> Self {
        Self { status: error.status, text: error.text.into() }
    }
}

impl From<RawError> for FilterError {
    fn from(error: RawError) -> Self {
        Self { status: error.status, text: error.text.into() }
    }
}
