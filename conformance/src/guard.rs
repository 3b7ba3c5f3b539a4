//! What streaming calls ask of memory, locks and kernel, seen by the preloaded guard.
//!
//! Every plugin library has an allocator of its own, so a counter in this program is blind to it. The
//! guard (`driftless-guard`) is a library that stands before the C library's functions; `driftless
//! validate` preloads it. What the host does when a filter calls it is not the filter's, and not counted.
//! A Rust mutex that nobody else holds is taken without the C library, so it is not seen.

/// What was asked for in streaming calls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// How many calls were watched.
    pub calls: u64,
    /// In which call, and what: one line for each kind of request of the first calls that had any.
    pub seen: Vec<String>,
}

impl Counts {
    /// Makes a call, and watches it where there are counts to add to.
    pub fn add<R>(counts: &mut Option<Self>, name: &str, call: impl FnOnce() -> R) -> R {
        let Some(counts) = counts else { return call() };
        counts.calls += 1;
        if !linux::begin() {
            return call();
        }
        let answer = call();
        let seen = linux::end();
        counts.seen.extend(seen.lines().map(|line| format!("{line}, in `{name}`")));
        answer
    }
}

/// Whether the guard is preloaded, so that requests are seen.
pub fn is_there() -> bool {
    let there = linux::begin();
    if there {
        linux::end();
    }
    there
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod linux {
    #![allow(unsafe_code)] // functions of a library that may be there

    use std::ffi::{CStr, c_void};
    use std::sync::OnceLock;

    /// Room for what the guard says.
    const ROOM: usize = 4096;

    type Begin = unsafe extern "C" fn();
    type End = unsafe extern "C" fn(*mut u8, usize) -> usize;

    fn functions() -> Option<(Begin, End)> {
        static FOUND: OnceLock<Option<(Begin, End)>> = OnceLock::new();
        *FOUND.get_or_init(|| {
            let begin = find(c"driftless_guard_begin")?;
            let end = find(c"driftless_guard_end")?;
            // SAFETY: only the guard exports this name, and its function has this type.
            let begin = unsafe { std::mem::transmute::<*mut c_void, Begin>(begin) };
            // SAFETY: as above.
            let end = unsafe { std::mem::transmute::<*mut c_void, End>(end) };
            Some((begin, end))
        })
    }

    fn find(name: &CStr) -> Option<*mut c_void> {
        // SAFETY: a name that ends in a zero.
        let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
        (!found.is_null()).then_some(found)
    }

    pub(super) fn begin() -> bool {
        let Some((begin, _)) = functions() else { return false };
        // SAFETY: it only notes that this thread is watched.
        unsafe { begin() };
        true
    }

    pub(super) fn end() -> String {
        let Some((_, end)) = functions() else { return String::new() };
        let mut text = vec![0; ROOM];
        // SAFETY: there is room for so many bytes.
        let length = unsafe { end(text.as_mut_ptr(), ROOM) };
        text.truncate(length);
        String::from_utf8_lossy(&text).into_owned()
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod linux {
    pub(super) fn begin() -> bool {
        false
    }

    pub(super) fn end() -> String {
        String::new()
    }
}
