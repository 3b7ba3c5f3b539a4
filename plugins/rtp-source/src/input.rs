//! Where packets come from: a socket, or a file that stands in for it.

use driftless_plugin_api::{Host, HostTime, Packet, Wake};

use crate::listener::Listener;
use crate::schedule::Schedule;

/// Where packets come from.
#[derive(Debug)]
pub enum Input {
    /// A socket, not open.
    Closed,
    /// A socket and its thread.
    Socket(Listener),
    /// A file of packets.
    Schedule(Schedule),
}

impl Input {
    /// Takes the oldest packet that arrived by `now` into `bytes`. `[streaming]`
    pub fn take(&mut self, now: HostTime, host: &Host, bytes: &mut Vec<u8>) -> Option<HostTime> {
        match self {
            Self::Closed => None,
            Self::Socket(listener) => {
                let arrival = listener.take(bytes)?;
                host.arrived(Packet::of(arrival, bytes));
                Some(arrival)
            }
            Self::Schedule(schedule) => schedule.take(now, host, bytes),
        }
    }

    /// Whether packets are kept from now on.
    pub fn listen(&self, listens: bool) {
        if let Self::Socket(listener) = self {
            listener.listen(listens);
        }
    }

    /// Whether what comes is wanted at once, because something before it is missing.
    pub fn hurry(&self, hurries: bool) {
        if let Self::Socket(listener) = self {
            listener.hurry(hurries);
        }
    }

    /// When to look again, for input that does not signal.
    pub fn wake(&mut self, host: &Host) -> Wake {
        match self {
            Self::Schedule(schedule) => schedule.due(host).map_or(Wake::OnSignal, Wake::At),
            Self::Closed | Self::Socket(_) => Wake::OnSignal,
        }
    }
}
