//! An audio file of whatever kind, as interleaved `f32` frames.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use driftless_plugin_api::{AudioFormat, Span};
use symphonia::core::codecs::audio::{AudioCodecId, well_known as codec};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, Track, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Time, TimeBase};

/// What can be played.
const SUPPORTED: &str = "WAV, FLAC, MP3, Ogg/Vorbis, AAC-LC (MP4 or ADTS) or AIFF";

/// Why a file cannot be played.
#[derive(Debug)]
pub enum AudioFileError {
    /// It cannot be opened or read.
    Unreadable { path: PathBuf, error: std::io::Error },
    /// It is of no kind that is known.
    NotAudio { path: PathBuf, reason: String },
    /// Its container is known, and what is in it is not.
    UnsupportedCodec { path: PathBuf, codec: String },
    /// No frame of it can be decoded.
    Damaged { path: PathBuf, reason: String },
    /// It ends before the place to begin at.
    StartAfterEnd { path: PathBuf, start: Span },
}

impl fmt::Display for AudioFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => {
                write!(f, "cannot read {}: {error}", path.display())
            }
            Self::NotAudio { path, reason } => write!(
                f,
                "{} is no audio file that can be played ({reason}); expected {SUPPORTED}",
                path.display()
            ),
            Self::UnsupportedCodec { path, codec } => write!(
                f,
                "{} holds {codec}, which cannot be played; expected {SUPPORTED}",
                path.display()
            ),
            Self::Damaged { path, reason } => {
                write!(f, "{} is damaged: {reason}; nothing of it can be played", path.display())
            }
            Self::StartAfterEnd { path, start } => {
                write!(f, "{} ends before {start}, where `start` wants to begin", path.display())
            }
        }
    }
}

impl std::error::Error for AudioFileError {}

/// An open file. May block on the disk.
pub struct AudioFile {
    reader: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    format: AudioFormat,
    /// Decoded values not read yet, from `at` on.
    decoded: Vec<f32>,
    at: usize,
    /// Frames that the file says it has from where it was begun, if its word can be trusted.
    promised_frames: Option<u64>,
    decoded_frames: u64,
    damaged_packets: u64,
    ended: Option<End>,
}

/// How a file ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    Whole,
    Early(String),
}

impl fmt::Debug for AudioFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { format, decoded_frames, ended, .. } = self;
        write!(f, "AudioFile({format:?}, {decoded_frames} frames, {ended:?})")
    }
}

impl AudioFile {
    /// Opens the file at `path` and goes to `start`, to the frame.
    ///
    /// # Errors
    ///
    /// See [`AudioFileError`].
    pub fn open(path: &Path, start: Span) -> Result<Self, AudioFileError> {
        let reader = probe(path)?;
        let track = reader.default_track(TrackType::Audio);
        let track = track.ok_or_else(|| AudioFileError::NotAudio {
            path: path.into(),
            reason: "it has no audio track".to_owned(),
        })?;
        let track = track.clone();
        let mut file = Self {
            decoder: decoder(path, &track)?,
            reader,
            track: track.id,
            format: AudioFormat { rate_hz: 0, channels: 0 },
            decoded: Vec::new(),
            at: 0,
            promised_frames: promised_frames(&track),
            decoded_frames: 0,
            damaged_packets: 0,
            ended: None,
        };
        // The first packet tells what the header may not.
        file.decode_next(None);
        if file.decoded.is_empty() {
            let reason = match file.ended {
                Some(End::Early(reason)) => reason,
                _ => "it holds no frames".to_owned(),
            };
            return Err(AudioFileError::Damaged { path: path.into(), reason });
        }
        file.go_to(start, track.time_base);
        match start > Span::ZERO && file.at == file.decoded.len() && !file.refill() {
            true => Err(AudioFileError::StartAfterEnd { path: path.into(), start }),
            false => Ok(file),
        }
    }

    /// Rate and channels.
    pub fn format(&self) -> AudioFormat {
        self.format
    }

    /// Fills `values` with whole frames, and returns how many; fewer than fit only at the end.
    pub fn read(&mut self, values: &mut [f32]) -> usize {
        let channels = self.format.channels as usize;
        let mut filled = 0;
        while filled < values.len() && (self.at < self.decoded.len() || self.refill()) {
            let rest = &self.decoded[self.at..];
            let count = rest.len().min(values.len() - filled);
            values[filled..filled + count].copy_from_slice(&rest[..count]);
            filled += count;
            self.at += count;
        }
        filled / channels
    }

    /// Packets that could not be decoded.
    pub fn damaged_packets(&self) -> u64 {
        self.damaged_packets
    }

    /// Why the file ended before it should have, if it did.
    pub fn ended_early(&self) -> Option<&str> {
        match &self.ended {
            Some(End::Early(reason)) => Some(reason),
            _ => None,
        }
    }

    /// Decodes packets until there are frames; `false` at the end.
    fn refill(&mut self) -> bool {
        self.decode_next(None);
        self.at < self.decoded.len()
    }

