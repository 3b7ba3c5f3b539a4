//! One stream of one device, and the recorder in it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{
    BufferSize, ErrorKind, FromSample, InputCallbackInfo, SampleFormat, SizedSample, StreamConfig,
};
use driftless_plugin_api::{Called, Host, Span};

use super::delay::Delay;
use super::{Search, Signs};
use crate::recorder::Recorder;

/// How long a stream that is dropped may keep its recorder.
const RETURNING: Duration = Duration::from_secs(2);

/// A stream that captures.
pub(super) struct Opened {
    stream: cpal::Stream,
    home: Receiver<Box<Recorder>>,
}

impl Opened {
    /// Closes the stream; the recorder comes back. `[main]`
    pub fn close(self) -> Option<Box<Recorder>> {
        drop(self.stream);
        self.home.recv_timeout(RETURNING).ok()
    }
}

/// Opens a stream with as many channels as are asked for, or else as the device has. `[main]`
///
/// The recorder is taken on success only.
pub(super) fn open(
    device: &cpal::Device,
    search: &Search,
    signs: &Arc<Signs>,
    host: &Host,
    recorder: &mut Option<Box<Recorder>>,
) -> Result<Opened, cpal::Error> {
    let mut refusal = None;
    for channels in channels(device, search) {
        for buffer_size in [BufferSize::Fixed(search.period_frames), BufferSize::Default] {
            let config = StreamConfig { channels, sample_rate: search.format.rate_hz, buffer_size };
            for format in [SampleFormat::F32, SampleFormat::I32, SampleFormat::I16] {
                let Some(recorder_there) = recorder.take() else {
                    return Err(ErrorKind::StreamInvalidated.into());
                };
                let (player, home) = listener(search, config, signs, host, recorder_there);
                let opened = match format {
                    SampleFormat::F32 => build::<f32>(device, config, signs, player),
                    SampleFormat::I32 => build::<i32>(device, config, signs, player),
                    _ => build::<i16>(device, config, signs, player),
                };
                match opened {
                    Ok(stream) => return Ok(Opened { stream, home }),
                    Err(cause) => refusal = refusal.or(Some(cause)),
                }
                *recorder = home.recv_timeout(RETURNING).ok();
            }
        }
    }
    Err(refusal.unwrap_or_else(|| ErrorKind::UnsupportedConfig.into()))
}

fn channels(device: &cpal::Device, search: &Search) -> Vec<u16> {
    let mut channels = vec![search.format.channels as u16];
    channels.extend(device.default_input_config().ok().map(|own| own.channels()));
    channels.dedup();
    channels
}

fn listener(
    search: &Search,
    config: StreamConfig,
    signs: &Arc<Signs>,
    host: &Host,
    recorder: Box<Recorder>,
) -> (Box<Listener>, Receiver<Box<Recorder>>) {
    let (send_home, home) = channel();
    let channels = search.format.channels as usize;
    // In a box: PulseAudio's client passes the closure by value through many frames.
    let listener = Box::new(Listener {
        recorder: Some(recorder),
        home: send_home,
        host: host.clone(),
        signs: Arc::clone(signs),
        delay: Delay::default(),
        rate_hz: search.format.rate_hz,
        channels,
        device_channels: usize::from(config.channels.max(1)),
        values: vec![0.0; search.format.rate_hz as usize / 2 * channels],
    });
    (listener, home)
}

fn build<T: SizedSample + Send + 'static>(
    device: &cpal::Device,
    config: StreamConfig,
    signs: &Arc<Signs>,
    mut listener: Box<Listener>,
) -> Result<cpal::Stream, cpal::Error>
where
    f32: FromSample<T>,
{
    let errors = Arc::clone(signs);
    let stream = device.build_input_stream(
        config,
        move |input: &[T], info: &InputCallbackInfo| listener.hear(input, info),
        move |error: cpal::Error| note(&errors, error.kind()),
        None,
    )?;
    stream.play()?;
    Ok(stream)
}

/// The server may be dead and this called without end: nothing but a mark is made.
fn note(signs: &Signs, kind: ErrorKind) {
    match kind {
        ErrorKind::Xrun => {
            signs.xruns.fetch_add(1, Relaxed);
        }
        ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged => {}
        _ => signs.fatal.store(true, Relaxed),
    }
}

/// What the stream's closure owns. Whatever becomes of the stream, the recorder goes home.
struct Listener {
    recorder: Option<Box<Recorder>>,
    home: Sender<Box<Recorder>>,
    host: Host,
    signs: Arc<Signs>,
    delay: Delay,
    rate_hz: u32,
    channels: usize,
    device_channels: usize,
    /// Half a second of values in the format that is asked for.
    values: Vec<f32>,
}

impl Listener {
    /// One period, longer ones in pieces. `[device]`
    #[inline(never)] // so that `driftless validate` tells it from the sound system's own code
    fn hear<T: SizedSample>(&mut self, input: &[T], info: &InputCallbackInfo)
    where
        f32: FromSample<T>,
    {
        let seen = self.host.now();
        let stamps = info.timestamp();
        let told = stamps.callback.saturating_duration_since(stamps.capture);
        let frames = input.len() / self.device_channels;
        let period = Span::of_frames(frames as i64, self.rate_hz);
        let delay = self.delay.smooth(Span::from_nanos(told.as_nanos() as i64), period);
        self.signs.period_ns.store(period.nanos(), Relaxed);
        self.signs.delay_ns.store(delay.nanos(), Relaxed);
        self.signs.callbacks.fetch_add(1, Relaxed);
        let Some(recorder) = &mut self.recorder else { return };
        let room_frames = self.values.len() / self.channels;
        for piece in input.chunks(room_frames * self.device_channels) {
            let frames = piece.len() / self.device_channels;
            let Some(values) = self.values.get_mut(..frames * self.channels) else { return };
            let rows = piece.chunks_exact(self.device_channels);
            for (frame, row) in values.chunks_exact_mut(self.channels).zip(rows) {
                for (value, heard) in frame.iter_mut().zip(row.iter().cycle()) {
                    *value = f32::from_sample_(*heard);
                }
            }
            let (due, frames) = (seen, frames as u32);
            self.host.called(Called { seen, due, rate: 1.0, delay, frames });
            recorder.period(seen, delay, values);
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(recorder) = self.recorder.take() {
            let _ = self.home.send(recorder); // nobody waits for it: it ends here
        }
    }
}
