//! Planar frames by position: what the resampler reads, past and future alike.
//!
//! A frame stands at the place its position says, so frames may come late, twice or out of order,
//! and the resampler may read anywhere. Where no frame was written there is silence.

use crate::aligned::Aligned;

/// Values that are moved at most when a history grows: some 10 µs.
const MOST_MOVED: usize = 1 << 15;

/// The last frames of a stream, one plane a channel, addressed by frame position.
///
/// Positions grow without end; the frames of `end() - capacity .. end()` are kept. What lies beyond
/// the end is silence only as far as [`silence_until`](Self::silence_until) was asked for.
///
/// Every frame that is written goes to other memory than the one before it, once around. Hundreds of
/// streams that each go around in much more memory than they need drive each other out of the
/// processor's caches, so a history that is [`growing`](Self::growing) uses as much as was asked for with
/// [`hold`](Self::hold).
#[derive(Debug, Clone)]
pub struct History {
    planes: Aligned<f32>,
    channels: usize,
    /// Frames that positions go around in, a power of two.
    in_use: usize,
    /// What that may grow to, a power of two.
    capacity: usize,
    /// Frames after those in use that repeat the first ones, so that any window is one slice.
    overhang: usize,
    end: i64,
    /// Frames before this were written over before there was more room.
    kept: i64,
    /// There is silence from the end to here.
    silent: i64,
}

impl History {
    /// Room for at least `capacity_frames`, read in windows of at most `window_frames`. `[main]`
    pub fn new(channels: usize, capacity_frames: usize, window_frames: usize) -> Self {
        // Planes of whole cache lines, so that all of them begin on one.
        let overhang = window_frames.max(16).next_multiple_of(16);
        let capacity = (capacity_frames + overhang).next_power_of_two();
        Self {
            planes: Aligned::new(channels * (capacity + overhang)),
            channels,
            in_use: capacity,
            capacity,
            overhang,
            end: 0,
            kept: i64::MIN,
            silent: capacity as i64,
        }
    }

    /// The same, of which only room for `least_frames` is in use until more is [held](Self::hold). `[main]`
    pub fn growing(mut self, least_frames: usize) -> Self {
        self.in_use = self.step(least_frames + self.overhang);
        Self { end: 0, silent: self.in_use as i64, ..self }
    }

    /// What to use for so many frames: little more, as long as moving it later is quick.
    fn step(&self, frames: usize) -> usize {
        match frames.next_power_of_two() {
            little if little * self.channels <= MOST_MOVED => little.min(self.capacity),
            _ => self.capacity,
        }
    }

    /// Values in a frame.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Frames that can be kept.
    pub fn capacity_frames(&self) -> usize {
        self.capacity - self.overhang
    }

    /// Position of the oldest frame that is kept.
    pub fn oldest(&self) -> i64 {
        self.kept.max(self.end - (self.in_use - self.overhang) as i64)
    }

    /// Sees to it that the frames from `begin` to `end` can be kept at once, as far as there is room for
    /// them. Moves frames now and then, allocates nothing. `[device]`
    pub fn hold(&mut self, begin: i64, end: i64) {
        let frames = (end.max(self.end) - begin).max(0) as usize + self.overhang;
        let in_use = self.step(frames);
        if in_use > self.in_use {
            self.spread(in_use);
        }
    }

    /// Goes around in more memory: moves each turn, as far as it is kept, to where it stands then.
    fn spread(&mut self, in_use: usize) {
        let newest = self.end.max(self.silent);
        let mut from = newest - self.in_use as i64;
        self.kept = self.oldest().max(from);
        let turn = std::mem::replace(&mut self.in_use, in_use);
        while from < newest {
            let to = self.index(from);
            let was = to & (turn - 1);
            let frames = (turn - was).min((newest - from) as usize);
            for channel in 0..self.channels {
                self.plane_mut(channel).copy_within(was..was + frames, to);
            }
            from += frames as i64;
        }
        self.mirror(0, self.overhang);
    }

    /// One past the newest position written.
    pub fn end(&self) -> i64 {
        self.end
    }

    /// Forgets everything; the next frame is written at position 0. `[device]`
    pub fn clear(&mut self) {
        (self.end, self.kept, self.silent) = (0, i64::MIN, 0);
        self.silence_until(self.in_use as i64);
    }

    /// The frames from `position` on of one channel, at most the window given to [`new`](Self::new). `[any]`
    pub fn window(&self, channel: usize, position: i64, frames: usize) -> &[f32] {
        let at = self.index(position);
        &self.plane(channel)[at..at + frames]
    }

    /// Writes interleaved frames at `position`, over what was there. `[device]`
    ///
    /// Positions older than the capacity are ignored; a gap before `position` is silence.
    pub fn write_interleaved(&mut self, position: i64, frames: &[f32]) {
        let channels = self.channels;
        let count = frames.len() / channels;
        self.grow(position, count);
        for (at, from, len) in self.pieces(position, count) {
            let part = &frames[from * channels..(from + len) * channels];
            match channels {
                1 => self.plane_mut(0)[at..at + len].copy_from_slice(part),
                2 => self.write_stereo(at, part),
                _ => self.write_channels(at, part),
            }
            self.mirror(at, len);
        }
    }

