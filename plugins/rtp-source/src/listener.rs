//! A thread that receives packets when they arrive: for where the kernel does not note it, and for a latency that
//! leaves no time to wait.

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use driftless_plugin_api::{FilterError, Host, HostTime, Span};

use crate::arrival::{self, Patience};
use crate::handover::{self, HEAD, LONGEST, Sender};
use crate::input::Losses;

/// How long the thread waits before it looks whether it should end.
const PATIENCE: Duration = Duration::from_millis(100);
/// After an error that is not about waiting, so that a dead socket does not burn a processor.
const PAUSE: Duration = Duration::from_millis(10);

/// A thread that receives until it is dropped.
#[derive(Debug)]
pub struct Listener {
    shared: Arc<Shared>,
    packets: handover::Receiver,
    thread: Option<JoinHandle<()>>,
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
    /// Starts receiving from `socket`. `[main]`
    ///
    /// # Errors
    ///
    /// There is no thread to be had.
    pub fn start(socket: UdpSocket, host: Host) -> Result<Self, FilterError> {
        let failed =
            |what: &str, error: io::Error| FilterError::new(format!("cannot {what}: {error}"));
        socket
            .set_read_timeout(Some(PATIENCE))
            .map_err(|error| failed("limit the wait for a packet", error))?;
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
            .spawn(move || reception.run())
            .map_err(|error| failed("start a thread", error))?;
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

/// What the thread works with.
struct Reception {
    socket: UdpSocket,
    shared: Arc<Shared>,
    host: Host,
    packets: Sender,
    buffer: Vec<u8>,
}

impl Reception {
    fn run(mut self) {
        while !self.shared.ends.load(Ordering::Acquire) {
            if self.receive() {
                self.host.wake();
            }
        }
    }

    /// Waits for a packet and hands it over; whether one came.
    fn receive(&mut self) -> bool {
        match arrival::receive(&self.socket, &mut self.buffer[HEAD..], Patience::Waits) {
            Ok(datagram) => {
                let arrival = self.host.now() - Span::from_nanos(datagram.age.as_nanos() as i64);
                let packet = &mut self.buffer[..HEAD + datagram.length.min(LONGEST)];
                let listens = self.shared.listens.load(Ordering::Acquire);
                if listens && !self.packets.send(packet, arrival) {
                    self.shared.overruns.fetch_add(1, Ordering::Relaxed);
                }
                true
            }
            Err(error) if arrival::is_none(&error) => false,
            Err(_) => {
                self.shared.errors.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(PAUSE);
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_is_handed_over_in_its_order_and_what_nobody_listens_to_is_dropped() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let (packets, mut handed_over) = handover::queue();
        let host = driftless_plugin_api::testing::host();
        let buffer = vec![0; HEAD + LONGEST];
        let mut reception = Reception { socket, shared: Arc::default(), host, packets, buffer };
        for (number, listens) in [(0_u8, false), (1, true), (2, true)] {
            reception.shared.listens.store(listens, Ordering::Release);
            sender.send_to(&[number], address).unwrap();
            assert!(reception.receive(), "packet {number}");
        }
        assert!(!reception.receive(), "there is none, and the wait for one ends");
        let mut bytes = Vec::new();
        for number in 1..3 {
            assert!(handed_over.receive(&mut bytes).is_some(), "packet {number} is not there");
            assert_eq!(bytes, [number]);
        }
        assert!(handed_over.receive(&mut bytes).is_none());
    }
}
