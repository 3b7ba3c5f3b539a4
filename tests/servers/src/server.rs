//! A sound server in a folder of its own.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::{grants_priority, urgent};
use crate::{CHANNELS, Kind, Process, RATE_HZ};

/// The sink of PulseAudio and PipeWire.
pub const SINK: &str = "test_out";

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a client may take to play nothing.
const PLAYING: Duration = Duration::from_secs(3);
/// How often PipeWire is started until it plays.
const STARTS: u32 = 3;

/// A server that runs; dropping it ends what was started, in reverse order. `[any]`
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    variables: Vec<(&'static str, String)>,
    processes: Vec<(&'static str, Process)>,
    folder: TempDir,
}

impl Server {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    ///
    /// A program that is missing or ended, with the end of its log, or no answer in 20 s. PipeWire is
    /// started up to three times: WirePlumber 0.4.13 loses its way in some 3 starts of 100 on a busy
    /// machine, and from then on links no stream to the sink, or finds none.
    pub fn start(kind: Kind) -> io::Result<Self> {
        let mut starts = 0;
        loop {
            starts += 1;
            match Self::start_once(kind) {
                Err(error)
                    if error.kind() == io::ErrorKind::TimedOut
                        && kind == Kind::PipeWire
                        && starts < STARTS => {}
                started => return started,
            }
        }
    }

    fn start_once(kind: Kind) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("driftless-server-").tempdir()?;
        let run = folder.path().join("run");
        fs::create_dir_all(run.join("pulse"))?;
        let variables = variables(kind, folder.path());
        let mut server = Self { kind, variables, processes: Vec::new(), folder };
        match kind {
            Kind::PulseAudio => server.start_pulseaudio(&run)?,
            Kind::PipeWire => server.start_pipewire(&run)?,
            Kind::Jack => server.start_jack()?,
        }
        Ok(server)
    }

    /// Which one it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What its clients need in their environment.
    pub fn variables(&self) -> &[(&'static str, String)] {
        &self.variables
    }

    /// What was started, to be stopped and continued.
    pub fn processes(&mut self) -> impl Iterator<Item = &mut Process> {
        self.processes.iter_mut().map(|(_, process)| process)
    }

    /// A client of this server: the command with the environment that leads to it, [`urgent`].
    pub fn client(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = urgent(program);
        for other in ["PIPEWIRE_REMOTE", "DISPLAY", "DBUS_SESSION_BUS_ADDRESS"] {
            command.env_remove(other);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }

    // Without configuration files: the usual ones ask for udev, D-Bus and a login session. Without
    // rewinds the sink holds 50 ms, which is nearer to a sound card than 2 s. In float, because
    // PulseAudio's own default, s16le, would hide what is below -98 dB from the monitor.
    fn start_pulseaudio(&mut self, run: &Path) -> io::Result<()> {
        let socket = run.join("pulse/native");
        let cookie = self.folder.path().join("cookie");
        let mut command = self.client("pulseaudio");
        command.args(["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"]);
        command.args(["--disallow-exit=yes", "--log-target=stderr"]);
        // It gives up the priority that it is started with.
        let realtime = if grants_priority() { "yes" } else { "no" };
        command.arg(format!("--realtime={realtime}")).arg(format!("--high-priority={realtime}"));
        command.arg("-L").arg(format!(
            "module-native-protocol-unix socket={} auth-anonymous=1 auth-cookie={}",
            socket.display(),
            cookie.display()
        ));
        command.arg("-L").arg(format!(
            "module-null-sink sink_name={SINK} rate={RATE_HZ} channels={CHANNELS} \
             format=float32le norewinds=1"
        ));
        self.launch("pulseaudio", command)?;
        self.until(|server| server.says("pactl", &["list", "short", "sinks"], SINK))?;
        self.ask("pactl", &["set-default-sink", SINK])
    }

    fn start_pipewire(&mut self, run: &Path) -> io::Result<()> {
        let folder = self.folder.path().join("config/pipewire/pipewire.conf.d");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("10-sink.conf"), pipewire_configuration())?;
        let bus = run.join("bus");
        let mut command = self.client("dbus-daemon");
        command.args(["--session", "--nofork", "--nopidfile", "--nosyslog"]);
        command.arg(format!("--address=unix:path={}", bus.display()));
        self.launch("dbus-daemon", command)?;
        self.until(|_| bus.exists())?; // WirePlumber gives up at once when it finds no bus
        self.launch("pipewire", self.client("pipewire"))?;
        self.until(|_| run.join("pipewire-0").exists())?;
        self.launch("wireplumber", self.client("wireplumber"))?;
        self.launch("pipewire-pulse", self.client("pipewire-pulse"))?;
        self.until(|server| server.says("pactl", &["get-default-sink"], SINK))?;
        match self.plays() {
            true => Ok(()),
            false => Err(io::Error::new(io::ErrorKind::TimedOut, "PipeWire links no stream")),
        }
    }

    /// Whether the stream of a client, of no length, comes to its end.
    fn plays(&self) -> bool {
        let mut command = self.client("pacat");
        command.args(["--playback", "--raw"]).stderr(Stdio::null());
        let ended = Process::start(&mut command).and_then(|process| process.wait(PLAYING));
        ended.is_ok_and(|status| status.success())
    }

    // A period of 960 frames is 20 000 µs. jackd counts its timer in whole microseconds: with its own
    // 1024 frames it would take 21 333 for 21 333.3 and run 15.6 ppm fast.
    fn start_jack(&mut self) -> io::Result<()> {
        let name = self.variables.iter().find(|(name, _)| *name == "JACK_DEFAULT_SERVER");
        let name = name.map(|(_, name)| name.clone()).unwrap_or_default();
        let mut command = self.client("jackd");
        command.args(["--no-realtime", "--no-mlock", "-n", &name, "-d", "dummy", "--monitor"]);
        command.args([
            "-r",
            &RATE_HZ.to_string(),
            "-p",
            "960",
            "-w",
            "20000",
            "-C",
            "2",
            "-P",
            "2",
        ]);
        self.launch("jackd", command)?;
        self.until(|server| server.says("jack_lsp", &[], "system:playback_1"))
    }

    fn launch(&mut self, name: &'static str, mut command: Command) -> io::Result<()> {
        let log = File::create(self.log(name))?;
        command.stdout(log.try_clone()?).stderr(log);
        self.processes.push((name, Process::start(&mut command)?));
        Ok(())
    }

    /// How often the server has said that its own timer was late, which no client can help. Only jackd says
    /// so; a client that was late itself it tells of in other words.
    pub fn late_times(&self) -> usize {
        let log = fs::read(self.log("jackd")).unwrap_or_default();
        String::from_utf8_lossy(&log).matches("JackTimedDriver::Process XRun").count()
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.log"))
    }

    /// Waits for `answers`, as long as all processes run.
    fn until(&mut self, answers: impl Fn(&Self) -> bool) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !answers(self) {
            let running = |(_, process): &mut (_, Process)| process.is_running();
            let ended = self.processes.iter_mut().find_map(|it| (!running(it)).then_some(it.0));
            if let Some(name) = ended {
                let log = fs::read_to_string(self.log(name)).unwrap_or_default();
                return Err(io::Error::other(format!("{name} has ended:\n{log}")));
            }
            if Instant::now() > deadline {
                let name = self.kind.name();
                let text = format!("{name} does not answer for {PATIENCE:?}");
                return Err(io::Error::new(io::ErrorKind::TimedOut, text));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Whether a client prints `word`.
    fn says(&self, program: &str, arguments: &[&str], word: &str) -> bool {
        let output = self.client(program).args(arguments).output();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(word))
    }

    /// Waits until a client prints `word`, for 10 s at most: what needs it then says what is missing.
    pub fn until_says(&self, program: &str, arguments: &[&str], word: &str) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !self.says(program, arguments, word) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Runs a client that must succeed.
    ///
    /// # Errors
    ///
    /// What it said.
    pub fn ask(&self, program: &str, arguments: &[&str]) -> io::Result<()> {
        let output = self.client(program).args(arguments).output()?;
        match output.status.success() {
            true => Ok(()),
            false => Err(io::Error::other(format!(
                "{program} {}: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr).trim()
            ))),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        while let Some(process) = self.processes.pop() {
            drop(process);
        }
    }
}

/// What leads clients to a server whose state is in `folder`, and away from every other.
fn variables(kind: Kind, folder: &Path) -> Vec<(&'static str, String)> {
    let path = |name: &str| folder.join(name).display().to_string();
    let mut variables = vec![
        ("XDG_RUNTIME_DIR", path("run")),
        ("XDG_CONFIG_HOME", path("config")),
        ("XDG_STATE_HOME", path("state")),
        ("XDG_DATA_HOME", path("share")),
        ("XDG_CACHE_HOME", path("cache")),
        ("PULSE_COOKIE", path("cookie")),
        ("JACK_NO_START_SERVER", "1".to_owned()),
        ("JACK_NO_AUDIO_RESERVATION", "1".to_owned()),
    ];
    let socket = |name: &str| format!("unix:{}", path(name));
    let unique = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match kind {
        Kind::PulseAudio => variables.push(("PULSE_SERVER", socket("run/pulse/native"))),
        Kind::PipeWire => variables.extend([
            ("PULSE_SERVER", socket("run/pulse/native")),
            ("PIPEWIRE_RUNTIME_DIR", path("run")),
            ("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", path("run/bus"))),
        ]),
        // Left unset, a PulseAudio client would look for another server, or start one.
        Kind::Jack => variables
            .extend([("PULSE_SERVER", socket("run/none")), ("JACK_DEFAULT_SERVER", unique)]),
    }
    variables
}

/// A null sink that drives the graph, and nothing that changes the rate.
fn pipewire_configuration() -> String {
    format!(
        "context.properties = {{
    default.clock.rate = {RATE_HZ}
    default.clock.allowed-rates = [ {RATE_HZ} ]
    default.clock.quantum = 1024
}}
context.objects = [
    {{ factory = adapter
        args = {{
            factory.name = support.null-audio-sink
            node.name = {SINK}
            media.class = Audio/Sink
            audio.rate = {RATE_HZ}
            audio.position = [ FL FR ]
            monitor.channel-volumes = true
            object.linger = true
            priority.driver = 30000
            priority.session = 30000
        }}
    }}
]
"
    )
}
