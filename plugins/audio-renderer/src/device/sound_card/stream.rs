//! One stream of one device, and the callback in it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{
    BufferSize, ErrorKind, FromSample, OutputCallbackInfo, SampleFormat, SizedSample, StreamConfig,
};
use driftless_plugin_api::{Called, Host, Span};
use ringbuf::traits::{Consumer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use super::times::StreamTimes;
use super::{Search, Signs};
use crate::callback::Callback;
use crate::device::Asked;

/// How long a stream that is dropped may keep its callback.
const RETURNING: Duration = Duration::from_secs(2);

/// A stream that plays: silence, until a callback comes in through the entrance.
pub(super) struct Opened {
    stream: cpal::Stream,
    pub entrance: Option<HeapProd<Box<Callback>>>,
    home: Receiver<Box<Callback>>,
    failure: HeapCons<cpal::Error>,
    pub rate_hz: u32,
    pub channels: u32,
}

impl Opened {
    /// Why the sound system gave the stream up, once it has. `[main]`
    pub fn failure(&mut self) -> Option<cpal::Error> {
        self.failure.try_pop()
    }

    /// Closes the stream; the callback comes back, if it ever was there. `[main]`
    pub fn close(self) -> Option<Box<Callback>> {
        drop(self.stream);
        drop(self.entrance);
        self.home.recv_timeout(RETURNING).ok()
    }
}

/// Opens a stream as near to what is asked for as the device can; a failure of it wakes the thread that does.
/// `[main]`
pub(super) fn open(
    device: &cpal::Device,
    search: &Search,
    signs: &Arc<Signs>,
    host: &Host,
) -> Result<Opened, cpal::Error> {
    let mut refusal = None;
    for (rate_hz, channels) in formats(device, search) {
        let frames = search.period.frames(rate_hz).max(1) as u32;
        for buffer_size in [BufferSize::Fixed(frames), BufferSize::Default] {
            let config =
                StreamConfig { channels: channels as u16, sample_rate: rate_hz, buffer_size };
            for format in [SampleFormat::F32, SampleFormat::I32, SampleFormat::I16] {
                let opened = match format {
                    SampleFormat::F32 => build::<f32>(device, config, signs, host),
                    SampleFormat::I32 => build::<i32>(device, config, signs, host),
                    _ => build::<i16>(device, config, signs, host),
                };
                match opened {
                    Ok(opened) => return Ok(opened),
                    Err(cause) => refusal = refusal.or(Some(cause)),
                }
            }
        }
    }
    Err(refusal.unwrap_or_else(|| ErrorKind::UnsupportedConfig.into()))
}

/// What to try: the stream's rate and channels, then the device's own.
fn formats(device: &cpal::Device, search: &Search) -> Vec<(u32, u32)> {
    let mut formats = vec![(search.rate_hz, search.channels)];
    if !search.exactly
        && let Ok(own) = device.default_output_config()
    {
        formats.push((search.rate_hz, u32::from(own.channels())));
        formats.push((own.sample_rate(), search.channels));
        formats.push((own.sample_rate(), u32::from(own.channels())));
    }
    formats.dedup();
    formats
}

fn build<T: SizedSample + FromSample<f32> + Send + 'static>(
    device: &cpal::Device,
    config: StreamConfig,
    signs: &Arc<Signs>,
    host: &Host,
) -> Result<Opened, cpal::Error> {
    let (entrance, callbacks) = HeapRb::new(1).split();
    let (send_home, home) = channel();
    let (rate_hz, channels) = (config.sample_rate, u32::from(config.channels));
    // In a box: PulseAudio's client passes the closure by value through many frames.
    let mut player = Box::new(StreamPlayer {
        entrance: callbacks,
        callback: None,
        home: send_home,
        host: host.clone(),
        signs: Arc::clone(signs),
        times: StreamTimes::new(rate_hz),
        channels: channels as usize,
        values: vec![0.0; rate_hz as usize * channels as usize],
    });
    let (mut failures, failure) = HeapRb::new(1).split();
    let (signs, keeper) = (Arc::clone(signs), thread::current());
    let stream = device.build_output_stream(
        config,
        move |out: &mut [T], info: &OutputCallbackInfo| player.fill(out, info),
        move |error: cpal::Error| {
            if note(error, &signs, &mut failures) {
                keeper.unpark();
            }
        },
        None,
    )?;
    stream.play()?;
    Ok(Opened { stream, entrance: Some(entrance), home, failure, rate_hz, channels })
}

/// Counts an underrun; keeps what ends the stream for who watches over it. The server may be dead and this
/// called without end: after the first cause there is no room, and the others end here. Returns whether it was
/// kept. `[device]`
fn note(error: cpal::Error, signs: &Signs, failures: &mut HeapProd<cpal::Error>) -> bool {
    match error.kind() {
        ErrorKind::Xrun => {
            signs.xruns.fetch_add(1, Relaxed);
            false
        }
        ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged => false,
        _ => failures.try_push(error).is_ok(),
    }
}

/// What the stream's closure owns. Whatever becomes of the stream, the callback goes home.
struct StreamPlayer {
    entrance: HeapCons<Box<Callback>>,
    callback: Option<Box<Callback>>,
    home: Sender<Box<Callback>>,
    host: Host,
    signs: Arc<Signs>,
    times: StreamTimes,
    channels: usize,
    /// A second of values, for a device of another format.
    values: Vec<f32>,
}

impl StreamPlayer {
    /// One period. `[device]`
    #[inline(never)] // so that `driftless validate` tells it from the sound system's own code
    fn fill<T: SizedSample + FromSample<f32>>(&mut self, out: &mut [T], info: &OutputCallbackInfo) {
        let seen = self.host.now();
        let stamps = info.timestamp();
        let told = stamps.playback.saturating_duration_since(stamps.callback);
        let frames = out.len() / self.channels;
        let (asked, delay) = self.times.ask(seen, Span::from_nanos(told.as_nanos() as i64), frames);
        if self.times.is_settled() {
            self.signs.period_ns.store(self.times.period().nanos(), Relaxed);
            self.signs.delay_ns.store(delay.nanos(), Relaxed);
            self.signs.settled.store(true, Relaxed);
        }
        self.signs.callbacks.fetch_add(1, Relaxed);
        if self.callback.is_none() {
            self.callback = self.entrance.try_pop();
        }
        match (&mut self.callback, self.values.get_mut(..out.len())) {
            (Some(callback), Some(values)) => {
                let Asked { seen, due, rate } = asked;
                self.host.called(Called { seen, due, rate, delay, frames: frames as u32 });
                callback.period(asked, delay, values);
                out.iter_mut().zip(values).for_each(|(out, value)| *out = T::from_sample_(*value));
            }
            _ => out.fill(T::EQUILIBRIUM),
        }
    }
}

impl Drop for StreamPlayer {
    fn drop(&mut self) {
        if let Some(callback) = self.callback.take().or_else(|| self.entrance.try_pop()) {
            let _ = self.home.send(callback); // nobody waits for it: it ends here
        }
    }
}
