//! A source and a device in virtual time, with a contender between them.

use driftless_rate_match::{Against, Anchor, LinkConfig, Player, Timeline, Tuning, Writer, link};

use crate::{
    measure::tone_db,
    queue::Fill,
    rivals::{Follower, Pi, Rtp},
    scenario::{Event, Scenario},
    source::{BLOCK, Packet, RATE, Random, Source},
};

pub const PERIOD: i64 = 480;
/// From a callback to the moment its first frame is heard, seconds.
pub const DEVICE_LATENCY: f64 = 0.010;
const TONE_HZ: f64 = 1_000.0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Contender {
    Driftless,
    Follower,
    Rtp,
    Pi,
}

impl Contender {
    /// Ours first.
    pub const ALL: [Self; 4] = [Self::Driftless, Self::Follower, Self::Rtp, Self::Pi];

    pub fn name(self) -> &'static str {
        match self {
            Self::Driftless => "driftless",
            Self::Follower => "PipeWire, follower",
            Self::Rtp => "PipeWire, RTP",
            Self::Pi => "PI loop",
        }
    }
}

/// One period.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    pub t: f64,
    pub ratio_ppm: f64,
    pub true_ppm: f64,
    pub delay_error_ms: f64,
    pub playing: bool,
}

#[derive(Debug, Default)]
pub struct Trace {
    pub points: Vec<Point>,
    pub lost_frames: usize,
    /// (second, dB)
    pub tone_db: Vec<(f64, f64)>,
    /// When discontinuities were counted, if the contender counts them.
    pub discontinuities: Option<Vec<f64>>,
    /// Frames of silence less frames lost, and frames cropped less frames doubled.
    pub silence_off: Option<usize>,
    pub cropped_off: Option<usize>,
}

impl Trace {
    pub fn events_after(&self, from: f64) -> Option<u32> {
        let events = self.discontinuities.as_ref()?;
        Some(events.iter().filter(|t| **t >= from).count() as u32)
    }
}

/// When callback `k` runs.
fn callback_time(scenario: &Scenario, k: i64, random: &mut Random) -> f64 {
    let nominal = if scenario.bursts { k / 3 * 3 } else { k };
    let jitter = if scenario.bursts && k % 3 != 0 { 0.0 } else { random.jitter_s(scenario.device) };
    device_time(scenario, nominal) + jitter
}

/// When callback `k` would run by the device's clock.
pub fn device_time(scenario: &Scenario, k: i64) -> f64 {
    let time = k as f64 * PERIOD as f64 / RATE;
    match scenario.event {
        Some(Event::Lose(at, lost)) if time >= at => time + lost,
        _ => time,
    }
}

pub fn run(scenario: &Scenario, contender: Contender, seed: u64) -> Trace {
    let mut source = Source::new(scenario, seed);
    let mut random = Random(seed.wrapping_mul(0xd134_2543_de82_ef95) | 1);
    let mut end: Box<dyn End> = match contender {
        Contender::Driftless => Box::new(Ours::new(scenario, seed)),
        Contender::Follower => Box::new(Fill::new(scenario, Follower::new(PERIOD as f64, RATE))),
        Contender::Rtp => Box::new(Fill::new(scenario, Rtp::new(RATE))),
        Contender::Pi => Box::new(Fill::new(scenario, Pi::new(PERIOD as f64, RATE))),
    };
    let mut trace = Trace::default();
    let mut next = source.next();
    let (mut k, mut burst_time) = (0i64, 0.0);
    loop {
        let drawn = callback_time(scenario, k, &mut random);
        let now = if scenario.bursts && k % 3 != 0 { burst_time } else { drawn };
        burst_time = now;
        if now > scenario.seconds {
            break;
        }
        let stalled = matches!(scenario.event, Some(Event::Stall(at, length)) if now > at && now < at + length);
        if stalled {
            k += 1;
            continue;
        }
        loop {
            match &next {
                Some(packet) if packet.delivered > now => break,
                Some(packet) => end.write(packet),
                None => {}
            }
            next = source.next();
        }
        end.period(k, now, &source, &mut trace);
        k += 1;
    }
    end.finish(&source, &mut trace);
    trace
}