    /// Decodes the next packet that has frames. Frames before `begin`, in the file's own count, are
    /// dropped.
    fn decode_next(&mut self, begin: Option<Begin>) {
        self.decoded.clear();
        self.at = 0;
        while self.decoded.is_empty() && self.ended.is_none() {
            match self.reader.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track => self.decode(&packet, begin),
                Ok(Some(_)) => {}
                Ok(None) => self.ended = Some(self.end()),
                Err(Error::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    self.ended = Some(self.end());
                }
                Err(error) => self.ended = Some(End::Early(error.to_string())),
            }
        }
    }

    fn decode(&mut self, packet: &Packet, begin: Option<Begin>) {
        let decoded = match self.decoder.decode(packet) {
            Ok(decoded) => decoded,
            Err(Error::DecodeError(_) | Error::IoError(_)) => {
                self.damaged_packets += 1;
                return;
            }
            Err(error) => {
                self.ended = Some(End::Early(error.to_string()));
                return;
            }
        };
        let spec = decoded.spec();
        let format = AudioFormat { rate_hz: spec.rate(), channels: spec.channels().count() as u32 };
        if self.format.channels == 0 {
            self.format = format;
        }
        if format != self.format {
            self.ended = Some(End::Early("its rate or channels change".to_owned()));
            return;
        }
        decoded.copy_to_vec_interleaved(&mut self.decoded);
        self.decoded_frames += decoded.frames() as u64;
        if let Some(begin) = begin {
            let skip = begin.frames_before(packet, decoded.frames());
            self.at = (skip * format.channels as usize).min(self.decoded.len());
            if self.at == self.decoded.len() {
                self.decoded.clear();
            }
        }
    }

    fn end(&self) -> End {
        match self.promised_frames {
            Some(promised) if self.decoded_frames < promised => {
                End::Early(format!("{} of {promised} frames are there", self.decoded_frames))
            }
            _ => End::Whole,
        }
    }

    /// Goes to the frame at `start`: close to it by the file's index, then by decoding.
    fn go_to(&mut self, start: Span, time_base: Option<TimeBase>) {
        let frame = start.frames(self.format.rate_hz);
        if frame == 0 {
            return;
        }
        let time = Time::try_from_nanos_i128(i128::from(start.nanos())).unwrap_or(Time::ZERO);
        let to = SeekTo::Time { time, track_id: Some(self.track) };
        let begin = Begin { frame, rate_hz: self.format.rate_hz, time_base };
        match self.reader.seek(SeekMode::Accurate, to) {
            Ok(_) if time_base.is_some() => {
                self.decoder.reset();
                self.promised_frames = None;
                self.ended = None;
                self.decode_next(Some(begin));
            }
            _ => self.skip(frame as u64),
        }
    }

    /// Goes on by so many frames, by decoding alone.
    fn skip(&mut self, mut frames: u64) {
        let channels = self.format.channels as usize;
        while frames > 0 && (self.at < self.decoded.len() || self.refill()) {
            let here = ((self.decoded.len() - self.at) / channels) as u64;
            self.at += here.min(frames) as usize * channels;
            frames -= here.min(frames);
        }
    }
}

/// The frame to begin at.
#[derive(Debug, Clone, Copy)]
struct Begin {
    frame: i64,
    rate_hz: u32,
    time_base: Option<TimeBase>,
}

impl Begin {
    /// How many of the `frames` of a packet come before it.
    fn frames_before(self, packet: &Packet, frames: usize) -> usize {
        let Some(time) = self.time_base.and_then(|base| base.calc_time(packet.pts)) else {
            return 0;
        };
        let nanos = i64::try_from(time.as_nanos()).unwrap_or_default();
        let first = Span::from_nanos(nanos).frames(self.rate_hz);
        usize::try_from(self.frame - first).unwrap_or_default().min(frames)
    }
}

fn probe(path: &Path) -> Result<Box<dyn FormatReader>, AudioFileError> {
    let unreadable = |error| AudioFileError::Unreadable { path: path.into(), error };
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(unreadable(std::io::ErrorKind::IsADirectory.into()));
    }
    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|extension| extension.to_str()) {
        hint.with_extension(extension);
    }
    let stream = MediaSourceStream::new(Box::new(file), Default::default());
    let probe = symphonia::default::get_probe();
    probe
        .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|error| AudioFileError::NotAudio { path: path.into(), reason: error.to_string() })
}

fn parameters(track: &Track) -> Option<&AudioCodecParameters> {
    track.codec_params.as_ref()?.audio()
}

fn decoder(path: &Path, track: &Track) -> Result<Box<dyn AudioDecoder>, AudioFileError> {
    let unsupported = |codec| AudioFileError::UnsupportedCodec { path: path.into(), codec };
    let parameters = parameters(track)
        .ok_or_else(|| unsupported("audio of a kind that is not known".to_owned()))?;
    let decoders = symphonia::default::get_codecs();
    decoders
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(|_| unsupported(codec_name(parameters.codec)))
}

/// Codecs that are often met in these containers and not decoded.
fn codec_name(codec: AudioCodecId) -> String {
    let known = [
        (codec::CODEC_ID_OPUS, "Opus"),
        (codec::CODEC_ID_ALAC, "ALAC"),
        (codec::CODEC_ID_AC3, "AC-3"),
        (codec::CODEC_ID_EAC3, "E-AC-3"),
        (codec::CODEC_ID_SPEEX, "Speex"),
        (codec::CODEC_ID_AAC, "AAC of another profile than LC"),
        (codec::CODEC_ID_WMA, "WMA"),
    ];
    let name = known.iter().find(|(id, _)| *id == codec).map(|(_, name)| (*name).to_owned());
    name.unwrap_or_else(|| format!("codec {codec}"))
}

/// Frames by the header, of codecs whose header counts them; that of others is an estimate.
fn promised_frames(track: &Track) -> Option<u64> {
    let estimated = [codec::CODEC_ID_MP3, codec::CODEC_ID_AAC, codec::CODEC_ID_VORBIS];
    let codec = parameters(track)?.codec;
    track.num_frames.filter(|_| !estimated.contains(&codec))
}
