//! Transforms that pass on what comes.

use super::*;

/// `test.split`
pub(crate) struct Split {
    media: Option<MediaType>,
}

impl Filter for Split {
    const ID: &'static str = "test.split";
    fn create(_: &Settings, _: Host) -> Result<Self, FilterError> {
        Ok(Self { media: None })
    }
    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        vec![self.media.map_or(MediaPattern::Any, Into::into)]
    }
    fn connect(&mut self, _: Pin, media: MediaType) -> Result<(), FilterError> {
        self.media = Some(media);
        Ok(())
    }
}

impl Transform for Split {
    fn receive(
        &mut self,
        _: u32,
        sample: Sample,
        out: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        out.deliver(0, sample.share());
        out.deliver(1, sample);
        Ok(Flow::Continue)
    }
}

/// `test.relay`
pub(crate) struct Relay {
    refuses: bool,
    media: Option<MediaType>,
}

impl Filter for Relay {
    const ID: &'static str = "test.relay";
    fn create(settings: &Settings, _: Host) -> Result<Self, FilterError> {
        Ok(Self { refuses: settings.boolean("refuses")?, media: None })
    }
    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        vec![self.media.map_or(MediaPattern::Any, Into::into)]
    }
    fn connect(&mut self, _: Pin, media: MediaType) -> Result<(), FilterError> {
        self.media = Some(media);
        Ok(())
    }
    fn activate(&mut self) -> Result<(), FilterError> {
        if self.refuses { Err(FilterError::new("no")) } else { Ok(()) }
    }
}

impl Transform for Relay {
    fn receive(
        &mut self,
        _: u32,
        sample: Sample,
        out: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        Ok(out.deliver(0, sample))
    }
}
