//! Receives uncompressed audio from the network by RTP: a broadcast whose clock nobody here can see.
//!
//! | module           | does                                                             |
//! |------------------|------------------------------------------------------------------|
//! | `session`        | settings and SDP into where to listen, and for what              |
//! | `format`         | L16 and L24 into values                                          |
//! | `packet`         | reads one packet, or says what is wrong with it                  |
//! | `receiver`       | the jitter buffer: order, loss, senders, jumps; pure             |
//! | `stamp`          | the sender's frames into time stamps                             |
//! | `watch`          | tells when the sender falls silent                               |
//! | `input`          | where packets come from, one of the next three                   |
//! | `stamped_socket` | a socket in which packets wait until a step receives them        |
//! | `listener`       | a socket and a thread that receives                              |
//! | `schedule`       | packets without a network, for virtual time                      |
//! | `socket`         | the socket of the first two                                      |
//! | `sender`         | packets that are made up                                         |
//! | `arrival`        | when a datagram arrived, by the kernel's word where it gives one |
//! | `handover`       | packets from that thread to the segment                          |
//! | `push_source`    | what it says of itself to the graph                              |
//!
//! A thread only receives; everything else happens in `step`, from numbers alone.

mod arrival;
mod format;
mod handover;
mod input;
mod listener;
mod packet;
mod push_source;
mod receiver;
mod schedule;
mod sender;
mod session;
mod socket;
mod stamp;
mod stamped_socket;
mod watch;

use std::path::Path;

use driftless_plugin_api::{
    Cue, Filter, FilterError, Host, HostTime, Latency, Marker, MediaPattern, MediaType, Output,
    Pin, PushSource, ReferenceTime, Sample, Settings, Source, Span, State, Status, Wake,
    export_plugin,
};

use format::Format;
use handover::LONGEST;
use input::{Input, Losses};
use receiver::{Config, Pop, Received, Receiver};
use schedule::Schedule;
use session::Session;
use stamp::Stamper;
use watch::Watch;

/// What stands in the place of a path of packets for packets that are made up.
const STEADY: &str = "steady";

/// Its only pin.
const OUT: u32 = 0;

/// The filter `driftless.rtp-source`.
#[derive(Debug)]
pub struct RtpSource {
    host: Host,
    session: Session,
    latency: Span,
    input: Input,
    receiver: Receiver<Sample>,
    stamper: Stamper,
    watch: Watch,
    /// The first step of this run; what arrived before is stale (LS-11).
    since: Option<HostTime>,
    /// A sample was withheld, so the next one does not follow the last.
    gap: bool,
    announced: bool,
    withheld: u64,
    /// Of the last socket, once it is closed.
    losses: Losses,
    /// The packet that is being looked at.
    packet: Vec<u8>,
}

impl RtpSource {
    fn format(&self) -> Format {
        self.session.format
    }

    /// What came since the last step goes to the receiver.
    fn take_input(&mut self, now: HostTime, since: HostTime) {
        let format = self.format();
        while let Some(arrival) = self.input.take(now, &self.host, &mut self.packet) {
            if arrival >= since {
                let host = &self.host;
                self.receiver.push(&self.packet, arrival, |payload| decoded(format, payload, host));
            }
        }
    }

    /// What is in order leaves.
    fn deliver(&mut self, since: HostTime, output: &mut Output<'_>) -> Wake {
        loop {
            match self.receiver.pop(output.now()) {
                Pop::Packet(received) => {
                    if let Some(sample) = self.stamped(received, since) {
                        if !std::mem::replace(&mut self.announced, true) {
                            output.mark(OUT, Marker::LIVE_SEGMENT);
                        }
                        // A live source goes on whether or not it is heard (LS-6).
                        output.deliver(OUT, sample);
                    }
                }
                Pop::WaitUntil(at) => {
                    self.input.hurry(true);
                    return Wake::At(at);
                }
                Pop::Empty => {
                    self.input.hurry(false);
                    return Wake::OnSignal;
                }
            }
        }
    }

