//! The jitter buffer: packets in as they come, packets out in order. Pure; time is an argument.
//!
//! | module     | does                                                            |
//! |------------|-----------------------------------------------------------------|
//! | `window`   | keeps packets by sequence number until their turn               |
//! | `timeline` | extends time stamps, tells gaps from jumps, expects arrivals    |
//! | `counts`   | what happened, by name                                          |
//!
//! A packet leaves as soon as it is the next one. A missing one is waited for until the latency has
//! passed since it should have come; then the gap is skipped, and the next packet is marked.
//!
//! One sender is listened to. Another one takes over when the first is silent. Nothing is assumed of
//! packet sizes: they may differ from packet to packet.

mod counts;
mod timeline;
mod window;

use driftless_plugin_api::{HostTime, Span};

pub use counts::Counts;
use timeline::{Timeline, Verdict};
use window::{Place, Window};

use crate::format::Format;
use crate::packet::{Packet, Refused};

/// A sender that has been silent for so long may be replaced by another.
const SILENCE: Span = Span::from_millis(200);
/// So many packets in a row that are far from the sequence mean that it starts anew (RFC 3550,
/// appendix A.1)…
const FAR_IN_A_ROW: u32 = 2;
/// …and so many that are only late: they may be stragglers.
const LATE_IN_A_ROW: u32 = 16;

/// What to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// What packets hold.
    pub format: Format,
    /// Their payload type; `None` for any that may mean this format.
    pub payload_type: Option<u8>,
    /// Length of the jitter buffer.
    pub latency: Span,
}

/// A packet whose turn has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received<P> {
    /// Frames since the start of its time line, by the sender's count.
    pub position: i64,
    /// Frames in it.
    pub frames: u32,
    /// When it arrived.
    pub arrival: HostTime,
    /// It does not follow the packet before it.
    pub discontinuity: bool,
    /// A time line starts here: `position` is 0, whatever it was before.
    pub new_timeline: bool,
    /// What `store` made of the payload.
    pub payload: P,
}

/// An answer of [`Receiver::pop`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pop<P> {
    /// The next packet.
    Packet(Received<P>),
    /// The next one is missing; ask again at this time, or after a push.
    WaitUntil(HostTime),
    /// Nothing is waiting; ask again after a push.
    Empty,
}

/// The sender that is listened to.
#[derive(Debug, Clone, Copy)]
struct Sender {
    ssrc: u32,
    last_arrival: HostTime,
}

/// A packet in the window.
#[derive(Debug)]
struct Held<P> {
    timestamp: u32,
    frames: u32,
    arrival: HostTime,
    payload: P,
}

/// See the module. `P` is what a payload is kept as.
#[derive(Debug)]
pub struct Receiver<P> {
    config: Config,
    sender: Option<Sender>,
    /// Another sender, and the sequence number that would confirm it.
    candidate: Option<(u32, u16)>,
    window: Window<Held<P>>,
    timeline: Timeline,
    /// Packets in a row that did not fit the sequence, and the number that would be the next.
    strays: (u32, u16),
    /// The next packet to leave does not follow the one before.
    gap: bool,
    /// The sequence or the sender is new, so a new time line needs no second witness.
    restarted: bool,
    counts: Counts,
}

