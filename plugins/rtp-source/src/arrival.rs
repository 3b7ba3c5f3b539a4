//! Receiving a datagram, and how long ago it arrived.

use std::io;
use std::net::UdpSocket;
use std::time::Duration;

#[cfg(target_os = "linux")]
mod linux;

/// Whether a receiver waits for a datagram that is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// As long as the socket's time limit.
    Waits,
    /// Not at all; only where [`prepare`] was granted.
    Looks,
}

/// Asks the kernel to note when datagrams arrive; whether it will. Where it does, they lose nothing by waiting.
pub fn prepare(socket: &UdpSocket) -> bool {
    #[cfg(target_os = "linux")]
    return linux::prepare(socket);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = socket;
        false
    }
}

/// Receives one datagram into `buffer`: its length, and how long ago it arrived, which is zero where
/// the kernel does not tell.
///
/// # Errors
///
/// What the socket said; `WouldBlock` or `TimedOut` when there is none.
pub fn receive(
    socket: &UdpSocket,
    buffer: &mut [u8],
    patience: Patience,
) -> io::Result<(usize, Duration)> {
    #[cfg(target_os = "linux")]
    return linux::receive(socket, buffer, patience);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = patience;
        socket.recv(buffer).map(|length| (length, Duration::ZERO))
    }
}
