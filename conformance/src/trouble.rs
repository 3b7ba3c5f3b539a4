//! Why a check was not passed.

use std::fmt;

/// Why a check was not passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The check does not apply to this filter.
    DoesNotApply(String),
    /// The check cannot be made here.
    NotChecked(String),
    /// The filter breaks its promise.
    Wrong {
        /// What would have been right.
        expected: String,
        /// What was seen instead, with the values at which it was seen.
        seen: String,
    },
}

/// What a check ends with.
pub type Outcome<T = ()> = Result<T, Trouble>;

impl Trouble {
    /// The check does not apply to this filter, because `why`.
    pub fn does_not_apply(why: impl Into<String>) -> Self {
        Self::DoesNotApply(why.into())
    }

    /// The check cannot be made here, because `why`.
    pub fn not_checked(why: impl Into<String>) -> Self {
        Self::NotChecked(why.into())
    }

    /// `seen` is not what was `expected`.
    pub fn wrong(expected: impl Into<String>, seen: impl Into<String>) -> Self {
        Self::Wrong { expected: expected.into(), seen: seen.into() }
    }

    /// Whether the filter is to blame.
    pub const fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong { .. })
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DoesNotApply(why) => write!(f, "does not apply: {why}"),
            Self::NotChecked(why) => write!(f, "not checked: {why}"),
            Self::Wrong { expected, seen } => write!(f, "expected {expected}; seen: {seen}"),
        }
    }
}

impl std::error::Error for Trouble {}

/// Nothing, if `is_right`; otherwise what is wrong.
pub(crate) fn expect(
    is_right: bool,
    expected: impl Into<String>,
    seen: impl FnOnce() -> String,
) -> Outcome {
    if is_right { Ok(()) } else { Err(Trouble::wrong(expected, seen())) }
}
