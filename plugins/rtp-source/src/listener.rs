//! The socket, and the thread that receives from it.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use driftless_plugin_api::{FilterError, Host, HostTime, Span};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::arrival::{self, Patience};
use crate::handover::{self, HEAD, LONGEST, Sender};
use crate::session::Session;

/// How long the thread waits before it looks whether it should end.
const PATIENCE: Duration = Duration::from_millis(100);
/// The longest rest between two looks at the socket.
const LONGEST_REST: Duration = Duration::from_millis(20);
/// Packets that are received without looking whether to end.
const GATHERED: usize = 64;
/// After an error that is not about waiting, so that a dead socket does not burn a processor.
const PAUSE: Duration = Duration::from_millis(10);
/// What the kernel should keep while the thread is held up; it may grant less.
const KERNEL_BUFFER: usize = 1 << 20;

/// A thread that receives until it is dropped.
#[derive(Debug)]
pub struct Listener {
    shared: Arc<Shared>,
    packets: handover::Receiver,
    thread: Option<JoinHandle<()>>,
}

/// What never reached the segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Losses {
    /// Packets that found the queue full.
    pub overruns: u64,
    /// Errors of the socket.
    pub errors: u64,
}

#[derive(Debug, Default)]
struct Shared {
    ends: AtomicBool,
    /// Whether packets are wanted; they are received and dropped otherwise.
    listens: AtomicBool,
    /// Whether what comes is wanted at once: something before it is missing.
    hurries: AtomicBool,
    overruns: AtomicU64,
    errors: AtomicU64,
}

impl Listener {
    /// Opens the socket of `session` and starts receiving. A thread that is woken for each packet costs more
    /// than all that is done with them: where the kernel notes when packets arrive, they gather there for
    /// up to half of `latency`. `[main]`
    ///
    /// # Errors
    ///
    /// What could not be opened, and what would help.
    pub fn start(session: &Session, latency: Span, host: Host) -> Result<Self, FilterError> {
        let (socket, is_stamped) = open(session)?;
        let rest = is_stamped.then(|| longest_rest(latency));
        let (sender, packets) = handover::queue();
        let shared = Arc::new(Shared::default());
        let reception = Reception {
            socket,
            shared: Arc::clone(&shared),
            host,
            packets: sender,
            buffer: vec![0; HEAD + LONGEST],
        };
        let thread = std::thread::Builder::new()
            .name("rtp-source".to_owned())
            .spawn(move || reception.run(rest))
            .map_err(|error| FilterError::new(format!("cannot start a thread: {error}")))?;
        Ok(Self { shared, packets, thread: Some(thread) })
    }

    /// Whether packets are kept from now on.
    pub fn listen(&self, listens: bool) {
        self.shared.listens.store(listens, Ordering::Release);
    }

    /// Whether what comes is wanted at once, rather than gathered. `[streaming]`
    pub fn hurry(&self, hurries: bool) {
        self.shared.hurries.store(hurries, Ordering::Relaxed);
    }

    /// Takes the oldest packet into `bytes`. `[streaming]`
    pub fn take(&mut self, bytes: &mut Vec<u8>) -> Option<HostTime> {
        self.packets.receive(bytes)
    }

    /// What never reached the segment so far.
    pub fn losses(&self) -> Losses {
        Losses {
            overruns: self.shared.overruns.load(Ordering::Relaxed),
            errors: self.shared.errors.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // It cannot panic, and if it did there is nothing to be done here.
            let _ = thread.join();
        }
    }
}

/// A packet that fills a gap has the other half left when it is noticed that it is missing.
fn longest_rest(latency: Span) -> Duration {
    Duration::from_nanos(latency.nanos().max(0) as u64 / 2).min(LONGEST_REST)
}

/// What the thread works with.
struct Reception {
    socket: UdpSocket,
    shared: Arc<Shared>,
    host: Host,
    packets: Sender,
    buffer: Vec<u8>,
}

impl Reception {
    /// Receives until that is over. Without a `rest` each packet is received when it arrives.
    fn run(mut self, rest: Option<Duration>) {
        let most = if rest.is_some() { GATHERED } else { 1 };
        while !self.shared.ends.load(Ordering::Acquire) {
            let received = self.receive_all(most);
            if received > 0 {
                self.host.wake();
            }
            if let Some(rest) = rest.filter(|_| self.may_rest(received)) {
                std::thread::sleep(rest);
            }
        }
    }