impl<P> Receiver<P> {
    /// A receiver that has heard nothing.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            sender: None,
            candidate: None,
            window: Window::new(),
            timeline: Timeline::new(config.format.rate_hz),
            strays: (0, 0),
            gap: true,
            restarted: true,
            counts: Counts::default(),
        }
    }

    /// Forgets sender and packets, as after a pause; the counts stay.
    pub fn restart(&mut self) {
        self.counts.superseded += self.window.clear(0);
        self.sender = None;
        self.candidate = None;
        self.timeline.restart();
        (self.gap, self.restarted) = (true, true);
    }

    /// What happened so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// When the sender was last heard.
    pub fn last_arrival(&self) -> Option<HostTime> {
        self.sender.map(|sender| sender.last_arrival)
    }

    /// Takes what came from the network: anything at all, from anybody. `[streaming]`
    ///
    /// `store` turns the payload of a packet that is kept into what [`pop`](Self::pop) will give
    /// back; `None` drops the packet.
    pub fn push(
        &mut self,
        bytes: &[u8],
        arrival: HostTime,
        store: impl FnOnce(&[u8]) -> Option<P>,
    ) {
        self.counts.packets += 1;
        let packet = Packet::parse(bytes, self.config.format, self.config.payload_type);
        let packet = match packet {
            Ok(packet) => packet,
            Err(refused) => return self.count_refused(refused),
        };
        if !self.listens_to(&packet, arrival) {
            self.counts.foreign_sender += 1;
            return;
        }
        match self.window.place(packet.sequence) {
            Place::Ahead(number) => self.insert(number, &packet, arrival, store),
            Place::Taken => self.counts.duplicates += 1,
            Place::Skipped if !self.starts_anew(packet.sequence, LATE_IN_A_ROW) => {
                self.counts.late += 1;
            }
            Place::Far if !self.starts_anew(packet.sequence, FAR_IN_A_ROW) => {
                self.counts.sequence_jumps += 1;
            }
            Place::Skipped | Place::Far => {
                self.start_sequence(packet.sequence);
                self.insert(i64::from(packet.sequence), &packet, arrival, store);
            }
        }
    }

    fn count_refused(&mut self, refused: Refused) {
        let counter = match refused {
            Refused::Truncated => &mut self.counts.truncated,
            Refused::WrongVersion => &mut self.counts.wrong_version,
            Refused::BadPadding => &mut self.counts.bad_padding,
            Refused::WrongPayloadType => &mut self.counts.wrong_payload_type,
            Refused::OddPayload => &mut self.counts.odd_payload,
        };
        *counter += 1;
    }

    /// Whether the packet is from the sender, who may change here.
    fn listens_to(&mut self, packet: &Packet<'_>, arrival: HostTime) -> bool {
        let known = self.sender;
        if known.is_none_or(|sender| sender.ssrc != packet.ssrc) {
            if known.is_some_and(|sender| !self.takes_over(sender, packet, arrival)) {
                return false;
            }
            self.counts.sender_changes += u64::from(known.is_some());
            self.start_sequence(packet.sequence);
            self.timeline.restart();
        }
        self.sender = Some(Sender { ssrc: packet.ssrc, last_arrival: arrival });
        true
    }

    /// A stranger takes over with two packets in a row while the sender is silent: a single stray
    /// packet, or one that wants to interrupt, does not.
    fn takes_over(&mut self, sender: Sender, packet: &Packet<'_>, arrival: HostTime) -> bool {
        let confirmed = self.candidate == Some((packet.ssrc, packet.sequence));
        self.candidate = Some((packet.ssrc, packet.sequence.wrapping_add(1)));
        confirmed && arrival - sender.last_arrival > SILENCE
    }

    fn start_sequence(&mut self, sequence: u16) {
        self.counts.superseded += self.window.clear(i64::from(sequence));
        self.candidate = None;
        self.strays = (0, 0);
        (self.gap, self.restarted) = (true, true);
    }

    /// Whether `sequence` is the last of so many packets in a row that the window is in the wrong place.
    fn starts_anew(&mut self, sequence: u16, needed: u32) -> bool {
        let (count, expected) = self.strays;
        let count = if count > 0 && sequence == expected { count + 1 } else { 1 };
        self.strays = (count, sequence.wrapping_add(1));
        count >= needed
    }

    fn insert(
        &mut self,
        number: i64,
        packet: &Packet<'_>,
        arrival: HostTime,
        store: impl FnOnce(&[u8]) -> Option<P>,
    ) {
        let Some(payload) = store(packet.payload) else {
            self.counts.no_buffer += 1;
            return;
        };
        self.strays = (0, 0);
        let (timestamp, frames) = (packet.timestamp, packet.frames);
        let newest = self.window.insert(number, Held { timestamp, frames, arrival, payload });
        self.counts.reordered += u64::from(!newest);
    }

    /// Gives the next packet, if its turn has come by `now`. `[streaming]`
    pub fn pop(&mut self, now: HostTime) -> Pop<P> {
        loop {
            if let Some(held) = self.window.take_next() {
                match self.judge(held) {
                    Some(received) => return Pop::Packet(received),
                    None => continue,
                }
            }
            if self.window.is_empty() {
                return Pop::Empty;
            }
            let due = self.timeline.expected_arrival() + self.config.latency;
            if now < due {
                return Pop::WaitUntil(due);
            }
            self.counts.lost += self.window.skip_gap();
            self.gap = true;
        }
    }

    fn judge(&mut self, held: Held<P>) -> Option<Received<P>> {
        let Held { timestamp, frames, arrival, payload } = held;
        let verdict = self.timeline.judge(timestamp, frames, arrival, !self.gap, self.restarted);
        let (position, follows, new_timeline) = match verdict {
            Verdict::Follows(position) => (position, true, false),
            Verdict::AfterGap(position) => (position, false, false),
            Verdict::NewTimeline => (0, false, true),
            Verdict::Jump => {
                self.counts.timestamp_jumps += 1;
                self.gap = true;
                return None;
            }
            Verdict::Backwards => {
                self.counts.timestamp_backwards += 1;
                self.gap = true;
                return None;
            }
        };
        self.counts.delivered += 1;
        self.counts.timelines += u64::from(new_timeline);
        let discontinuity = self.gap || !follows;
        (self.gap, self.restarted) = (false, false);
        Some(Received { position, frames, arrival, discontinuity, new_timeline, payload })
    }
}

#[cfg(test)]
mod tests;
