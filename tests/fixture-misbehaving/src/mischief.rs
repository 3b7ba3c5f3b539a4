//! What is done wrong, where, and from when on.

use std::cell::Cell;
use std::time::Duration;

use driftless_plugin_api::{FilterError, Settings};

/// What to do instead of the right thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Panic,
    Hang,
    Fail,
    Allocate,
    Stall,
}

/// The settings `in`, `does` and `at`.
#[derive(Debug)]
pub struct Mischief {
    call: String,
    deed: Deed,
    at: i64,
    calls: Cell<i64>,
}

impl Mischief {
    /// Reads the settings; misbehaves at once if they say so.
    pub fn create(settings: &Settings) -> Result<Self, FilterError> {
        let deed = match settings.text("does")? {
            "hang" => Deed::Hang,
            "fail" => Deed::Fail,
            "allocate" => Deed::Allocate,
            "stall" => Deed::Stall,
            _ => Deed::Panic,
        };
        let call = settings.text("in")?.to_owned();
        let it = Self { call, deed, at: settings.integer("at")?, calls: Cell::new(0) };
        it.tempt("create")?;
        Ok(it)
    }

    /// Does what the settings ask for if `call` is the one.
    pub fn tempt(&self, call: &str) -> Result<(), FilterError> {
        if call != self.call {
            return Ok(());
        }
        self.calls.set(self.calls.get() + 1);
        if self.calls.get() < self.at {
            return Ok(());
        }
        match self.deed {
            Deed::Panic => panic!("asked to panic in {call}"),
            // Not a busy loop: other threads are to be seen going on, on any number of processors.
            Deed::Hang => loop {
                std::thread::sleep(Duration::from_secs(1));
            },
            // Once: what comes after it catches up.
            Deed::Stall => {
                if self.calls.get() == self.at {
                    std::thread::sleep(Duration::from_millis(400));
                }
                Ok(())
            }
            Deed::Fail => Err(FilterError::new(format!("asked to fail in {call}"))),
            Deed::Allocate => {
                std::hint::black_box(vec![0_u8; 64]);
                Ok(())
            }
        }
    }

    /// As [`tempt`](Self::tempt), in a call that has no way to fail.
    pub fn tempt_surely(&self, call: &str) {
        if let Err(error) = self.tempt(call) {
            panic!("{}", error.text);
        }
    }
}

impl Drop for Mischief {
    fn drop(&mut self) {
        self.tempt_surely("drop");
    }
}

/// The calls that are the same for all three kinds.
macro_rules! common_calls {
    () => {
        fn connect(
            &mut self,
            _: driftless_plugin_api::Pin,
            media: driftless_plugin_api::MediaType,
        ) -> Result<(), driftless_plugin_api::FilterError> {
            self.media = Some(media);
            self.mischief.tempt("connect")
        }
        fn activate(&mut self) -> Result<(), driftless_plugin_api::FilterError> {
            self.mischief.tempt("activate")
        }
        fn pause(&mut self) {
            self.mischief.tempt_surely("pause");
        }
        fn deactivate(&mut self) {
            self.mischief.tempt_surely("deactivate");
        }
        fn cue(&self) -> driftless_plugin_api::Cue {
            self.mischief.tempt_surely("cue");
            Self::CUE
        }
    };
}
pub(crate) use common_calls;
