//! Where a period meets the player: frames that fit together, channels that fit.
//!
//! The player counts what it plays. While the graph is paused, or another device takes over, the
//! device's frames and the player's get out of step; then silence is played, or frames that were due
//! meanwhile are passed over, so that the player sees one device that never stopped.

use driftless_rate_match::Period;

use super::Voice;

/// Longest stretch that is passed over; beyond it the player finds its place by itself.
const LONGEST_SKIP_NS: i64 = 500_000_000;

/// Frames played at once where channels must be converted.
pub(crate) const PIECE_FRAMES: usize = 512;

#[derive(Debug)]
pub(super) struct Join {
    rate_hz: u32,
    /// When the frame after the last one is played, ns.
    expected_ns: Option<i64>,
    joined: bool,
}

impl Join {
    pub fn new(rate_hz: u32) -> Self {
        Self { rate_hz, expected_ns: None, joined: true }
    }

    /// Frames are played that the player does not see.
    pub fn leave(&mut self) {
        self.joined = false;
    }

    /// Another player, which has not played yet.
    pub fn forget(&mut self) {
        self.expected_ns = None;
    }

    /// Fills `out`, heard from `play_ns` on.
    pub fn fill(
        &mut self,
        voice: &mut Voice,
        channels: usize,
        play_ns: i64,
        out: &mut [f32],
    ) -> Period {
        let frames = out.len() / channels;
        let silent = if self.joined { 0 } else { self.rejoin(voice, play_ns, frames) };
        self.joined |= silent < frames;
        let (silence, rest) = out.split_at_mut(silent * channels);
        silence.fill(0.0);
        let period = self.play(voice, channels, play_ns + self.ns(silent), rest);
        if silent < frames {
            self.expected_ns = Some(play_ns + self.ns(frames));
        }
        period
    }

    /// Brings player and device together; returns the frames of silence until then.
    fn rejoin(&mut self, voice: &mut Voice, play_ns: i64, frames: usize) -> usize {
        let Some(expected_ns) = self.expected_ns else { return 0 };
        let ahead_ns = expected_ns - play_ns;
        let ahead = self.frames(ahead_ns);
        if ahead >= 0 {
            return if ahead_ns > LONGEST_SKIP_NS { 0 } else { (ahead as usize).min(frames) };
        }
        if -ahead_ns <= LONGEST_SKIP_NS {
            self.pass_over(voice, expected_ns, -ahead as usize);
        }
        0
    }

    fn pass_over(&self, voice: &mut Voice, from_ns: i64, frames: usize) {
        let channels = voice.channels;
        let mut done = 0;
        while done < frames {
            let piece = (frames - done).min(PIECE_FRAMES);
            let Some(scratch) = voice.scratch.get_mut(..piece * channels) else { return };
            voice.player.fill(scratch, from_ns + self.ns(done));
            done += piece;
        }
    }

    fn play(&self, voice: &mut Voice, channels: usize, play_ns: i64, out: &mut [f32]) -> Period {
        if voice.channels == channels {
            return voice.player.fill(out, play_ns);
        }
        let mut whole = Period::default();
        for (i, piece) in out.chunks_mut(PIECE_FRAMES * channels).enumerate() {
            let frames = piece.len() / channels;
            let Some(scratch) = voice.scratch.get_mut(..frames * voice.channels) else {
                piece.fill(0.0);
                continue;
            };
            let period = voice.player.fill(scratch, play_ns + self.ns(i * PIECE_FRAMES));
            convert(scratch, voice.channels, piece, channels);
            whole = if i == 0 { period } else { sum(&whole, &period) };
        }
        whole
    }

    fn ns(&self, frames: usize) -> i64 {
        (frames as i64 * 1_000_000_000 + i64::from(self.rate_hz) / 2) / i64::from(self.rate_hz)
    }

    fn frames(&self, ns: i64) -> i64 {
        (ns as f64 * 1e-9 * f64::from(self.rate_hz)).round() as i64
    }
}

/// The newer of two, with the counts of both.
fn sum(a: &Period, b: &Period) -> Period {
    Period {
        error_ns: a.error_ns,
        underrun_frames: a.underrun_frames + b.underrun_frames,
        inserted_frames: a.inserted_frames + b.inserted_frames,
        dropped_frames: a.dropped_frames + b.dropped_frames,
        late_frames: a.late_frames + b.late_frames,
        cropped_frames: a.cropped_frames + b.cropped_frames,
        silence_frames: a.silence_frames + b.silence_frames,
        resyncs: a.resyncs + b.resyncs,
        discontinuities: a.discontinuities + b.discontinuities,
        ..*b
    }
}

/// Mono goes to the first two channels and comes from the mean of all; else channel goes to channel.
fn convert(from: &[f32], from_channels: usize, to: &mut [f32], to_channels: usize) {
    for (from, to) in from.chunks_exact(from_channels).zip(to.chunks_exact_mut(to_channels)) {
        match (from, &mut *to) {
            ([mono], to) => {
                to.fill(0.0);
                to.iter_mut().take(2).for_each(|value| *value = *mono);
            }
            (from, [mono]) => *mono = from.iter().sum::<f32>() / from_channels as f32,
            (from, to) => {
                to.fill(0.0);
                to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mono_is_heard_left_and_right_and_stereo_becomes_its_mean() {
        let mut stereo = [9.0; 4];
        convert(&[0.5, -0.25], 1, &mut stereo, 2);
        assert_eq!(stereo, [0.5, 0.5, -0.25, -0.25]);
        let mut mono = [9.0; 2];
        convert(&[0.5, -0.5, 1.0, 0.5], 2, &mut mono, 1);
        assert_eq!(mono, [0.0, 0.75]);
        let mut four = [9.0; 4];
        convert(&[0.5, -0.5], 2, &mut four, 4);
        assert_eq!(four, [0.5, -0.5, 0.0, 0.0]);
    }
}