/// What takes packets and is asked for periods.
pub trait End {
    fn write(&mut self, packet: &Packet);
    fn period(&mut self, k: i64, now: f64, source: &Source<'_>, trace: &mut Trace);
    fn finish(&mut self, source: &Source<'_>, trace: &mut Trace);
}

struct Ours {
    writer: Writer,
    player: Player,
    device: Timeline,
    played: i64,
    stamped: bool,
    delay_ms: f64,
    tone: Option<Vec<f32>>,
    lost_frames: usize,
    silence_frames: usize,
    cropped_frames: usize,
    every: i64,
    /// By which the device's own times are off.
    random: Random,
    /// How much earlier than evenly the earliest callbacks come, seconds: they make the time line.
    early: f64,
}

impl Ours {
    fn new(scenario: &Scenario, seed: u64) -> Self {
        let stamped = scenario.faults > 0.0;
        let config = LinkConfig {
            channels: 1,
            target_delay_ns: (scenario.target_ms * 1e6) as i64,
            against: if stamped { Against::PrivateStamps } else { Against::Arrivals },
            tuning: Tuning::default(),
            ..LinkConfig::default()
        };
        let (writer, player) = link(config).expect("the default is in range");
        // Callbacks can only be late; what a device tells is off to both sides.
        let anchor = if scenario.told.is_some() { Anchor::Mean } else { Anchor::Earliest };
        let clean =
            seed % 20 == 1 && !stamped && scenario.event.is_none() && scenario.seconds < 10_000.0;
        Self {
            writer,
            player,
            device: Timeline::new(RATE, anchor),
            played: 0,
            stamped,
            delay_ms: scenario.target_ms + scenario.arrival.mean_ms(),
            tone: clean.then(Vec::new),
            lost_frames: 0,
            silence_frames: 0,
            cropped_frames: 0,
            random: Random(seed.wrapping_mul(0xa076_1d64_78bd_642f) | 1),
            early: if scenario.bursts && scenario.told.is_none() { 0.022 } else { 0.0 },
            every: if scenario.seconds > 10_000.0 { 100 } else { 1 },
        }
    }
}

impl End for Ours {
    fn write(&mut self, packet: &Packet) {
        let frames: Vec<f32> = (packet.first..packet.first + BLOCK)
            .map(|n| {
                let turns = TONE_HZ * (n % 48_000) as f64 / RATE;
                (0.5 * (std::f64::consts::TAU * turns.fract()).sin()) as f32
            })
            .collect();
        let due_ns = self.stamped.then_some((packet.first as f64 / RATE * 1e9).round() as i64);
        for _ in 0..1 + usize::from(packet.doubled) {
            let arrived_ns = (packet.arrived * 1e9).round() as i64;
            self.lost_frames += self.writer.write(&frames, due_ns, arrived_ns, false).lost_frames;
        }
    }

    fn period(&mut self, k: i64, now: f64, source: &Source<'_>, trace: &mut Trace) {
        let mut out = [0.0f32; PERIOD as usize];
        let t = device_time(source.scenario, k);
        let heard = match source.scenario.told {
            None => now + DEVICE_LATENCY,
            Some(off) => {
                let ahead_frames = ((t + DEVICE_LATENCY - now) * RATE).round();
                now + ahead_frames / RATE + self.random.jitter_s(off)
            }
        };
        self.device.observe(self.played, (heard * 1e9).round() as i64);
        let play_ns = self.device.time_of(self.played);
        let before = self.player.position();
        let period = self.player.fill(&mut out, play_ns);
        self.played += PERIOD;
        self.lost_frames += period.underrun_frames + period.dropped_frames + period.late_frames;
        self.silence_frames += period.silence_frames;
        self.cropped_frames += period.cropped_frames;
        let events = trace.discontinuities.get_or_insert_default();
        events.extend((0..period.discontinuities).map(|_| t));
        let playing = matches!(
            period.phase,
            driftless_rate_match::Phase::Acquire | driftless_rate_match::Phase::Track
        ) && period.resyncs == 0;
        if k % self.every == 0 {
            let due = source.time_of(before.0 as f64 + before.1) + self.delay_ms * 1e-3;
            trace.points.push(Point {
                t,
                ratio_ppm: period.ratio_ppm,
                true_ppm: (source.scenario.source_ppm)(t),
                delay_error_ms: (t + DEVICE_LATENCY - self.early - due) * 1e3,
                playing,
            });
        }
        if let Some(tone) = &mut self.tone {
            tone.extend_from_slice(&out);
            if tone.len() == RATE as usize {
                let frequency = TONE_HZ / RATE * (1.0 + period.ratio_ppm * 1e-6);
                trace.tone_db.push((t - 1.0, tone_db(tone, frequency)));
                tone.clear();
            }
        }
    }

    fn finish(&mut self, source: &Source<'_>, trace: &mut Trace) {
        trace.lost_frames = self.lost_frames;
        if self.stamped {
            trace.silence_off = Some(self.silence_frames.abs_diff(source.lost_frames));
            trace.cropped_off = Some(self.cropped_frames.abs_diff(source.doubled_frames));
        }
    }
}
