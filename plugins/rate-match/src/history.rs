//! Planar frames by position: what the resampler reads, past and future alike.
//!
//! A frame stands at the place its position says, so frames may come late, twice or out of order,
//! and the resampler may read anywhere. Where no frame was written there is silence.

/// The last frames of a stream, one plane a channel, addressed by frame position.
///
/// Positions grow without end; the frames of `end() - capacity .. end()` are kept. What lies beyond
/// the end is silence only as far as [`silence_until`](Self::silence_until) was asked for.
#[derive(Debug, Clone)]
pub struct History {
    planes: Vec<f32>,
    channels: usize,
    /// A power of two.
    capacity: usize,
    /// Frames after the capacity that repeat the first ones, so that any window is one slice.
    overhang: usize,
    end: i64,
    /// There is silence from the end to here.
    silent: i64,
}

impl History {
    /// Room for at least `capacity_frames`, read in windows of at most `window_frames`. `[main]`
    pub fn new(channels: usize, capacity_frames: usize, window_frames: usize) -> Self {
        let overhang = window_frames.max(16);
        let capacity = (capacity_frames + overhang).next_power_of_two();
        Self {
            planes: vec![0.0; channels * (capacity + overhang)],
            channels,
            capacity,
            overhang,
            end: 0,
            silent: capacity as i64,
        }
    }

    /// Values in a frame.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Frames kept.
    pub fn capacity_frames(&self) -> usize {
        self.capacity - self.overhang
    }

    /// One past the newest position written.
    pub fn end(&self) -> i64 {
        self.end
    }

    /// Forgets everything; the next frame is written at position 0. `[device]`
    pub fn clear(&mut self) {
        self.planes.fill(0.0);
        self.end = 0;
        self.silent = self.capacity as i64;
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
                1 => self.planes[at..at + len].copy_from_slice(part),
                2 => self.write_stereo(at, part),
                _ => self.write_channels(at, part),
            }
            self.mirror(at, len);
        }
    }

    /// Both planes in one pass, which becomes vector instructions.
    fn write_stereo(&mut self, at: usize, frames: &[f32]) {
        let (left, right) = self.planes.split_at_mut(self.capacity + self.overhang);
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
        let (capacity, overhang) = (self.capacity, self.overhang);
        let plane = self.plane_mut(channel);
        plane[at] = value;
        if at < overhang {
            plane[at + capacity] = value;
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
        let begin = begin.max(self.end - self.capacity as i64);
        self.zero(begin, (end - begin).max(0) as usize);
    }

    /// Sees to it that there is silence from the end to `position`. `[device]`
    pub fn silence_until(&mut self, position: i64) {
        let from = self.end.max(self.silent);
        if position > from {
            let frames = ((position - from) as usize).min(self.capacity);
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
        let first = frames.min(self.capacity - at);
        for (at, len) in [(at, first), (0, frames - first)] {
            for channel in 0..self.channels {
                self.plane_mut(channel)[at..at + len].fill(0.0);
            }
            self.mirror(at, len);
        }
    }

    /// (place, first frame, frames) of the one or two runs that `count` frames at `position` fill.
    fn pieces(&self, position: i64, count: usize) -> [(usize, usize, usize); 2] {
        let oldest = self.end - (self.capacity - self.overhang) as i64;
        let skip = (oldest - position).clamp(0, count as i64) as usize;
        let at = self.index(position + skip as i64);
        let first = (count - skip).min(self.capacity - at);
        [(at, skip, first), (0, skip + first, count - skip - first)]
    }

    /// Repeats what was written at `at` after the capacity, as far as it belongs there.
    fn mirror(&mut self, at: usize, len: usize) {
        let (capacity, to) = (self.capacity, (at + len).min(self.overhang));
        if at < to {
            for channel in 0..self.channels {
                self.plane_mut(channel).copy_within(at..to, capacity + at);
            }
        }
    }

    fn index(&self, position: i64) -> usize {
        position as usize & (self.capacity - 1)
    }

    /// A position's index is its low bits.
    pub(crate) fn mask(&self) -> usize {
        self.capacity - 1
    }

    pub(crate) fn plane(&self, channel: usize) -> &[f32] {
        let stride = self.capacity + self.overhang;
        &self.planes[channel * stride..(channel + 1) * stride]
    }

    fn plane_mut(&mut self, channel: usize) -> &mut [f32] {
        let stride = self.capacity + self.overhang;
        &mut self.planes[channel * stride..(channel + 1) * stride]
    }
}
