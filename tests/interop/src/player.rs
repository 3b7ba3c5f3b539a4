//! Who plays a stream: driftless, or one of its peers on the same stream and server.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;

use clap::ValueEnum;
use driftless_test_servers::{CHANNELS, Kind, Process, RATE_HZ, Server};

use crate::case::Case;

/// How long each of them waits for a late packet, in ms, as examples/rtp-to-speakers.toml does.
const PATIENCE_MS: u32 = 40;

/// A player.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Player {
    /// driftless, with examples/rtp-to-speakers.toml
    Driftless,
    /// gst-launch-1.0: rtpjitterbuffer (mode slave), and a sink that is the clock
    Gstreamer,
    /// The same, but the sink follows the system's clock by resampling
    GstreamerResample,
    /// PipeWire's own libpipewire-module-rtp-source, announced by SAP
    Pipewire,
    /// zita-n2j of zita-njbridge, sent its own packets
    ZitaNjbridge,
}

/// What a player is told.
#[derive(Debug)]
pub struct Orders {
    /// Where driftless and its plugins are.
    pub programs: PathBuf,
    /// The graph that driftless plays.
    pub manifest: PathBuf,
    /// For files of one's own.
    pub folder: PathBuf,
    /// How long to play.
    pub seconds: u64,
    /// Where the stream arrives; the one behind it is taken by zita-n2j as well.
    pub port: u16,
    /// Where it is announced.
    pub announcements: u16,
    /// Where driftless writes its timing, if it shall.
    pub trace: Option<PathBuf>,
}

impl Player {
    /// As the command line calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Driftless => "driftless",
            Self::Gstreamer => "gstreamer",
            Self::GstreamerResample => "gstreamer-resample",
            Self::Pipewire => "pipewire",
            Self::ZitaNjbridge => "zita-njbridge",
        }
    }

    /// Whether it can play `case` on this server.
    pub fn plays(self, kind: Kind, case: Case) -> bool {
        match self {
            Self::Driftless => true,
            Self::Gstreamer | Self::GstreamerResample => case != Case::OwnClient,
            // ffmpeg neither announces its streams nor speaks njbridge's language.
            Self::Pipewire => kind == Kind::PipeWire && case.is_ours(),
            Self::ZitaNjbridge => kind == Kind::Jack && case.is_ours(),
        }
    }

    /// Starts it; it plays until it is interrupted, driftless for as long as it was told.
    pub fn start(self, server: &Server, case: Case, orders: &Orders) -> io::Result<Process> {
        match self {
            Self::Driftless => driftless(server, case, orders),
            Self::Gstreamer => gstreamer(server, case, orders, ""),
            Self::GstreamerResample => {
                gstreamer(server, case, orders, " provide-clock=false slave-method=resample")
            }
            Self::Pipewire => pipewire(server, orders),
            Self::ZitaNjbridge => zita_njbridge(server, orders),
        }
    }
}

fn driftless(server: &Server, case: Case, orders: &Orders) -> io::Result<Process> {
    let host = if server.kind() == Kind::Jack { "jack" } else { "pulseaudio" };
    let mut command = server.client(orders.programs.join("driftless"));
    command.arg("--json").arg("-p").arg(&orders.programs).arg("run").arg(&orders.manifest);
    command.arg("--for").arg(format!("{}s", orders.seconds));
    if let Some(trace) = &orders.trace {
        command.arg("--trace").arg(trace);
    }
    for set in [
        format!("network.port={}", orders.port),
        format!("network.format={}/{RATE_HZ}/{CHANNELS}", case.encoding()),
        format!("speakers.host={host}"),
    ] {
        command.arg("--set").arg(set);
    }
    Process::start(command.stdout(Stdio::piped()))
}

fn gstreamer(server: &Server, case: Case, orders: &Orders, options: &str) -> io::Result<Process> {
    let sink = if server.kind() == Kind::Jack { "jackaudiosink" } else { "pulsesink" };
    let encoding = case.encoding();
    let pipeline = format!(
        "udpsrc address=127.0.0.1 port={} caps=application/x-rtp,media=audio,clock-rate={RATE_HZ},\
         encoding-name={encoding},channels={CHANNELS},payload=96 \
         ! rtpjitterbuffer mode=slave latency={PATIENCE_MS} ! rtp{encoding}depay \
         ! audioconvert ! audioresample ! {sink}{options}",
        orders.port
    );
    let mut command = server.client("gst-launch-1.0");
    command.env_remove("XDG_CACHE_HOME"); // it would look through all of its plugins again
    command.arg("-q").args(pipeline.split_whitespace());
    Process::start(command.stdout(Stdio::null()))
}

/// A process of its own, so that what it needs can be told from what the server needs.
fn pipewire(server: &Server, orders: &Orders) -> io::Result<Process> {
    let path = orders.folder.join("rtp-source.conf");
    fs::write(&path, pipewire_configuration(orders.announcements))?;
    let mut command = server.client("pipewire");
    command.arg("-c").arg(path);
    Process::start(command.stdout(Stdio::null()))
}

fn pipewire_configuration(announcements: u16) -> String {
    format!(
        "context.spa-libs = {{
    audio.convert.* = audioconvert/libspa-audioconvert
    support.*       = support/libspa-support
}}
context.modules = [
    {{ name = libpipewire-module-protocol-native }}
    {{ name = libpipewire-module-client-node }}
    {{ name = libpipewire-module-adapter }}
    {{ name = libpipewire-module-rtp-source
        args = {{
            sap.ip            = 127.0.0.1
            sap.port          = {announcements}
            sap.interval.sec  = 3600
            sess.latency.msec = {PATIENCE_MS}
        }}
    }}
]
"
    )
}

fn zita_njbridge(server: &Server, orders: &Orders) -> io::Result<Process> {
    let mut command = server.client("zita-n2j");
    command.arg("--buff").arg(PATIENCE_MS.to_string());
    command.arg("127.0.0.1").arg(orders.port.to_string());
    let process = Process::start(command.stdout(Stdio::null()))?;
    server.until_says("jack_lsp", &[], "zita-n2j:out_2");
    for channel in 1..=CHANNELS {
        let from = format!("zita-n2j:out_{channel}");
        server.ask("jack_connect", &[&from, &format!("system:playback_{channel}")])?;
    }
    Ok(process)
}