    fn stamped(&mut self, received: Received<Sample>, since: HostTime) -> Option<Sample> {
        let Received { position, frames, arrival, discontinuity, new_timeline, payload } = received;
        if new_timeline {
            self.stamper.begin(self.host.clock().stream_time_since(arrival, since));
        }
        self.gap |= discontinuity;
        let Some(stamp) = self.stamper.stamp(position, frames) else {
            self.withheld += 1;
            self.gap = true;
            return None;
        };
        let mut sample = payload;
        sample.set_times(Some(stamp.start), Some(stamp.stop));
        sample.set_arrival(Some(arrival));
        sample.set_media_times(Some((position, position.saturating_add(i64::from(frames)))));
        sample.set_discontinuity(std::mem::take(&mut self.gap) || stamp.discontinuity);
        Some(sample)
    }
}

fn decoded(format: Format, payload: &[u8], host: &Host) -> Option<Sample> {
    let frames = payload.len() / format.frame_bytes();
    let mut sample = host.audio_sample(frames, format.channels)?;
    format.decode(payload, sample.values_mut(host)?);
    Some(sample)
}

impl Filter for RtpSource {
    const ID: &'static str = "driftless.rtp-source";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let session = Session::from_settings(settings)?;
        let latency = settings.time("latency")?;
        let Session { format, payload_type, .. } = session;
        let input = match settings.text("packets")? {
            "" => Input::Closed,
            STEADY => Input::Schedule(Schedule::steady(format, payload_type)),
            path => Input::Schedule(Schedule::read(Path::new(path))?),
        };
        Ok(Self {
            host,
            latency,
            input,
            receiver: Receiver::new(Config { format, payload_type, latency }),
            stamper: Stamper::new(format.rate_hz, latency, settings.time("max-offset")?),
            watch: Watch::new(settings.time("timeout")?),
            since: None,
            gap: false,
            announced: false,
            withheld: 0,
            losses: Losses::default(),
            packet: Vec::with_capacity(LONGEST),
            session,
        })
    }

    fn media_types(&self, _pin: Pin) -> Vec<MediaPattern> {
        vec![self.format().media().into()]
    }

    fn connect(&mut self, _pin: Pin, media: MediaType) -> Result<(), FilterError> {
        match media == self.format().media() {
            true => Ok(()),
            false => {
                let text = format!("the stream is {}, not {media}", self.format().media());
                Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text))
            }
        }
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        if let Input::Closed = self.input {
            self.input = Input::open(&self.session, self.latency, &self.host)?;
        }
        let Session { format, payload_type, .. } = self.session;
        self.receiver = Receiver::new(Config { format, payload_type, latency: self.latency });
        self.stamper.offset.restart();
        (self.withheld, self.announced) = (0, false);
        Ok(())
    }

    fn run(&mut self, _base: ReferenceTime) -> Result<(), FilterError> {
        self.receiver.restart();
        self.since = None;
        self.input.listen(true);
        Ok(())
    }

    fn pause(&mut self) {
        self.input.listen(false);
    }

    fn deactivate(&mut self) {
        self.losses = self.input.close().unwrap_or(self.losses);
    }

    fn cue(&self) -> Cue {
        Cue::CantCue
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let mut counters = self.receiver.counts().named();
        counters.push(("withheld", self.withheld));
        let socket = self.input.losses().unwrap_or(self.losses);
        counters.push(("overruns", socket.overruns));
        counters.push(("socket-errors", socket.errors));
        counters
    }

    fn latency(&mut self) -> Option<&mut dyn Latency> {
        Some(self)
    }

    fn push_source(&mut self) -> Option<&mut dyn PushSource> {
        Some(self)
    }
}

impl Source for RtpSource {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        if self.host.clock().state() != State::Running {
            return Ok(Wake::OnSignal); // LS-7
        }
        let now = output.now();
        let since = *self.since.get_or_insert(now);
        if let Input::Schedule(schedule) = &mut self.input {
            schedule.start(&self.host, now);
        }
        self.take_input(now, since);
        let wake = self.deliver(since, output);
        let heard = self.receiver.last_arrival();
        let silence = self.watch.look(now, since, heard, &self.session, &self.receiver, &self.host);
        Ok(wake.or(self.input.wake(now, &self.host)).or(silence))
    }
}

export_plugin! {
    source(RtpSource),
}

#[cfg(test)]
mod tests;
