//! Real-time priority for threads with a deadline.

use thread_priority::ThreadPriority;

/// What to tell a user whose system refuses.
pub const HOW_TO_GRANT: &str = "the system grants no real-time priority, so a busy machine may be heard; to grant \
     it, allow `rtprio` in /etc/security/limits.d for this user";

/// Asks for real-time priority for this thread (first in, first out: a deadline is not shared).
/// Returns whether it was granted. `[streaming]`
#[cfg(unix)]
pub fn raise() -> bool {
    use thread_priority::{
        RealtimeThreadSchedulePolicy, ThreadPriorityValue, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };
    /// Above ordinary threads, below what sound servers ask for.
    const PRIORITY: u8 = 10;
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    ThreadPriorityValue::try_from(PRIORITY).is_ok_and(|value| {
        let priority = ThreadPriority::Crossplatform(value);
        set_thread_priority_and_policy(thread_native_id(), priority, policy).is_ok()
    })
}

/// Asks for the highest priority for this thread. Returns whether it was granted. `[streaming]`
#[cfg(not(unix))]
pub fn raise() -> bool {
    thread_priority::set_current_thread_priority(ThreadPriority::Max).is_ok()
}
