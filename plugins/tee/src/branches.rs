//! The connected pins of a tee: one media type for all, and which outputs still take samples.

use std::collections::BTreeMap;

use driftless_plugin_api::{
    FilterError, Flow, Marker, MediaPattern, MediaType, Output, Pin, Sample, Status,
};

/// Whether an output still takes samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Branch {
    Open,
    Stopped,
}

/// The connected pins of a tee.
#[derive(Debug, Default)]
pub struct Branches {
    media: Option<MediaType>,
    input: bool,
    outputs: BTreeMap<u32, Branch>,
}

impl Branches {
    /// What any pin would carry now: the one type of all, once it is known. `[main]`
    pub fn media_types(&self) -> Vec<MediaPattern> {
        vec![self.media.map_or(MediaPattern::Any, MediaPattern::from)]
    }

    /// Connects a pin. `[main]`
    ///
    /// # Errors
    ///
    /// [`Status::TYPE_NOT_ACCEPTED`] when another pin carries another type.
    pub fn connect(&mut self, pin: Pin, media: MediaType) -> Result<(), FilterError> {
        if let Some(known) = self.media.filter(|known| *known != media) {
            let text = format!("all pins of a tee carry the same: {known} here, not {media}");
            return Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text));
        }
        self.media = Some(media);
        match pin {
            Pin::Input(_) => self.input = true,
            Pin::Output(number) => {
                self.outputs.insert(number, Branch::Open);
            }
        }
        Ok(())
    }

    /// Undoes `connect`; the last pin to go takes the media type with it. `[main]`
    pub fn disconnect(&mut self, pin: Pin) {
        match pin {
            Pin::Input(_) => self.input = false,
            Pin::Output(number) => {
                self.outputs.remove(&number);
            }
        }
        if !self.input && self.outputs.is_empty() {
            self.media = None;
        }
    }

    /// Lets every output take samples again.
    pub fn open(&mut self) {
        self.outputs.values_mut().for_each(|branch| *branch = Branch::Open);
    }

    /// Delivers `sample` to every open output, in the order of their numbers, that `admits` it, as that
    /// makes it for the output. Answers [`Flow::Stop`] once no output is open. `[streaming]`
    pub fn deliver(
        &mut self,
        sample: Sample,
        output: &mut Output<'_>,
        mut admits: impl FnMut(u32, &mut Sample) -> bool,
    ) -> Flow {
        let Some(last) = self.last_open() else { return Flow::Stop };
        let mut rest = Some(sample);
        for (&pin, branch) in &mut self.outputs {
            if *branch == Branch::Stopped {
                continue;
            }
            // The last output gets the sample itself: it may be its only holder by then, and write in place.
            let share = if pin == last { rest.take() } else { rest.as_ref().map(Sample::share) };
            let Some(mut share) = share else { break };
            if admits(pin, &mut share) && output.deliver(pin, share) == Flow::Stop {
                *branch = Branch::Stopped;
            }
        }
        if self.last_open().is_some() { Flow::Continue } else { Flow::Stop }
    }

    /// Sends `marker` through all outputs; after a flush the stopped ones are open again (LS-111). `[streaming]`
    pub fn mark(&mut self, marker: Marker, output: &mut Output<'_>) {
        if marker == Marker::EndFlush {
            self.open();
        }
        output.mark_all(marker);
    }

    fn last_open(&self) -> Option<u32> {
        self.outputs.iter().rfind(|(_, branch)| **branch == Branch::Open).map(|(&pin, _)| pin)
    }
}