    /// While nothing comes the socket is what is waited for; where too much comes there is no rest.
    fn may_rest(&self, received: usize) -> bool {
        (1..GATHERED).contains(&received) && !self.shared.hurries.load(Ordering::Relaxed)
    }

    /// Waits for a packet, and receives it and those that are there as well, `most` of them; how many.
    fn receive_all(&mut self, most: usize) -> usize {
        let mut patience = Patience::Waits;
        for received in 0..most {
            if !self.receive(patience) {
                return received;
            }
            patience = Patience::Looks;
        }
        most
    }

    /// Receives a packet and hands it over; whether there was one.
    fn receive(&mut self, patience: Patience) -> bool {
        match arrival::receive(&self.socket, &mut self.buffer[HEAD..], patience) {
            Ok((length, age)) => {
                let arrival = self.host.now() - Span::from_nanos(age.as_nanos() as i64);
                let packet = &mut self.buffer[..HEAD + length.min(LONGEST)];
                let listens = self.shared.listens.load(Ordering::Acquire);
                if listens && !self.packets.send(packet, arrival) {
                    self.shared.overruns.fetch_add(1, Ordering::Relaxed);
                }
                true
            }
            Err(error) if waited(&error) => false,
            Err(_) => {
                self.shared.errors.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(PAUSE);
                false
            }
        }
    }
}

fn waited(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// The socket, and whether its packets are stamped when they arrive.
fn open(session: &Session) -> Result<(UdpSocket, bool), FilterError> {
    let Session { address, port, .. } = session;
    let failed = |error: io::Error| {
        let advice = match error.kind() {
            ErrorKind::AddrInUse => {
                "; another program receives there: end it, or choose another `port`".to_owned()
            }
            ErrorKind::AddrNotAvailable => format!(
                "; it is no address of this machine: set `address = \"{}\"` to receive on all of them",
                unspecified(*address)
            ),
            ErrorKind::PermissionDenied => "; ports from 1024 on need no permission".to_owned(),
            _ => String::new(),
        };
        FilterError::new(format!("cannot receive on {address} port {port}: {error}{advice}"))
    };
    let socket = bound(*address, *port).map_err(failed)?;
    if address.is_multicast() {
        join(&socket, *address, &session.interface)?;
    }
    let socket = UdpSocket::from(socket);
    let is_stamped = arrival::prepare(&socket);
    Ok((socket, is_stamped))
}

fn bound(address: IpAddr, port: u16) -> io::Result<Socket> {
    let address = SocketAddr::new(address, port);
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.ip().is_multicast() {
        // Several programs may hear the same broadcast.
        socket.set_reuse_address(true)?;
    }
    // A smaller buffer loses packets under load only.
    let _ = socket.set_recv_buffer_size(KERNEL_BUFFER);
    socket.set_read_timeout(Some(PATIENCE))?;
    // Where a group can be bound, packets to other groups on this port stay out.
    let bind = match address.ip().is_multicast() && cfg!(windows) {
        true => SocketAddr::new(unspecified(address.ip()), port),
        false => address,
    };
    socket.bind(&SockAddr::from(bind))?;
    Ok(socket)
}

fn unspecified(like: IpAddr) -> IpAddr {
    match like {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    }
}

fn join(socket: &Socket, group: IpAddr, interface: &str) -> Result<(), FilterError> {
    let wrong = |expected: &str| {
        FilterError::new(format!("`interface` is `{interface}`; expected {expected}, or nothing"))
    };
    let joined = match group {
        IpAddr::V4(group) => {
            let own = match interface {
                "" => Ipv4Addr::UNSPECIFIED,
                text => text.parse().map_err(|_| {
                    wrong("the interface's own IPv4 address, such as \"192.168.1.10\"")
                })?,
            };
            socket.join_multicast_v4(&group, &own)
        }
        IpAddr::V6(group) => {
            let number = match interface {
                "" => 0,
                text => text.parse().map_err(|_| wrong("the interface's number, such as \"2\""))?,
            };
            socket.join_multicast_v6(&group, number)
        }
    };
    joined.map_err(|error| {
        FilterError::new(format!(
            "cannot join the multicast group {group}: {error}; `interface` names the address of the \
             network to join it on"
        ))
    })
}

#[cfg(test)]
mod tests;
