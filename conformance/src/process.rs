//! Threads, open files and memory of this process, where the system says.

/// What this process holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holdings {
    /// Threads.
    pub threads: usize,
    /// Open files, sockets and the like.
    pub files: usize,
}

/// What this process holds now; `None` where the system does not say.
pub fn holdings() -> Option<Holdings> {
    let count = |folder: &str| Some(std::fs::read_dir(folder).ok()?.count());
    Some(Holdings { threads: count("/proc/self/task")?, files: count("/proc/self/fd")? })
}

/// What must stand in the environment for [`memory_in_use`] to be exact: the GNU C library counts what
/// a thread keeps for its next allocation as in use.
pub const EXACT_MEMORY: (&str, &str) = ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0");

/// Bytes that were allocated and not freed, by everybody in this process; `None` where the C library
/// does not say, or not exactly.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)] // a question to the C library
pub fn memory_in_use() -> Option<usize> {
    let (name, value) = EXACT_MEMORY;
    if std::env::var(name).ok()?.split(':').all(|tunable| tunable != value) {
        return None;
    }
    // SAFETY: it only reads the allocator's own counts.
    let info = unsafe { libc::mallinfo2() };
    Some(info.uordblks + info.hblkhd)
}

/// Bytes that were allocated and not freed; this C library does not say.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn memory_in_use() -> Option<usize> {
    None
}
