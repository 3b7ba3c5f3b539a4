//! What an author implements: [`Filter`] and one of [`Source`], [`Transform`] or [`Renderer`].
//!
//! A filter is one object with `&mut self` methods. The engine sees to it that one thread at a time
//! calls it: while streaming that is the segment's thread, and orders from the main thread are
//! carried out there too, between two samples. No filter needs a lock against its own engine; only a
//! device callback that the filter itself starts runs beside it.

use crate::abi::filter::OUTPUT;
use crate::abi::wake::Wake;
use crate::capability::clock::Clock;
use crate::capability::clock_slave::ClockSlave;
use crate::capability::latency::Latency;
use crate::capability::pins::Pins;
use crate::capability::push_source::PushSource;
use crate::capability::quality_control::QualityControl;
use crate::capability::renderer_statistics::RendererStatistics;
use crate::capability::stream_control::StreamControl;
use crate::error::FilterError;
use crate::host::Host;
use crate::media::{MediaPattern, MediaType};
use crate::output::{Marker, Output};
use crate::sample::Sample;
use crate::settings::Settings;
use crate::time::ReferenceTime;

/// One pin of a filter, numbered within its direction in the descriptor's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pin {
    /// Where samples arrive.
    Input(u32),
    /// Where samples leave.
    Output(u32),
}

impl Pin {
    /// The number at the border.
    pub const fn to_raw(self) -> u32 {
        match self {
            Self::Input(number) => number,
            Self::Output(number) => number | OUTPUT,
        }
    }

    /// The pin of a number at the border.
    pub const fn from_raw(raw: u32) -> Self {
        if raw & OUTPUT == 0 { Self::Input(raw) } else { Self::Output(raw & !OUTPUT) }
    }
}

/// Whether the sender should go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Send more.
    Continue,
    /// Downstream flushes, failed or has reached its end. The engine sends it nothing more until it is stopped,
    /// flushed or made anew, whatever is delivered (LS-111), so there is nothing to remember: a source that is
    /// live goes on; another answers [`Wake::OnSignal`], and is stepped again when samples are wanted again.
    Stop,
}

/// Whether a filter has what it needs to be paused (LS-7, LS-8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cue {
    /// It holds a sample, or needs none.
    Done,
    /// Not yet.
    Intermediate,
    /// Never: a live source delivers nothing while paused.
    CantCue,
}

/// What every filter is.
///
/// The engine calls in this order, any part of it repeatedly:
///
/// `create` → (`media_types`, `connect`) for each pin → `activate` → `run` → `pause` → `deactivate` → drop
///
/// Stopped to paused is `activate`, paused to running is `run`, and back. Every transition starts at
/// the renderers and ends at the sources (LS-119).
pub trait Filter: Send + Sized + 'static {
    /// The id in the descriptor.
    const ID: &'static str;

    /// Makes the filter. Opens nothing yet that others may need. `[main]`
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong with the settings.
    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError>;

    /// What `pin` would carry now, best first (LS-103). An output of a source says what it really
    /// has; an output of a transform, what follows from its connected inputs. `[main]`
    fn media_types(&self, _pin: Pin) -> Vec<MediaPattern> {
        vec![MediaPattern::Any]
    }

    /// Accepts `media` for `pin`, or refuses it and changes nothing. `[main]`
    ///
    /// # Errors
    ///
    /// [`Status::TYPE_NOT_ACCEPTED`](crate::Status::TYPE_NOT_ACCEPTED) with what would be accepted.
    fn connect(&mut self, pin: Pin, media: MediaType) -> Result<(), FilterError>;

    /// Undoes `connect`. `[main]`
    fn disconnect(&mut self, _pin: Pin) {}

    /// Stopped to paused: allocate, open the device or file. `[main]`
    ///
    /// # Errors
    ///
    /// A sentence that says what could not be opened, and why.
    fn activate(&mut self) -> Result<(), FilterError> {
        Ok(())
    }

    /// Paused to running: stream time 0 is at `base` (LS-66, LS-67). `[main]`
    ///
    /// # Errors
    ///
    /// A sentence that says what could not be started, and why.
    fn run(&mut self, _base: ReferenceTime) -> Result<(), FilterError> {
        Ok(())
    }

    /// Running to paused. A live source delivers nothing after this, and later nothing that was
    /// captured meanwhile (LS-11). `[main]`
    fn pause(&mut self) {}

    /// Paused to stopped: close and free; queued samples are dropped. `[main]`
    fn deactivate(&mut self) {}

    /// Whether the change to paused is complete. `[main]`
    fn cue(&self) -> Cue {
        Cue::Done
    }

    /// Numbers for the report, such as packets lost, since activation. `[main]`
    fn counters(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// The latency capability. `[main]`
    fn latency(&mut self) -> Option<&mut dyn Latency> {
        None
    }

    /// The push-source capability. `[main]`
    fn push_source(&mut self) -> Option<&mut dyn PushSource> {
        None
    }

    /// The clock capability. `[main]`
    fn clock(&mut self) -> Option<&mut dyn Clock> {
        None
    }

    /// The clock-slave capability. `[main]`
    fn clock_slave(&mut self) -> Option<&mut dyn ClockSlave> {
        None
    }

    /// The renderer-statistics capability. `[main]`
    fn renderer_statistics(&mut self) -> Option<&mut dyn RendererStatistics> {
        None
    }

    /// The stream-control capability. `[main]`
    fn stream_control(&mut self) -> Option<&mut dyn StreamControl> {
        None
    }

    /// The quality-control capability. `[main]`
    fn quality_control(&mut self) -> Option<&mut dyn QualityControl> {
        None
    }

    /// The pin-category capability. `[main]`
    fn pins(&mut self) -> Option<&mut dyn Pins> {
        None
    }
}

