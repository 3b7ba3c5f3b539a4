//! What a filter is asked to keep and to remove.

/// How clean, how quick and how costly the resampler is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Quality {
    /// 12 frames of lag and no more; gives up the top octave's cleanness for it.
    LowLatency,
    /// −140 dB THD+N, flat to 20 kHz; what aliases falls above 20 kHz.
    #[default]
    Standard,
    /// As standard, and nothing aliases: what the lower rate cannot hold is removed.
    Strict,
    /// −150 dB, computed in `f64`; nothing that falls into the passband aliases.
    Studio,
}

/// A low-pass in terms of the input rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Design {
    /// End of the passband and begin of the stopband, cycles per input frame.
    pub pass: f64,
    pub stop: f64,
    pub attenuation_db: f64,
    /// Half the taps where the lag is what counts.
    pub most_half_taps: Option<usize>,
    /// Stretches of the fractional position, each with polynomials of its own.
    pub phases: usize,
    /// Coefficients of these: 4 (cubic) or 6.
    pub powers: usize,
    /// Coefficients and sums in `f64`.
    pub double: bool,
}

impl Design {
    /// Half the taps: as many as the attenuation takes, in whole blocks; see J. F. Kaiser (1974).
    pub fn half_taps(&self) -> usize {
        if let Some(half) = self.most_half_taps {
            return half;
        }
        let taps = (self.attenuation_db - 7.95) / (2.285 * self.width()) + 1.0;
        (taps.ceil() as usize).next_multiple_of(super::table::BLOCK) / 2
    }

    /// What `taps` taps attenuate.
    pub fn attenuation_with(&self, taps: usize) -> f64 {
        7.95 + 2.285 * self.width() * (taps - 1) as f64
    }

    fn width(&self) -> f64 {
        std::f64::consts::TAU * (self.stop - self.pass)
    }
}

impl Quality {
    pub(crate) fn design(self, input_rate_hz: f64, output_rate_hz: f64) -> Design {
        let low = input_rate_hz.min(output_rate_hz);
        let pass_hz = match self {
            Self::LowLatency => low * 0.36,
            // 20 kHz where the rate can hold it, else nine tenths of what it can hold.
            _ if low < 48_000.0 => (low * 0.4536).min(20_000.0),
            _ => low * 20.0 / 48.0,
        };
        let stop_hz = match self {
            Self::Strict => low / 2.0,
            _ => low - pass_hz,
        };
        let attenuation_db = match self {
            Self::LowLatency => 80.0,
            Self::Standard | Self::Strict => 142.0,
            Self::Studio => 160.0,
        };
        // Near unity many frames lie in one stretch, and less work counts. Else every frame has
        // another stretch, and the table should fit the processor's nearest cache.
        let near_unity = (input_rate_hz / output_rate_hz - 1.0).abs() < 0.01;
        let (phases, powers) = match (near_unity, self) {
            (true, Self::Studio) => (64, 4),
            (true, _) => (22, 4),
            (false, _) => (6, 6),
        };
        Design {
            pass: pass_hz / input_rate_hz,
            stop: stop_hz / input_rate_hz,
            attenuation_db,
            most_half_taps: (self == Self::LowLatency)
                .then_some(12 * ((input_rate_hz / low) as usize).max(1)),
            phases,
            powers,
            double: self == Self::Studio,
        }
    }
}
