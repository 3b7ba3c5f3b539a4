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
    /// Stretches of the fractional position, each with polynomials of its own.
    pub phases: usize,
    /// Coefficients of these: 4 (cubic) or 6.
    pub powers: usize,
    /// Coefficients and sums in `f64`.
    pub double: bool,
}

impl Quality {
    pub(crate) fn design(self, input_rate_hz: f64, output_rate_hz: f64) -> Design {
        let low = input_rate_hz.min(output_rate_hz);
        let pass_hz = match self {
            Self::LowLatency => low * 0.34,
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
            phases,
            powers,
            double: self == Self::Studio,
        }
    }
}
