//! The socket, and the thread that receives from it.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use driftless_plugin_api::{FilterError, Host, HostTime, Span};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::arrival;
use crate::handover::{self, HEAD, LONGEST, Sender};
use crate::session::Session;

/// How long the thread waits before it looks whether it should end.
const PATIENCE: Duration = Duration::from_millis(100);
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
    overruns: AtomicU64,
    errors: AtomicU64,
}

impl Listener {
    /// Opens the socket of `session` and starts receiving. `[main]`
    ///
    /// # Errors
    ///
    /// What could not be opened, and what would help.
    pub fn start(session: &Session, host: Host) -> Result<Self, FilterError> {
        let socket = open(session)?;
        let (sender, packets) = handover::queue();
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("rtp-source".to_owned())
            .spawn(move || receive(&socket, &theirs, &host, sender))
            .map_err(|error| FilterError::new(format!("cannot start a thread: {error}")))?;
        Ok(Self { shared, packets, thread: Some(thread) })
    }

    /// Whether packets are kept from now on.
    pub fn listen(&self, listens: bool) {
        self.shared.listens.store(listens, Ordering::Release);
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

fn receive(socket: &UdpSocket, shared: &Shared, host: &Host, mut sender: Sender) {
    let mut buffer = vec![0; HEAD + LONGEST];
    while !shared.ends.load(Ordering::Acquire) {
        match arrival::receive(socket, &mut buffer[HEAD..]) {
            Ok((length, age)) if shared.listens.load(Ordering::Acquire) => {
                let age = Span::from_nanos(age.as_nanos() as i64);
                let arrival = host.now() - age;
                if !sender.send(&mut buffer[..HEAD + length.min(LONGEST)], arrival) {
                    shared.overruns.fetch_add(1, Ordering::Relaxed);
                }
                host.wake();
            }
            Ok(_) => {}
            Err(error) if waited(&error) => {}
            Err(_) => {
                shared.errors.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(PAUSE);
            }
        }
    }
}

fn waited(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn open(session: &Session) -> Result<UdpSocket, FilterError> {
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
    arrival::prepare(&socket);
    Ok(socket)
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
