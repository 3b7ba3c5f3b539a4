//! Packets from the receiving thread to the segment: a lock-free queue of bytes.
//!
//! A packet takes as many bytes as it has, and a head of 12: when it arrived, and its length. Both
//! go in together, so a reader never sees one without the other.

use driftless_plugin_api::HostTime;
use ringbuf::traits::{Consumer as _, Observer as _, Producer as _, Split as _};
use ringbuf::{HeapCons, HeapProd, HeapRb};

/// Bytes of the head.
pub const HEAD: usize = 12;
/// The longest packet that UDP can carry.
pub const LONGEST: usize = 65_507;
/// 1 MiB: some 2 s of 64 channels at 48 kHz, so a segment may be held up for long.
const CAPACITY: usize = 1 << 20;

/// The receiving thread's end.
pub struct Sender(HeapProd<u8>);

/// The segment's end.
pub struct Receiver(HeapCons<u8>);

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Receiver({} bytes)", self.0.occupied_len())
    }
}

/// An empty queue.
pub fn queue() -> (Sender, Receiver) {
    let (sender, receiver) = HeapRb::new(CAPACITY).split();
    (Sender(sender), Receiver(receiver))
}

impl Sender {
    /// Hands a packet over: `bytes` with room for a head before it. Returns whether there was room
    /// for it in the queue.
    pub fn send(&mut self, bytes: &mut [u8], arrival: HostTime) -> bool {
        let Some((head, packet)) = bytes.split_first_chunk_mut::<HEAD>() else { return false };
        let (time, length) = head.split_at_mut(8);
        time.copy_from_slice(&arrival.nanos().to_le_bytes());
        length.copy_from_slice(&(packet.len() as u32).to_le_bytes());
        let room = self.0.vacant_len() >= bytes.len();
        if room {
            self.0.push_slice(bytes);
        }
        room
    }
}

impl Receiver {
    /// Takes the oldest packet into `bytes`, which keeps its memory. `[streaming]`
    pub fn receive(&mut self, bytes: &mut Vec<u8>) -> Option<HostTime> {
        let mut head = [0; HEAD];
        if self.0.occupied_len() < HEAD {
            return None;
        }
        self.0.pop_slice(&mut head);
        let (time, length) = head.split_at(8);
        let length = length.try_into().map_or(0, u32::from_le_bytes) as usize;
        bytes.resize(length, 0);
        self.0.pop_slice(bytes);
        Some(HostTime::from_nanos(time.try_into().map_or(0, i64::from_le_bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_arrive_whole_and_in_order_and_a_full_queue_refuses() {
        let (mut sender, mut receiver) = queue();
        let (mut sent, mut bytes) = (0_u32, Vec::new());
        let packet = |number: u32| vec![number as u8; HEAD + (number as usize * 37) % 1500];
        while sender.send(&mut packet(sent), HostTime::from_nanos(i64::from(sent))) {
            sent += 1;
        }
        assert!(sent > 500, "{sent} packets fit");
        for number in 0..sent {
            let arrival = receiver.receive(&mut bytes);
            assert_eq!(arrival, Some(HostTime::from_nanos(i64::from(number))));
            assert_eq!(bytes, packet(number)[HEAD..]);
        }
        assert_eq!(receiver.receive(&mut bytes), None);
    }
}
