//! A real device, through cpal. A thread of its own opens it, watches it and opens it again.
//!
//! While the device is away its place is taken by timers, so that samples are consumed in time, the
//! clock on offer goes on, and the rest of the graph sees nothing.

mod find;
mod steady;
mod stream;
mod times;

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use driftless_plugin_api::{Called, FilterError, Host, HostTime, Span};
use ringbuf::HeapProd;
use ringbuf::traits::Producer;

use super::{Device, News, StreamFormat, VirtualDevice};
use crate::callback::Callback;
use crate::options::{Options, Wanted};
use find::find_and_open;
use stream::Opened;

/// How often the thread looks whether a device that was opened is settled.
const SETTLING_LOOK: Duration = Duration::from_millis(50);
/// How often it looks whether the device still calls; a failure wakes it.
const LOOK: Duration = Duration::from_millis(500);
/// How often what happened on the device's own threads is told, while samples do not come more often.
const TELL: Span = Span::from_millis(50);
/// A device that asks for nothing so long is lost.
const SILENT: Duration = Duration::from_secs(2);
/// A stream that broke may be opened again at once: its server is still there. A device that is gone is
/// waited for, first so long; that doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// How long a device may take to open at activation.
const OPENING: Duration = Duration::from_secs(15);

/// What the thread needs to find the device.
#[derive(Debug, Clone)]
pub(super) struct Search {
    pub wanted: Wanted,
    pub host: String,
    pub period: Span,
    pub rate_hz: u32,
    pub channels: u32,
    /// Whether nothing but this rate and number of channels will do: the device is opened again.
    pub exactly: bool,
}

/// Told by the device's own threads.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// Times and delay of the open device are known.
    pub settled: AtomicBool,
    pub callbacks: AtomicI64,
    pub xruns: AtomicI64,
    pub delay_ns: AtomicI64,
    pub period_ns: AtomicI64,
}

/// What the thread tells.
enum Report {
    Open { name: String, rate_hz: u32, channels: u32, entrance: HeapProd<Box<Callback>> },
    Refused(String),
    Lost { callback: Option<Box<Callback>>, why: String },
}

/// A device of the system.
pub(crate) struct SoundCard {
    name: String,
    rate_hz: u32,
    channels: u32,
    period: Span,
    signs: Arc<Signs>,
    reports: Receiver<Report>,
    entrance: Option<HeapProd<Box<Callback>>>,
    stand_in: Option<VirtualDevice>,
    news: Vec<News>,
    running: bool,
    /// Ends the thread once it is woken.
    unwanted: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl SoundCard {
    /// Opens it; it plays silence. `[main]`
    pub fn open(options: &Options, format: StreamFormat, host: &Host) -> Result<Self, FilterError> {
        let search = Search {
            wanted: options.device.clone(),
            host: options.host.clone(),
            period: options.period,
            rate_hz: format.rate_hz,
            channels: format.channels,
            exactly: false,
        };
        let signs = Arc::new(Signs::default());
        let unwanted = Arc::new(AtomicBool::new(false));
        let (tell, reports) = channel();
        let keeper = Keeper {
            search,
            signs: Arc::clone(&signs),
            host: host.clone(),
            unwanted: Arc::clone(&unwanted),
            reports: tell,
        };
        let thread = thread::Builder::new()
            .name("driftless-device".to_owned())
            .spawn(move || keeper.keep())
            .map_err(|cause| FilterError::new(format!("no thread for the device: {cause}")))?;
        match reports.recv_timeout(OPENING) {
            Ok(Report::Open { name, rate_hz, channels, entrance }) => Ok(Self {
                name,
                rate_hz,
                channels,
                period: options.period,
                signs,
                reports,
                entrance: Some(entrance),
                stand_in: None,
                news: Vec::new(),
                running: false,
                unwanted,
                thread: Some(thread),
            }),
            Ok(Report::Refused(why)) | Ok(Report::Lost { why, .. }) => Err(FilterError::new(why)),
            Err(_) => {
                unwanted.store(true, Release);
                Err(FilterError::new("the sound system does not answer"))
            }
        }
    }

    fn hear(&mut self, report: Report, now: HostTime) {
        match report {
            Report::Lost { callback, why } => {
                self.news.push(News::Lost(format!("{} is gone: {why}", self.name)));
                let Some(mut callback) = callback else { return };
                tell_change(&callback, now);
                callback.change_device();
                let stand_in = VirtualDevice::stand_in(
                    *callback,
                    StreamFormat { rate_hz: self.rate_hz, channels: self.channels },
                    self.period,
                    now,
                );
                self.stand_in = Some(stand_in);
            }
            Report::Open { name, entrance, .. } => {
                self.entrance = Some(entrance);
                if let Some(callback) = self.stand_in.take().and_then(VirtualDevice::retire) {
                    tell_change(&callback, now);
                    callback.counts().device_restarts.fetch_add(1, Relaxed);
                    self.hand_over(callback);
                }
                self.news.push(News::Back(format!("{name} is back")));
            }
            Report::Refused(_) => {}
        }
    }

    fn hand_over(&mut self, mut callback: Callback) {
        callback.change_device();
        if let Some(mut entrance) = self.entrance.take() {
            // A new entrance has room for the one callback there is.
            let _ = entrance.try_push(Box::new(callback));
        }
    }
}

/// Who repeats the run must know that the device went, or came back.
fn tell_change(callback: &Callback, now: HostTime) {
    let call = Called { seen: now, due: now, rate: 1.0, delay: Span::ZERO, frames: 0 };
    callback.host().called(call);
}

impl Device for SoundCard {
    fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    fn channels(&self) -> usize {
        self.channels as usize
    }

