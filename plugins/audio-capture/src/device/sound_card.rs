//! A real device, through cpal. A thread of its own opens it, watches it and opens it again.
//!
//! While the device is away nothing is captured; the clock on offer goes on by its last reading.

mod delay;
mod find;
mod stream;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use driftless_plugin_api::{AudioFormat, FilterError, Host, HostTime, Span};

use super::{Device, News};
use crate::options::{Options, Wanted};
use crate::recorder::Recorder;
use find::find_and_open;
use stream::Opened;

/// How often the thread looks after the device.
const LOOK: Duration = Duration::from_millis(50);
/// A device that hands nothing over for so long is lost.
const SILENT_LOOKS: u32 = 40;
/// Callbacks after which period and delay are believed.
const SETTLED: i64 = delay::FIRST as i64;
/// First wait before a device is opened again; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// How long a device may take to open at activation.
const OPENING: Duration = Duration::from_secs(15);

/// What the thread needs to find the device.
#[derive(Debug, Clone)]
pub(super) struct Search {
    pub wanted: Wanted,
    pub host: String,
    pub format: AudioFormat,
    pub period_frames: u32,
}

/// Told by the device's own threads.
#[derive(Debug, Default)]
pub(super) struct Signs {
    pub fatal: AtomicBool,
    pub callbacks: AtomicI64,
    pub xruns: AtomicI64,
    pub delay_ns: AtomicI64,
    pub period_ns: AtomicI64,
}

/// What the thread tells.
enum Report {
    Open { name: String },
    Refused(String),
    Lost(String),
}

/// A device of the system.
pub(crate) struct SoundCard {
    name: String,
    block: Span,
    signs: Arc<Signs>,
    reports: Receiver<Report>,
    /// Dropped first, which ends the thread.
    order: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SoundCard {
    /// Opens it. `[main]`
    pub fn open(options: &Options, host: &Host, recorder: Recorder) -> Result<Self, FilterError> {
        let search = Search {
            wanted: options.device.clone(),
            host: options.host.clone(),
            format: options.format,
            period_frames: options.block_frames as u32,
        };
        let signs = Arc::new(Signs::default());
        let (order, orders) = channel();
        let (tell, reports) = channel();
        let keeper =
            Keeper { search, signs: Arc::clone(&signs), host: host.clone(), orders, reports: tell };
        let recorder = Box::new(recorder);
        let thread = thread::Builder::new()
            .name("driftless-capture".to_owned())
            .spawn(move || keeper.keep(recorder))
            .map_err(|cause| FilterError::new(format!("no thread for the device: {cause}")))?;
        match reports.recv_timeout(OPENING) {
            Ok(Report::Open { name }) => Ok(Self {
                name,
                block: options.block(),
                signs,
                reports,
                order: Some(order),
                thread: Some(thread),
            }),
            Ok(Report::Refused(why) | Report::Lost(why)) => Err(FilterError::new(why)),
            Err(_) => Err(FilterError::new("the sound system does not answer")),
        }
    }
}

impl Device for SoundCard {
    fn period(&self) -> Span {
        Span::from_nanos(self.signs.period_ns.load(Relaxed))
    }

    fn delay(&self) -> Span {
        Span::from_nanos(self.signs.delay_ns.load(Relaxed))
    }

    /// Whoever plays through one JACK server is called by its one clock. The name of a device elsewhere
    /// does not say which crystal is behind it (LS-M10).
    fn identity(&self) -> String {
        if self.name.starts_with("JACK:") { "JACK".to_owned() } else { String::new() }
    }

    fn step(&mut self, now: HostTime) -> HostTime {
        now + self.block
    }

    fn xruns(&self) -> u64 {
        self.signs.xruns.load(Relaxed) as u64
    }

    fn news(&mut self) -> Option<News> {
        loop {
            match self.reports.try_recv().ok()? {
                Report::Lost(why) => {
                    return Some(News::Lost(format!("{} is gone: {why}", self.name)));
                }
                Report::Open { name } => return Some(News::Back(format!("{name} is back"))),
                Report::Refused(_) => {}
            }
        }
    }
}

impl Drop for SoundCard {
    fn drop(&mut self) {
        self.order = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic there has been told by its hook
        }
    }
}

/// The thread that owns the stream: not every system lets it move to another.
struct Keeper {
    search: Search,
    signs: Arc<Signs>,
    host: Host,
    /// Closed when the device is no longer wanted.
    orders: Receiver<()>,
    reports: Sender<Report>,
}

impl Keeper {
    fn keep(self, recorder: Box<Recorder>) {
        let mut place = Some(recorder);
        let mut opened = match self.open(&mut place) {
            Ok(opened) => opened,
            Err(why) => return self.tell(Report::Refused(why)),
        };
        while let Some(why) = self.watch() {
            self.tell(Report::Lost(why));
            place = opened.close();
            if let Some(recorder) = &mut place {
                recorder.change_device();
            }
            match self.open_again(&mut place) {
                Some(again) => opened = again,
                None => return,
            }
        }
        opened.close();
    }

    fn open(&self, recorder: &mut Option<Box<Recorder>>) -> Result<Opened, String> {
        self.signs.fatal.store(false, Relaxed);
        let (opened, name) = find_and_open(&self.search, &self.signs, &self.host, recorder)?;
        self.wait_for_callbacks();
        self.tell(Report::Open { name });
        Ok(opened)
    }

    /// Period and delay are known only from the callbacks; a device that makes none is found out later.
    fn wait_for_callbacks(&self) {
        let first = self.signs.callbacks.load(Relaxed);
        for _ in 0..SILENT_LOOKS {
            if self.signs.callbacks.load(Relaxed) >= first + SETTLED || self.is_over(LOOK) {
                return;
            }
        }
    }

    /// Waits until the device fails; `None` when it is no longer wanted.
    fn watch(&self) -> Option<String> {
        let (mut seen, mut silent) = (-1, 0);
        loop {
            if self.is_over(LOOK) {
                return None;
            }
            if self.signs.fatal.load(Relaxed) {
                return Some("the sound system gave it up".to_owned());
            }
            let callbacks = self.signs.callbacks.load(Relaxed);
            silent = if callbacks == seen { silent + 1 } else { 0 };
            seen = callbacks;
            if silent >= SILENT_LOOKS {
                return Some("it has handed nothing over for 2 s".to_owned());
            }
        }
    }

    fn open_again(&self, recorder: &mut Option<Box<Recorder>>) -> Option<Opened> {
        let mut wait = FIRST_WAIT;
        loop {
            if self.is_over(wait) {
                return None;
            }
            match self.open(recorder) {
                Ok(opened) => return Some(opened),
                Err(_) => wait = (2 * wait).min(LONGEST_WAIT),
            }
        }
    }

    fn is_over(&self, within: Duration) -> bool {
        self.orders.recv_timeout(within) == Err(RecvTimeoutError::Disconnected)
    }

    fn tell(&self, report: Report) {
        let _ = self.reports.send(report); // nobody listens any more: the thread ends next
        self.host.wake();
    }
}
