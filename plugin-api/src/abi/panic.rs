//! The panic barrier: what stops a plugin's panic before it reaches the border.
//!
//! A library has a standard library of its own and so a panic hook of its own. The hook put here
//! writes the message into a fixed buffer; the barrier hands it to the host. It prints nothing: the
//! default hook takes a lock and writes, on whatever thread the panic happens.

use std::any::Any;
use std::cell::RefCell;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

const ROOM: usize = 256;

struct Message {
    bytes: [u8; ROOM],
    length: usize,
}

impl std::fmt::Write for Message {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let fits = text.floor_char_boundary_compat(ROOM - self.length);
        self.bytes[self.length..self.length + fits].copy_from_slice(&text.as_bytes()[..fits]);
        self.length += fits;
        Ok(())
    }
}

trait FloorCharBoundary {
    fn floor_char_boundary_compat(&self, limit: usize) -> usize;
}

impl FloorCharBoundary for str {
    // `str::floor_char_boundary` is younger than this crate's oldest compiler.
    fn floor_char_boundary_compat(&self, limit: usize) -> usize {
        (0..=limit.min(self.len())).rev().find(|&at| self.is_char_boundary(at)).unwrap_or(0)
    }
}

thread_local! {
    static LAST: RefCell<Message> = const { RefCell::new(Message { bytes: [0; ROOM], length: 0 }) };
}

/// Puts the quiet hook in place, once for this library. `[main]`
///
/// Only libraries call it: a filter that is linked into a program leaves the program's hook alone.
pub fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            LAST.with(|last| {
                if let Ok(mut last) = last.try_borrow_mut() {
                    last.length = 0;
                    let text = info
                        .payload()
                        .downcast_ref::<&str>()
                        .copied()
                        .or_else(|| info.payload().downcast_ref::<String>().map(String::as_str))
                        .unwrap_or("no message");
                    let _ = write!(last, "{text}");
                    if let Some(place) = info.location() {
                        let _ = write!(last, " ({}:{})", place.file(), place.line());
                    }
                }
            });
        }));
    });
}

/// Runs `call`; after a panic returns what its message was instead.
///
/// # Errors
///
/// The message, when `call` panicked.
#[inline]
pub fn barrier<R>(call: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(message)
}

#[cold]
fn message(payload: Box<dyn Any + Send>) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    // Dropping the payload may panic again, or free with another allocator.
    std::mem::forget(payload);
    let hooked = LAST.with(|last| {
        let mut last = last.try_borrow_mut().ok()?;
        let length = std::mem::take(&mut last.length);
        (length > 0).then(|| String::from_utf8_lossy(&last.bytes[..length]).into_owned())
    });
    hooked.or(text).unwrap_or_else(|| "no message".to_owned())
}