/// A filter that makes samples.
pub trait Source: Filter {
    /// Delivers what is due at [`Output::now`], and says when to be called again. Never blocks; a source
    /// with nothing to deliver just says when. Called in Running; a source that is not live also in
    /// Paused, so that renderers can cue. A live source that is called in Paused all the same delivers
    /// nothing (LS-7). `[streaming]`
    ///
    /// # Errors
    ///
    /// The stream ends: the engine sends end of stream downstream and posts the sentence as an event.
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError>;
}

/// A filter that takes samples and passes samples on.
pub trait Transform: Filter {
    /// Takes `sample`, and delivers what comes of it. `[streaming]`
    ///
    /// # Errors
    ///
    /// The engine sends end of stream downstream and posts the sentence as an event (LS-111).
    fn receive(
        &mut self,
        input: u32,
        sample: Sample,
        output: &mut Output<'_>,
    ) -> Result<Flow, FilterError>;

    /// Takes a marker. Passing it on through all outputs is right for a filter that keeps nothing
    /// back. `[streaming]`
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive).
    fn mark(
        &mut self,
        _input: u32,
        marker: Marker,
        output: &mut Output<'_>,
    ) -> Result<(), FilterError> {
        output.mark_all(marker);
        Ok(())
    }

    /// Does what is due, for a transform with a time of its own. `[streaming]`
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive).
    fn step(&mut self, _output: &mut Output<'_>) -> Result<Wake, FilterError> {
        Ok(Wake::OnSignal)
    }

    /// Whether `input` has room for another sample: asked where a queue stands before the transform, for one
    /// that queues what comes and plays it in its own time. While there is none the samples wait in that
    /// queue, a source that is not live waits with them, and other inputs go on. It is asked again
    /// after every step, so say when to be called once there is room. `[streaming]`
    fn ready(&self, _input: u32) -> bool {
        true
    }
}

/// A filter at the end of a path.
///
/// Its `output` has no pins; it is there for [`Output::now`].
pub trait Renderer: Filter {
    /// Takes `sample` and keeps it until it is due (LS-68). What does not fit is dropped and counted;
    /// nothing blocks. `[streaming]`
    ///
    /// # Errors
    ///
    /// The branch ends; the engine posts the sentence as an event.
    fn receive(
        &mut self,
        input: u32,
        sample: Sample,
        output: &mut Output<'_>,
    ) -> Result<Flow, FilterError>;

    /// Takes a marker. After end of stream the renderer posts
    /// [`EventCode::COMPLETE`](crate::EventCode::COMPLETE) once all was presented (LS-113). `[streaming]`
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive).
    fn mark(
        &mut self,
        input: u32,
        marker: Marker,
        output: &mut Output<'_>,
    ) -> Result<(), FilterError>;

    /// Presents what is due at [`Output::now`], and says when to be called again. Called after every
    /// sample too, since that may change the answer. `[streaming]`
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive).
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError>;

    /// Whether there is room for another sample. Sources that are not live wait for it; it is asked
    /// again after every step. `[streaming]`
    fn ready(&self) -> bool {
        true
    }
}
