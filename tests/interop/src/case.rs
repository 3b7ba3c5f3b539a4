//! What is played.

/// One line of the matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Case {
    /// A tone from our own sender, whose clock is off.
    Tone {
        /// By how much, in ppm.
        ppm: i32,
        /// `L16` or `L24`.
        encoding: &'static str,
    },
    /// A tone from ffmpeg, whose clock is this machine's.
    Ffmpeg {
        /// `L16` or `L24`.
        encoding: &'static str,
    },
    /// Numbers, spoken by espeak-ng and sent by ffmpeg.
    Speech,
    /// A tick each second from our own sender: how long until it is heard?
    Ticks,
    /// A tone from our own sender, which is stopped for 300 ms.
    SenderStops,
    /// A tone from our own sender, while the player is stopped for 200 ms.
    PlayerStops,
    /// The same, while sender, server and player are stopped together for 60 ms.
    AllStop,
    /// The control: the same tone from a file, played by the server's own client.
    OwnClient,
}

impl Case {
    /// All of them.
    pub fn all() -> Vec<Self> {
        vec![
            Self::Tone { ppm: 500, encoding: "L24" },
            Self::Tone { ppm: -500, encoding: "L24" },
            Self::Tone { ppm: 100, encoding: "L24" },
            Self::Tone { ppm: -100, encoding: "L24" },
            Self::Tone { ppm: 500, encoding: "L16" },
            Self::Tone { ppm: -500, encoding: "L16" },
            Self::Ffmpeg { encoding: "L24" },
            Self::Ffmpeg { encoding: "L16" },
            Self::Speech,
            Self::Ticks,
            Self::SenderStops,
            Self::PlayerStops,
            Self::AllStop,
            Self::OwnClient,
        ]
    }

    /// As the table calls it.
    pub fn name(self) -> String {
        match self {
            Self::Tone { ppm, encoding } => format!("{encoding} {ppm:+} ppm"),
            Self::Ffmpeg { encoding } => format!("{encoding} ffmpeg"),
            Self::Speech => "speech".to_owned(),
            Self::Ticks => "delay".to_owned(),
            Self::SenderStops => "sender stops 300 ms".to_owned(),
            Self::PlayerStops => "player stops 200 ms".to_owned(),
            Self::AllStop => "all stop 60 ms".to_owned(),
            Self::OwnClient => "control: own client".to_owned(),
        }
    }

    /// How the stream is encoded.
    pub fn encoding(self) -> &'static str {
        match self {
            Self::Tone { encoding, .. } | Self::Ffmpeg { encoding } => encoding,
            Self::Speech => "L16",
            _ => "L24",
        }
    }

    /// How fast the sender's clock is.
    pub fn ppm(self) -> i32 {
        match self {
            Self::Tone { ppm, .. } => ppm,
            _ if self.stops() => 100,
            _ => 0,
        }
    }

    /// Whether our own sender sends it.
    pub fn is_ours(self) -> bool {
        !matches!(self, Self::Ffmpeg { .. } | Self::Speech | Self::OwnClient)
    }

    /// Whether a process is stopped on purpose.
    pub fn stops(self) -> bool {
        matches!(self, Self::SenderStops | Self::PlayerStops | Self::AllStop)
    }

    /// What must be reached, in dB. L16 cannot be better than its own steps: -97 dB below -1 dBFS.
    pub fn worst_thd_n_db(self) -> f64 {
        if self.encoding() == "L24" { -110.0 } else { -95.0 }
    }
}
