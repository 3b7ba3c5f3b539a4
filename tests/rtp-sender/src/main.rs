//! Sends what the library makes, each packet at its time.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use driftless_rtp_sender::format::Format;
use driftless_rtp_sender::network::{Impairments, Network};
use driftless_rtp_sender::signal::Signal;
use driftless_rtp_sender::stream::{Config, Datagram, Protocol, Stream};
use driftless_rtp_sender::{njbridge, sap, sdp, units};

/// Sends a test tone or a file by RTP, with a clock that is off and a network that misbehaves.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// Address and port to send to
    #[arg(long, default_value = "127.0.0.1:5004")]
    to: SocketAddr,
    /// Encoding, rate and channels; with --file, its rate and channels
    #[arg(long, default_value = "L24/48000/2")]
    format: Format,
    /// Send the packets of zita-njbridge in place of RTP
    #[arg(long)]
    njbridge: bool,
    /// RTP payload type
    #[arg(long, default_value_t = 96, value_parser = clap::value_parser!(u8).range(0..128))]
    payload_type: u8,
    /// Length of a packet
    #[arg(long, default_value = "5ms", value_parser = units::time_ns)]
    packet_time: u64,
    /// Frequency of the tone
    #[arg(long, default_value = "997", value_parser = units::millihertz)]
    tone: u64,
    /// Peak level of tone and ticks
    #[arg(long, default_value = "-1dBFS", value_parser = units::amplitude, allow_hyphen_values = true)]
    level: f64,
    /// Send a millisecond of 1 kHz each second instead of a tone
    #[arg(long, conflicts_with = "file")]
    ticks: bool,
    /// Send a WAV file instead, again and again
    #[arg(long)]
    file: Option<PathBuf>,
    /// How much faster than nominal the sender's clock is
    #[arg(long, default_value = "0", value_parser = units::ppm, allow_hyphen_values = true)]
    ppm: f64,
    /// Largest delay of a packet
    #[arg(long, default_value = "0ms", value_parser = units::time_ns)]
    jitter: u64,
    /// Share of packets that are lost
    #[arg(long, default_value = "0%", value_parser = units::probability)]
    loss: f64,
    /// Share of packets that come after the one behind them
    #[arg(long, default_value = "0%", value_parser = units::probability)]
    reorder: f64,
    /// Share of packets that come twice
    #[arg(long, default_value = "0%", value_parser = units::probability)]
    duplicate: f64,
    /// Seed of all that is random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long to send
    #[arg(long = "for", default_value = "30s", value_parser = units::time_ns)]
    length: u64,
    /// First sequence number [default: from the seed]
    #[arg(long)]
    sequence: Option<u16>,
    /// First time stamp [default: from the seed]
    #[arg(long)]
    timestamp: Option<u32>,
    /// Sender's number [default: from the seed]
    #[arg(long)]
    ssrc: Option<u32>,
    /// Add triangular dither of one step
    #[arg(long)]
    dither: bool,
    /// Own address of the interface for multicast
    #[arg(long)]
    interface: Option<Ipv4Addr>,
    /// Write the session description to this file first
    #[arg(long)]
    sdp: Option<PathBuf>,
    /// Announce the session to this address (SAP), a second before the first packet
    #[arg(long, value_name = "ADDRESS:PORT")]
    announce: Option<SocketAddr>,
    /// Write a packet schedule for `packets` of driftless.rtp-source, and send nothing
    #[arg(long)]
    schedule: Option<PathBuf>,
}

const EXAMPLES: &str = "Examples:
  driftless-rtp-sender --ppm -500 --for 120s --sdp tone.sdp
  driftless-rtp-sender --to 239.255.1.1:5004 --format L16/44100/2 --payload-type 10
  driftless-rtp-sender --jitter 8ms --loss 1% --reorder 2% --duplicate 1% --seed 7
  driftless-rtp-sender --to 239.255.1.1:5004 --announce 224.0.0.56:9875
  driftless-rtp-sender --for 10s --ppm 500 --schedule packets.csv";

/// The longest payload that one datagram of RTP carries.
const LONGEST: usize = 65_507 - 12;

/// From an announcement to the first packet: players open a session only then.
const ANNOUNCED: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("driftless-rtp-sender: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<String, String> {
    let (signal, format) = signal(arguments)?;
    let config = config(arguments, format)?;
    if let Some(path) = &arguments.sdp {
        write(path, &sdp::describe(&config, arguments.to))?;
    }
    if let Some(to) = arguments.announce {
        announce(&config, arguments, to)
            .map_err(|error| format!("cannot announce to {to}: {error}"))?;
        thread::sleep(ANNOUNCED);
    }
    let network = Network::new(Stream::new(config, signal), impairments(arguments));
    match &arguments.schedule {
        Some(path) => schedule(network, path),
        None => send(network, arguments),
    }
}

