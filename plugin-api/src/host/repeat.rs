//! A run that is repeated: what devices and networks did is written down, and simulated ones do it again.

use super::Host;
use crate::abi::host::{RawCall, RawPacket};
use crate::time::{HostTime, Span};

/// One call of a device: it asks for a period, or brings one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Called {
    /// When it came.
    pub seen: HostTime,
    /// When it should have come, going by all before it.
    pub due: HostTime,
    /// Frames a second, true to nominal.
    pub rate: f64,
    /// From then until what it asks for is heard, or since what it brings was captured.
    pub delay: Span,
    /// How many frames. 0: the device went away, and timers stand in for it, or it came back.
    pub frames: u32,
}

/// A packet from a network, without its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// When it arrived.
    pub at: HostTime,
    /// Its first bytes; what a shorter one lacks is 0.
    pub head: [u8; 12],
    /// Its length in bytes.
    pub length: u32,
}

impl Packet {
    /// The packet `bytes` that arrived at `at`.
    pub fn of(at: HostTime, bytes: &[u8]) -> Self {
        let mut head = [0; 12];
        let known = bytes.len().min(head.len());
        head[..known].copy_from_slice(&bytes[..known]);
        Self { at, head, length: bytes.len() as u32 }
    }
}

/// What a simulated device or network is to do in this step, in the place of one whose doings were
/// written down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Repeat<T> {
    /// Go by its own timers: nothing is repeated.
    No,
    /// Nothing, or nothing more.
    Nothing,
    /// This.
    Now(T),
}

impl From<Packet> for RawPacket {
    fn from(Packet { at, head, length }: Packet) -> Self {
        Self { at: at.nanos(), head, length, state: 2, ..Self::default() }
    }
}

impl From<RawPacket> for Packet {
    fn from(RawPacket { at, head, length, .. }: RawPacket) -> Self {
        Self { at: HostTime::from_nanos(at), head, length }
    }
}

impl From<Called> for RawCall {
    fn from(called: Called) -> Self {
        let Called { seen, due, rate, delay, frames } = called;
        let (seen, due, delay) = (seen.nanos(), due.nanos(), delay.nanos());
        Self { seen, due, delay, rate, frames, state: 2, ..Self::default() }
    }
}

impl From<RawCall> for Called {
    fn from(raw: RawCall) -> Self {
        Self {
            seen: HostTime::from_nanos(raw.seen),
            due: HostTime::from_nanos(raw.due),
            rate: raw.rate,
            delay: Span::from_nanos(raw.delay),
            frames: raw.frames,
        }
    }
}

impl Host {
    /// Says that this filter's device has called, so that the run can be repeated from its timing.
    /// Devices made of timers need not: they repeat themselves. `[device]`
    #[inline(always)] // as `publish_clock`
    pub fn called(&self, call: Called) {
        if let Some(called) = self.0.table.called() {
            // SAFETY: the table is valid as long as this holder.
            unsafe { called(self.0.instance, call.into()) };
        }
    }

    /// What this filter's simulated device is to do in this step. `[streaming]`
    pub fn repeat_call(&self) -> Repeat<Called> {
        let Some(call) = self.0.table.call() else { return Repeat::No };
        // SAFETY: the table is valid as long as this holder.
        let raw = unsafe { call(self.0.instance) };
        match raw.state {
            0 => Repeat::No,
            1 => Repeat::Nothing,
            _ => Repeat::Now(raw.into()),
        }
    }

    /// Says that this filter took a packet from the network, so that the run can be repeated from its
    /// timing. Sources that make their packets need not. `[streaming]`
    pub fn arrived(&self, packet: Packet) {
        if let Some(arrived) = self.0.table.arrived() {
            // SAFETY: the table is valid as long as this holder.
            unsafe { arrived(self.0.instance, packet.into()) };
        }
    }

    /// The next packet that this filter's simulated network is to bring in this step. `[streaming]`
    pub fn repeat_packet(&self) -> Repeat<Packet> {
        let Some(packet) = self.0.table.packet() else { return Repeat::No };
        // SAFETY: the table is valid as long as this holder.
        let raw = unsafe { packet(self.0.instance) };
        match raw.state {
            0 => Repeat::No,
            1 => Repeat::Nothing,
            _ => Repeat::Now(raw.into()),
        }
    }
}