    /// Both planes in one pass, which becomes vector instructions.
    fn write_stereo(&mut self, at: usize, frames: &[f32]) {
        let stride = self.stride();
        let (left, right) = self.planes.get_mut().split_at_mut(stride);
        let pairs = left[at..].iter_mut().zip(&mut right[at..]);
        for ((left, right), frame) in pairs.zip(frames.chunks_exact(2)) {
            (*left, *right) = (frame[0], frame[1]);
        }
    }

    fn write_channels(&mut self, at: usize, frames: &[f32]) {
        let channels = self.channels;
        for channel in 0..channels {
            let plane = &mut self.plane_mut(channel)[at..];
            for (value, frame) in plane.iter_mut().zip(frames.chunks_exact(channels)) {
                *value = frame[channel];
            }
        }
    }

    /// Appends `frames` frames, one slice a channel. `[device]`
    pub fn append_planar<'a>(&mut self, frames: usize, plane: impl Fn(usize) -> &'a [f32]) {
        let position = self.end;
        self.grow(position, frames);
        for (at, from, len) in self.pieces(position, frames) {
            for channel in 0..self.channels {
                self.plane_mut(channel)[at..at + len]
                    .copy_from_slice(&plane(channel)[from..from + len]);
            }
            self.mirror(at, len);
        }
    }

    /// Copies the frames from `position` on to `out`, interleaved. `[device]`
    pub fn read_interleaved(&self, position: i64, out: &mut [f32]) {
        for channel in 0..self.channels {
            let values = out.iter_mut().skip(channel).step_by(self.channels);
            for (i, value) in values.enumerate() {
                *value = self.value(channel, position + i as i64);
            }
        }
    }

    /// The value at `position`. `[any]`
    pub fn value(&self, channel: usize, position: i64) -> f32 {
        self.plane(channel)[self.index(position)]
    }

    /// Sets one value at a position that was already reached, or shortly after the end. `[device]`
    pub fn set(&mut self, channel: usize, position: i64, value: f32) {
        let at = self.index(position);
        let (in_use, overhang) = (self.in_use, self.overhang);
        let plane = self.plane_mut(channel);
        plane[at] = value;
        if at < overhang {
            plane[at + in_use] = value;
        }
    }

    /// Moves the end to `end` if it lies before, with silence in between. `[device]`
    pub fn reach(&mut self, end: i64) {
        if end > self.end {
            self.silence_until(end);
            self.end = end;
        }
    }

    /// Puts silence in place of the frames `begin..end`, as far as they are kept. `[device]`
    pub(crate) fn silence(&mut self, begin: i64, end: i64) {
        let begin = begin.max(self.end - self.in_use as i64);
        self.zero(begin, (end - begin).max(0) as usize);
    }

    /// Sees to it that there is silence from the end to `position`. `[device]`
    pub fn silence_until(&mut self, position: i64) {
        let from = self.end.max(self.silent);
        if position > from {
            let frames = ((position - from) as usize).min(self.in_use);
            self.zero(position - frames as i64, frames);
            self.silent = position;
        }
    }

    /// Moves the end over frames that are about to be written, with silence before `position`.
    fn grow(&mut self, position: i64, count: usize) {
        self.reach(position);
        self.end = self.end.max(position + count as i64);
    }

    fn zero(&mut self, position: i64, frames: usize) {
        let at = self.index(position);
        let first = frames.min(self.in_use - at);
        for (at, len) in [(at, first), (0, frames - first)] {
            for channel in 0..self.channels {
                self.plane_mut(channel)[at..at + len].fill(0.0);
            }
            self.mirror(at, len);
        }
    }

    /// (place, first frame, frames) of the one or two runs that `count` frames at `position` fill.
    fn pieces(&self, position: i64, count: usize) -> [(usize, usize, usize); 2] {
        let oldest = self.end - (self.in_use - self.overhang) as i64;
        let skip = (oldest - position).clamp(0, count as i64) as usize;
        let at = self.index(position + skip as i64);
        let first = (count - skip).min(self.in_use - at);
        [(at, skip, first), (0, skip + first, count - skip - first)]
    }

    /// Repeats what was written at `at` after the frames in use, as far as it belongs there.
    fn mirror(&mut self, at: usize, len: usize) {
        let (in_use, to) = (self.in_use, (at + len).min(self.overhang));
        if at < to {
            for channel in 0..self.channels {
                self.plane_mut(channel).copy_within(at..to, in_use + at);
            }
        }
    }

    fn index(&self, position: i64) -> usize {
        position as usize & self.mask()
    }

    /// A position's index is its low bits.
    pub(crate) fn mask(&self) -> usize {
        self.in_use - 1
    }

    fn stride(&self) -> usize {
        self.capacity + self.overhang
    }

    pub(crate) fn plane(&self, channel: usize) -> &[f32] {
        let stride = self.stride();
        &self.planes.get()[channel * stride..(channel + 1) * stride]
    }

    fn plane_mut(&mut self, channel: usize) -> &mut [f32] {
        let stride = self.stride();
        &mut self.planes.get_mut()[channel * stride..(channel + 1) * stride]
    }
}
