//! Receiving a datagram, and how long ago it arrived.

use std::io;
use std::net::UdpSocket;
use std::time::Duration;

#[cfg(target_os = "linux")]
mod linux;

/// Asks the kernel to note when datagrams arrive, where it can.
pub fn prepare(socket: &UdpSocket) {
    #[cfg(target_os = "linux")]
    linux::prepare(socket);
    #[cfg(not(target_os = "linux"))]
    let _ = socket;
}

/// Receives one datagram into `buffer`: its length, and how long ago it arrived, which is zero where
/// the kernel does not tell.
///
/// # Errors
///
/// What the socket said; `WouldBlock` or `TimedOut` after its time limit.
pub fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, Duration)> {
    #[cfg(target_os = "linux")]
    return linux::receive(socket, buffer);
    #[cfg(not(target_os = "linux"))]
    socket.recv(buffer).map(|length| (length, Duration::ZERO))
}
