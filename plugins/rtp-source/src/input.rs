//! Where packets come from: a socket, or a file that stands in for it.

use driftless_plugin_api::{FilterError, Host, HostTime, Packet, Span, Wake};

use crate::listener::Listener;
use crate::schedule::Schedule;
use crate::session::Session;
use crate::socket;
use crate::stamped_socket::{self, StampedSocket};

/// Where packets come from.
#[derive(Debug)]
pub enum Input {
    /// A socket, not open.
    Closed,
    /// A socket in which packets wait until a step receives them.
    Stamped(StampedSocket),
    /// A socket and a thread that receives packets when they arrive.
    Listener(Listener),
    /// A file of packets.
    Schedule(Schedule),
}

/// What never reached the segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Losses {
    /// Packets that found the queue before the segment full: the thread's, or the kernel's.
    pub overruns: u64,
    /// Errors of the socket.
    pub errors: u64,
}

impl Input {
    /// Opens the socket of `session` and starts receiving: without a thread, where the kernel notes when packets
    /// arrive and the latency leaves them time to wait. `[main]`
    ///
    /// # Errors
    ///
    /// What could not be opened, and what would help.
    pub fn open(session: &Session, latency: Span, host: &Host) -> Result<Self, FilterError> {
        let (socket, is_stamped) = socket::open(session)?;
        match stamped_socket::rest(latency).filter(|_| is_stamped) {
            Some(rest) => Ok(Self::Stamped(StampedSocket::new(socket, rest))),
            None => Listener::start(socket, host.clone()).map(Self::Listener),
        }
    }

    /// Takes the oldest packet that arrived by `now` into `bytes`. `[streaming]`
    pub fn take(&mut self, now: HostTime, host: &Host, bytes: &mut Vec<u8>) -> Option<HostTime> {
        let arrival = match self {
            Self::Closed => None,
            Self::Stamped(socket) => socket.take(host, bytes),
            Self::Listener(listener) => listener.take(bytes),
            Self::Schedule(schedule) => return schedule.take(now, host, bytes),
        };
        arrival.inspect(|arrival| host.arrived(Packet::of(*arrival, bytes)))
    }

    /// Whether packets are kept from now on.
    pub fn listen(&mut self, listens: bool) {
        match self {
            Self::Stamped(socket) if listens => socket.listen(),
            Self::Listener(listener) => listener.listen(listens),
            Self::Stamped(_) | Self::Closed | Self::Schedule(_) => {}
        }
    }

    /// Whether what comes is wanted soon, because something before it is missing.
    pub fn hurry(&mut self, hurries: bool) {
        if let Self::Stamped(socket) = self {
            socket.hurry(hurries);
        }
    }

    /// When to look again after a step at `now`, for input that does not signal.
    pub fn wake(&mut self, now: HostTime, host: &Host) -> Wake {
        match self {
            Self::Stamped(socket) => socket.wake(now),
            Self::Schedule(schedule) => schedule.due(host).map_or(Wake::OnSignal, Wake::At),
            Self::Closed | Self::Listener(_) => Wake::OnSignal,
        }
    }

    /// Closes a socket, and says what it has lost; a file stays.
    pub fn close(&mut self) -> Option<Losses> {
        let losses = self.losses()?;
        *self = Self::Closed;
        Some(losses)
    }

    /// What never reached the segment so far; `None` where there is no socket.
    pub fn losses(&self) -> Option<Losses> {
        match self {
            Self::Stamped(socket) => Some(socket.losses()),
            Self::Listener(listener) => Some(listener.losses()),
            Self::Closed | Self::Schedule(_) => None,
        }
    }
}