    fn delay(&self) -> Span {
        let told = Span::from_nanos(self.signs.delay_ns.load(Relaxed));
        told.max(self.period())
    }

    fn period(&self) -> Span {
        Span::from_nanos(self.signs.period_ns.load(Relaxed)).max(self.period)
    }

    /// Whoever plays through one JACK server is called by its one clock. The name of a device elsewhere
    /// does not say which crystal is behind it (LS-M10).
    fn identity(&self) -> String {
        if self.name.starts_with("JACK:") { "JACK".to_owned() } else { String::new() }
    }

    fn start(&mut self, callback: Callback) -> Result<(), FilterError> {
        self.hand_over(callback);
        Ok(())
    }

    fn run(&mut self, _base: Option<HostTime>, _now: HostTime) {
        self.running = true;
    }

    fn pause(&mut self) {
        self.running = false;
    }

    fn step(&mut self, now: HostTime) -> Option<HostTime> {
        while let Ok(report) = self.reports.try_recv() {
            self.hear(report, now);
        }
        match &mut self.stand_in {
            Some(stand_in) => stand_in.step(now),
            None => self.running.then(|| now + TELL),
        }
    }

    fn xruns(&self) -> u64 {
        self.signs.xruns.load(Relaxed) as u64
    }

    fn news(&mut self) -> Option<News> {
        if self.news.is_empty() { None } else { Some(self.news.remove(0)) }
    }
}

impl Drop for SoundCard {
    fn drop(&mut self) {
        self.unwanted.store(true, Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join(); // a panic there has been told by its hook
        }
    }
}

/// The thread that owns the stream: not every system lets it move to another.
struct Keeper {
    search: Search,
    signs: Arc<Signs>,
    host: Host,
    unwanted: Arc<AtomicBool>,
    reports: Sender<Report>,
}

impl Keeper {
    fn keep(mut self) {
        let mut opened = match self.open() {
            Ok(opened) => opened,
            Err(why) => {
                let _ = self.reports.send(Report::Refused(why));
                return;
            }
        };
        while let Some(why) = self.watch(&mut opened) {
            let callback = opened.close();
            self.tell(Report::Lost { callback, why });
            match self.open_again() {
                Some(again) => opened = again,
                None => return,
            }
        }
        opened.close();
    }

    fn open(&mut self) -> Result<Opened, String> {
        self.signs.settled.store(false, Relaxed);
        let (mut opened, name) = find_and_open(&self.search, &self.signs, &self.host)?;
        self.search.exactly = true;
        self.wait_until_settled();
        (self.search.rate_hz, self.search.channels) = (opened.rate_hz, opened.channels);
        if let Some(entrance) = opened.entrance.take() {
            let (rate_hz, channels) = (opened.rate_hz, opened.channels);
            self.tell(Report::Open { name, rate_hz, channels, entrance });
        }
        Ok(opened)
    }

    /// Times and delay are known only from the callbacks; a device that makes none is found out later.
    fn wait_until_settled(&self) {
        let since = Instant::now();
        while since.elapsed() < SILENT && !self.signs.settled.load(Relaxed) {
            if self.is_over(SETTLING_LOOK) {
                return;
            }
        }
    }

    /// Waits until the device fails; `None` when it is no longer wanted.
    fn watch(&self, opened: &mut Opened) -> Option<String> {
        let (mut seen, mut since) = (-1, Instant::now());
        loop {
            if self.is_over(LOOK) {
                return None;
            }
            if let Some(cause) = opened.failure() {
                return Some(format!("the sound system gave it up: {cause}"));
            }
            let callbacks = self.signs.callbacks.load(Relaxed);
            if callbacks != seen {
                (seen, since) = (callbacks, Instant::now());
            }
            if since.elapsed() >= SILENT {
                return Some(format!("it has asked for nothing for {} s", SILENT.as_secs()));
            }
        }
    }

    fn open_again(&mut self) -> Option<Opened> {
        let mut wait = Duration::ZERO;
        loop {
            if self.is_over(wait) {
                return None;
            }
            match self.open() {
                Ok(opened) => return Some(opened),
                Err(_) => wait = (2 * wait).clamp(FIRST_WAIT, LONGEST_WAIT),
            }
        }
    }

    /// Waits, or until somebody has something to say; whether that is that the device is not wanted any more.
    fn is_over(&self, within: Duration) -> bool {
        if !self.unwanted.load(Acquire) {
            thread::park_timeout(within);
        }
        self.unwanted.load(Acquire)
    }

    fn tell(&self, report: Report) {
        let _ = self.reports.send(report); // nobody listens any more: the thread ends next
        self.host.wake();
    }
}
