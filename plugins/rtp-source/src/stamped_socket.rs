//! A socket whose packets the kernel stamps when they arrive: they wait there until a step receives them.
//!
//! A thread that is woken for each packet costs more than all that is done with them, and one that only gathers
//! them is woken beside the segment's.

use std::net::UdpSocket;

use driftless_plugin_api::{Host, HostTime, Span, Wake};

use crate::arrival::{self, Patience};
use crate::handover::LONGEST;
use crate::input::Losses;

/// The longest rest between two looks at the socket.
const LONGEST_REST: Span = Span::from_millis(20);
/// A shorter one is not worth it.
const SHORTEST_REST: Span = Span::from_millis(2);
/// While something is missing: so much shorter is the rest.
const HURRY: i64 = 8;
/// Packets received in a step; who is sent more is stepped again at once.
const GATHERED: u32 = 64;
/// More small packets than the kernel's buffer holds.
const STALE: u32 = 1 << 14;

/// A socket that is looked into from time to time. `[streaming]`
#[derive(Debug)]
pub struct StampedSocket {
    socket: UdpSocket,
    rest: Span,
    hurries: bool,
    /// Packets received since the latest rest.
    gathered: u32,
    losses: Losses,
    buffer: Vec<u8>,
}

/// How long packets may wait in the kernel at a latency: half of it, so that a packet that fills a gap has the
/// other half left when it is noticed that it is missing. `None` where that is too short to be worth it.
pub fn rest(latency: Span) -> Option<Span> {
    let rest = Span::from_nanos(latency.nanos() / 2).min(LONGEST_REST);
    (rest >= SHORTEST_REST).then_some(rest)
}

impl StampedSocket {
    /// A socket in which packets may wait for `rest`. `[main]`
    pub fn new(socket: UdpSocket, rest: Span) -> Self {
        let (losses, buffer) = (Losses::default(), vec![0; LONGEST]);
        Self { socket, rest, hurries: false, gathered: 0, losses, buffer }
    }

    /// Drops what has waited: it came before anybody listened.
    pub fn listen(&mut self) {
        for _ in 0..STALE {
            if arrival::receive(&self.socket, &mut self.buffer, Patience::Looks).is_err() {
                return;
            }
        }
    }

    /// Whether what comes is wanted soon: something before it is missing.
    pub fn hurry(&mut self, hurries: bool) {
        self.hurries = hurries;
    }

    /// Receives the oldest packet into `bytes`.
    pub fn take(&mut self, host: &Host, bytes: &mut Vec<u8>) -> Option<HostTime> {
        if self.gathered == GATHERED {
            return None;
        }
        match arrival::receive(&self.socket, &mut self.buffer, Patience::Looks) {
            Ok(datagram) => {
                self.gathered += 1;
                self.losses.overruns = self.losses.overruns.max(u64::from(datagram.dropped));
                bytes.clear();
                bytes.extend_from_slice(&self.buffer[..datagram.length.min(LONGEST)]);
                Some(host.now() - Span::from_nanos(datagram.age.as_nanos() as i64))
            }
            Err(error) => {
                self.losses.errors += u64::from(!arrival::is_none(&error));
                None
            }
        }
    }

    /// When to look again after the packets of a step.
    pub fn wake(&mut self, now: HostTime) -> Wake {
        let rest = match (std::mem::take(&mut self.gathered), self.hurries) {
            (GATHERED, _) => Span::ZERO,
            (_, true) => Span::from_nanos(self.rest.nanos() / HURRY),
            (_, false) => self.rest,
        };
        Wake::At(now + rest)
    }

    /// What the kernel did not keep so far, and errors.
    pub fn losses(&self) -> Losses {
        self.losses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A socket at rest for 16 ms, and who sends packets of one byte to it.
    fn pair() -> (StampedSocket, impl Fn(u8)) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        assert!(arrival::prepare(&socket));
        let address = socket.local_addr().unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let send = move |number| assert_eq!(sender.send_to(&[number], address).unwrap(), 1);
        (StampedSocket::new(socket, Span::from_millis(16)), send)
    }

    fn taken(socket: &mut StampedSocket) -> Vec<u8> {
        let host = driftless_plugin_api::testing::host();
        let mut bytes = Vec::new();
        std::iter::from_fn(|| socket.take(&host, &mut bytes).map(|_| bytes[0])).collect()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_gathered_during_a_rest_is_received_at_once_and_what_came_before_is_dropped() {
        let (mut socket, send) = pair();
        (0..3).for_each(&send);
        socket.listen();
        (3..6).for_each(&send);
        assert_eq!(taken(&mut socket), [3, 4, 5]);
        assert_eq!(taken(&mut socket), []);
        assert_eq!(socket.losses(), Losses::default());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_rest_is_short_while_something_is_missing_and_none_while_too_much_comes() {
        let (mut socket, send) = pair();
        let now = HostTime::from_nanos(5);
        let rest = |socket: &mut StampedSocket| match socket.wake(now) {
            Wake::At(at) => (at - now).nanos() / 1_000_000,
            wake => panic!("{wake:?}"),
        };
        assert_eq!(rest(&mut socket), 16);
        socket.hurry(true);
        assert_eq!(rest(&mut socket), 2);
        socket.hurry(false);
        (0..GATHERED as u8 + 1).for_each(&send);
        assert_eq!(taken(&mut socket).len(), GATHERED as usize);
        assert_eq!(rest(&mut socket), 0);
        assert_eq!(taken(&mut socket), [GATHERED as u8]);
        assert_eq!(rest(&mut socket), 16);
    }

    /// The kernel keeps as much as it is granted; the rest is counted, with the first that is received after it.
    #[test]
    #[cfg(target_os = "linux")]
    fn what_the_kernel_drops_is_counted() {
        let (mut socket, send) = pair();
        (0..4_000).for_each(|number: u32| send(number as u8));
        while !taken(&mut socket).is_empty() {
            socket.wake(HostTime::ZERO);
        }
        send(1);
        assert_eq!(taken(&mut socket).len(), 1);
        let overruns = socket.losses().overruns;
        assert!((1..4_000).contains(&overruns), "{overruns} dropped");
    }

    #[test]
    fn packets_wait_for_half_of_the_latency_and_where_that_is_too_short_not_at_all() {
        let rest = |ms| rest(Span::from_millis(ms)).map(|rest| rest.nanos() / 1_000_000);
        let expected = [None, None, Some(4), Some(20), Some(20), Some(20)];
        assert_eq!([0, 3, 8, 40, 80, 2000].map(rest), expected);
    }
}
