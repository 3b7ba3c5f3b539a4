//! Which servers there are.

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// PulseAudio with a null sink.
    PulseAudio,
    /// PipeWire with a null sink, WirePlumber and pipewire-pulse, on a session bus of its own.
    PipeWire,
    /// jackd with the dummy driver.
    Jack,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PulseAudio, Self::PipeWire, Self::Jack];

    /// The longest time that nothing runs, after which the server still keeps its own time, in ms.
    ///
    /// jackd's dummy driver begins to count anew once a period (20 ms) was late; measured by stopping
    /// it with periods of 10 ms. PipeWire loses a few ms from 10 ms on, measured alike. PulseAudio catches
    /// up after 50 ms and more, but a packet that is 30 ms late already misses its turn with a player that
    /// waits for 40 ms.
    pub fn endures_ms(self) -> f64 {
        match self {
            Self::PulseAudio => 30.0,
            Self::Jack => 20.0,
            Self::PipeWire => 10.0,
        }
    }

    /// As a person calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::PulseAudio => "PulseAudio",
            Self::PipeWire => "PipeWire",
            Self::Jack => "jackd",
        }
    }
}
