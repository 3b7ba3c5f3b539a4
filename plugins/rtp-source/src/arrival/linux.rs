//! The kernel's time stamps (`SO_TIMESTAMPNS`), free of the time it took to wake a thread, and its count of what it
//! dropped (`SO_RXQ_OVFL`).

use std::io::{self, IoSliceMut};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::time::{Duration, SystemTime};

use nix::sys::socket::sockopt::{ReceiveTimestampns, RxqOvfl};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt};
use nix::sys::time::TimeSpec;

use super::{Datagram, Patience};

/// A datagram that claims to be older was not: the wall clock was set meanwhile.
const OLDEST: Duration = Duration::from_secs(1);

pub fn prepare(socket: &UdpSocket) -> bool {
    // Older kernels do not count.
    let _ = setsockopt(socket, RxqOvfl, &1);
    setsockopt(socket, ReceiveTimestampns, &true).is_ok()
}

pub fn receive(socket: &UdpSocket, buffer: &mut [u8], patience: Patience) -> io::Result<Datagram> {
    let flags = match patience {
        Patience::Waits => MsgFlags::empty(),
        Patience::Looks => MsgFlags::MSG_DONTWAIT,
    };
    let mut control = [0_u8; 64]; // a time stamp takes 32, a count 24
    let mut slices = [IoSliceMut::new(buffer)];
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut slices, Some(&mut control), flags)?;
    let mut datagram = Datagram { length: message.bytes, age: Duration::ZERO, dropped: 0 };
    for control in message.cmsgs().into_iter().flatten() {
        match control {
            ControlMessageOwned::ScmTimestampns(stamp) => datagram.age = age(stamp),
            ControlMessageOwned::RxqOvfl(dropped) => datagram.dropped = dropped,
            _ => {}
        }
    }
    Ok(datagram)
}

/// The stamp is of the wall clock, which may be set at any time; its difference to the present is
/// not, but for the instant.
fn age(stamp: TimeSpec) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.checked_sub(stamp.into()).filter(|age| *age < OLDEST).unwrap_or_default()
}
