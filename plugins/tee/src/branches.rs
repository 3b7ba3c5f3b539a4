//! The connected pins of a tee: one media type for all.

use std::collections::BTreeSet;

use driftless_plugin_api::{
    FilterError, Flow, MediaPattern, MediaType, Output, Pin, Sample, Status,
};

/// The connected pins of a tee.
#[derive(Debug, Default)]
pub struct Branches {
    media: Option<MediaType>,
    input: bool,
    outputs: BTreeSet<u32>,
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
                self.outputs.insert(number);
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

    /// Delivers `sample` to every output, in the order of their numbers, that `admits` it, as that makes it
    /// for the output. Answers [`Flow::Stop`] when all outputs do (LS-111). `[streaming]`
    pub fn deliver(
        &mut self,
        sample: Sample,
        output: &mut Output<'_>,
        mut admits: impl FnMut(u32, &mut Sample) -> bool,
    ) -> Flow {
        let mut flow = Flow::Stop;
        let mut rest = Some(sample);
        let mut pins = self.outputs.iter().copied().peekable();
        while let Some(pin) = pins.next() {
            // The last output gets the sample itself: it may be its only holder by then, and write in place.
            let share = match pins.peek() {
                Some(_) => rest.as_ref().map(Sample::share),
                None => rest.take(),
            };
            let Some(mut share) = share else { break };
            if !admits(pin, &mut share) || output.deliver(pin, share) == Flow::Continue {
                flow = Flow::Continue;
            }
        }
        flow
    }
}
