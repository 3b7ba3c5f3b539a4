//! A source in virtual time: blocks made by its clock, and how they arrive.

use crate::scenario::{Event, Jitter, Scenario};

pub const RATE: f64 = 48_000.0;
/// Frames of a block.
pub const BLOCK: i64 = 240;

/// xorshift64*, so that a seed gives the same digits everywhere.
pub struct Random(pub u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn jitter_s(&mut self, jitter: Jitter) -> f64 {
        1e-3 * match jitter {
            Jitter::None => 0.0,
            Jitter::Uniform(low, high) => low + (high - low) * self.uniform(),
            Jitter::Exponential(mean, most) => (-mean * (1.0 - self.uniform()).ln()).min(most),
            Jitter::Gaussian(sigma) => {
                let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
                sigma * radius * (std::f64::consts::TAU * self.uniform()).cos()
            }
        }
    }
}

/// One block on its way.
pub struct Packet {
    pub first: i64,
    pub arrived: f64,
    pub delivered: f64,
    pub doubled: bool,
}

pub struct Source<'a> {
    pub scenario: &'a Scenario,
    random: Random,
    /// Frames made, and when the next begins.
    frames: i64,
    time: f64,
    delivered: f64,
    /// (frame, time) of block begins, a while back.
    trail: Vec<(i64, f64)>,
    held: Option<Packet>,
    pub lost_frames: usize,
    pub doubled_frames: usize,
}

impl<'a> Source<'a> {
    pub fn new(scenario: &'a Scenario, seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let time = random.uniform() * 0.005;
        Self {
            scenario,
            random,
            frames: 0,
            time,
            delivered: 0.0,
            trail: vec![(0, time)],
            held: None,
            lost_frames: 0,
            doubled_frames: 0,
        }
    }

    /// The next packet in order of delivery; `None` when it was lost.
    pub fn next(&mut self) -> Option<Packet> {
        if let Some(packet) = self.held.take() {
            return Some(packet);
        }
        let packet = self.make();
        let faults = self.scenario.faults;
        if faults == 0.0 {
            return Some(packet);
        }
        match self.random.uniform() / faults {
            x if x < 1.0 && packet.first > 48_000 => {
                self.lost_frames += BLOCK as usize;
                None
            }
            x if (1.0..2.0).contains(&x) => {
                let later = self.make();
                let time = later.delivered;
                self.held = Some(Packet { delivered: time, arrived: time, ..packet });
                Some(later)
            }
            x if (2.0..3.0).contains(&x) => {
                self.doubled_frames += BLOCK as usize;
                Some(Packet { doubled: true, ..packet })
            }
            _ => Some(packet),
        }
    }

    fn make(&mut self) -> Packet {
        if let Some(Event::Pause(at, length)) = self.scenario.event
            && (at..at + 0.005).contains(&self.time)
        {
            self.time += length;
            self.trail.push((self.frames, self.time));
        }
        let first = self.frames;
        self.time += BLOCK as f64 / RATE / (1.0 + (self.scenario.source_ppm)(self.time) * 1e-6);
        self.frames += BLOCK;
        self.trail.push((self.frames, self.time));
        if self.trail.len() > 400 {
            self.trail.drain(..200);
        }
        let mut arrived = self.time + self.random.jitter_s(self.scenario.arrival);
        if let Some(Event::Stall(at, length)) = self.scenario.event
            && (at..at + length).contains(&arrived)
        {
            arrived = at + length;
        }
        self.delivered = self.delivered.max(arrived);
        Packet { first, arrived, delivered: self.delivered, doubled: false }
    }

    /// When a frame was made.
    pub fn time_of(&self, frame: f64) -> f64 {
        let at =
            self.trail.partition_point(|(f, _)| *f as f64 <= frame).clamp(1, self.trail.len() - 1);
        let ((f0, t0), (f1, t1)) = (self.trail[at - 1], self.trail[at]);
        if f1 == f0 {
            return t1;
        }
        t0 + (frame - f0 as f64) * (t1 - t0) / (f1 - f0) as f64
    }
}