fn signal(arguments: &Arguments) -> Result<(Signal, Format), String> {
    let amplitude = arguments.level;
    Ok(match &arguments.file {
        Some(path) => {
            let (signal, rate_hz, channels) = Signal::read(path)?;
            (signal, Format { rate_hz, channels, ..arguments.format })
        }
        None if arguments.ticks => (Signal::Ticks { amplitude }, arguments.format),
        None => (Signal::Sine { millihertz: arguments.tone, amplitude }, arguments.format),
    })
}

fn config(arguments: &Arguments, format: Format) -> Result<Config, String> {
    let mut random = fastrand::Rng::with_seed(!arguments.seed);
    let frames = u128::from(arguments.packet_time) * u128::from(format.rate_hz) / 1_000_000_000;
    let (protocol, longest) = match arguments.njbridge {
        true => (Protocol::Njbridge, njbridge::LONGEST - njbridge::HEAD),
        false => (Protocol::Rtp, LONGEST),
    };
    let longest = longest / format.frame_bytes();
    if frames == 0 || frames as usize >= longest {
        return Err(format!(
            "a packet of {} ms holds {frames} frames; expected 1 to {longest} of {format}",
            arguments.packet_time as f64 / 1e6
        ));
    }
    Ok(Config {
        protocol,
        format,
        payload_type: arguments.payload_type,
        packet_ns: arguments.packet_time,
        ppm: arguments.ppm,
        length_ns: arguments.length,
        dither: arguments.dither,
        sequence: arguments.sequence.unwrap_or_else(|| random.u16(..)),
        timestamp: arguments.timestamp.unwrap_or_else(|| random.u32(..)),
        ssrc: arguments.ssrc.unwrap_or_else(|| random.u32(..)),
        seed: arguments.seed,
    })
}

fn impairments(arguments: &Arguments) -> Impairments {
    let Arguments { jitter, loss, reorder, duplicate, seed, .. } = *arguments;
    Impairments { jitter_ns: jitter, loss, reorder, duplicate, seed }
}

fn write(path: &PathBuf, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn schedule(mut network: Network<Stream>, path: &PathBuf) -> Result<String, String> {
    let mut text = String::from("# arrival in ns, packet\n");
    for Datagram { at_ns, bytes, .. } in network.by_ref() {
        let _ = write!(text, "{at_ns},");
        bytes.iter().for_each(|byte| {
            let _ = write!(text, "{byte:02x}");
        });
        text.push('\n');
    }
    write(path, &text)?;
    Ok(format!("wrote {} packets to {}", network.fates().sent, path.display()))
}

fn announce(config: &Config, arguments: &Arguments, to: SocketAddr) -> std::io::Result<()> {
    let origin = arguments.interface.unwrap_or(Ipv4Addr::LOCALHOST);
    let description = sdp::describe(config, arguments.to);
    let packet = sap::announce(&description, origin, config.ssrc as u16);
    socket(arguments, to)?.send_to(&packet, to)?;
    Ok(())
}

fn socket(arguments: &Arguments, to: SocketAddr) -> std::io::Result<UdpSocket> {
    let any = match to {
        SocketAddr::V4(_) => SocketAddr::from(([0; 4], 0)),
        SocketAddr::V6(_) => SocketAddr::from(([0_u16; 8], 0)),
    };
    let socket = UdpSocket::bind(any)?;
    if let (IpAddr::V4(ip), Some(interface)) = (to.ip(), &arguments.interface)
        && ip.is_multicast()
    {
        socket2::SockRef::from(&socket).set_multicast_if_v4(interface)?;
    }
    Ok(socket)
}

fn send(mut network: Network<Stream>, arguments: &Arguments) -> Result<String, String> {
    let target = arguments.to;
    let socket =
        socket(arguments, target).map_err(|error| format!("cannot send to {target}: {error}"))?;
    let start = Instant::now();
    let mut latest = Duration::ZERO;
    for Datagram { at_ns, bytes, .. } in network.by_ref() {
        let due = start + Duration::from_nanos(at_ns);
        sleep_until(due);
        latest = latest.max(due.elapsed());
        socket
            .send_to(&bytes, target)
            .map_err(|error| format!("cannot send to {target}: {error}"))?;
    }
    let fates = network.fates();
    Ok(format!(
        "sent {} packets in {:.1} s; lost {}, reordered {}, duplicated {}; the latest was {:.1} ms late",
        fates.sent,
        start.elapsed().as_secs_f64(),
        fates.lost,
        fates.reordered,
        fates.duplicated,
        latest.as_secs_f64() * 1e3,
    ))
}

/// Absolute times on the monotonic clock: what one packet is late, the next is not.
fn sleep_until(due: Instant) {
    loop {
        let rest = due.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            return;
        }
        thread::sleep(rest);
    }
}
