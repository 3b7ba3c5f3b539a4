//! Receiving a datagram, and how long ago it arrived.

use std::io::{self, ErrorKind};
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

/// What the kernel tells of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Datagram {
    /// Its length, bytes.
    pub length: usize,
    /// How long ago it arrived; zero where the kernel does not tell.
    pub age: Duration,
    /// How many the kernel has dropped so far, because too many waited; 0 where it does not tell.
    pub dropped: u32,
}

/// Asks the kernel to note when datagrams arrive, and to count those it drops; whether it will. Where it does,
/// they lose nothing by waiting.
pub fn prepare(socket: &UdpSocket) -> bool {
    #[cfg(target_os = "linux")]
    return linux::prepare(socket);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = socket;
        false
    }
}

/// Receives one datagram into `buffer`.
///
/// # Errors
///
/// What the socket said; where there is none, an error that [`is_none`].
pub fn receive(socket: &UdpSocket, buffer: &mut [u8], patience: Patience) -> io::Result<Datagram> {
    #[cfg(target_os = "linux")]
    return linux::receive(socket, buffer, patience);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = patience;
        let length = socket.recv(buffer)?;
        Ok(Datagram { length, age: Duration::ZERO, dropped: 0 })
    }
}

/// Whether an error says only that there is no datagram yet.
pub fn is_none(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A real socket: the time limit ends the wait, and the kernel's stamp lies in the past.
    #[test]
    fn a_datagram_is_received_with_its_age() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let is_stamped = prepare(&socket);
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.send_to(b"hello", socket.local_addr().unwrap()).unwrap();
        let mut buffer = [0; 100];
        let datagram = receive(&socket, &mut buffer, Patience::Waits).unwrap();
        assert_eq!(&buffer[..datagram.length], b"hello");
        assert!(datagram.age < Duration::from_secs(1), "{datagram:?}");
        assert_eq!(is_stamped, cfg!(target_os = "linux"));
        assert_eq!(datagram.age > Duration::ZERO, is_stamped, "the kernel noted when it arrived");
        assert!(is_none(&receive(&socket, &mut buffer, Patience::Waits).unwrap_err()));
    }
}
