//! Renderers.

use super::*;

/// `probe.listener`
pub struct Listener {
    host: Host,
    name: String,
    crystal: String,
    full: bool,
    cues: bool,
    stops_at: i64,
    fails: bool,
    complains: bool,
    wants: Vec<u32>,
    refuses: Vec<u32>,
    taken: u64,
    ended: bool,
}

impl Filter for Listener {
    const ID: &'static str = "probe.listener";
    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self {
            host,
            name: settings.text("as")?.to_owned(),
            crystal: settings.text("crystal")?.to_owned(),
            full: settings.boolean("full")?,
            cues: settings.boolean("cues")?,
            stops_at: settings.integer("stops-at")?,
            fails: settings.boolean("fails")?,
            complains: settings.boolean("complains")?,
            wants: rates(settings, "wants")?,
            refuses: rates(settings, "refuses")?,
            taken: 0,
            ended: false,
        })
    }
    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        let wants = self
            .wants
            .iter()
            .map(|rate_hz| MediaType::Audio(AudioFormat { rate_hz: *rate_hz, channels: 1 }).into());
        wants.chain([MediaPattern::AUDIO]).collect()
    }
    fn connect(&mut self, _: Pin, media: MediaType) -> Result<(), FilterError> {
        match media {
            MediaType::Audio(it) if self.refuses.contains(&it.rate_hz) => {
                note(&self.name, format!("refuses {media}"));
                Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, format!("not {media}")))
            }
            _ => {
                note(&self.name, format!("accepts {media}"));
                Ok(())
            }
        }
    }
    fn disconnect(&mut self, _: Pin) {
        note(&self.name, "disconnected");
    }
    fn activate(&mut self) -> Result<(), FilterError> {
        (self.taken, self.ended) = (0, false);
        note(&self.name, "activated");
        Ok(())
    }
    fn run(&mut self, base: ReferenceTime) -> Result<(), FilterError> {
        let lead = base - self.host.clock().reference_time(self.host.now());
        note(&self.name, format!("runs in {lead} with {}", self.taken));
        if !self.crystal.is_empty() {
            let above = self.host.upstream(0).push_source.map(|above| above.flags);
            note(&self.name, format!("above is {above:?}"));
        }
        Ok(())
    }
    fn pause(&mut self) {
        note(&self.name, "pauses");
    }
    fn deactivate(&mut self) {
        note(&self.name, "deactivated");
    }
    fn clock(&mut self) -> Option<&mut dyn Clock> {
        Some(self)
    }
    fn cue(&self) -> Cue {
        if !self.cues || self.taken > 0 || self.ended { Cue::Done } else { Cue::Intermediate }
    }
    fn counters(&self) -> Vec<(&'static str, u64)> {
        let offset = self.host.upstream(0).push_source.map(|above| above.offset);
        let offset = offset.unwrap_or(Span::ZERO).nanos().unsigned_abs();
        vec![("taken", self.taken), ("offset above", offset)]
    }
}

impl Clock for Listener {
    fn offers(&self) -> bool {
        false
    }
    fn identity(&self) -> String {
        self.crystal.clone()
    }
}

impl Renderer for Listener {
    fn receive(&mut self, _: u32, it: Sample, _: &mut Output<'_>) -> Result<Flow, FilterError> {
        self.taken += 1;
        if let Some(media) = it.new_media() {
            note(&self.name, format!("is told of {media}"));
        }
        if self.complains && self.taken == 10 {
            let stamp = it.start().unwrap_or(StreamTime::ZERO);
            let late = Span::from_millis(40);
            self.host.quality(0, Quality::of_picture(stamp, late, Span::from_millis(80)));
        }
        Ok(if self.taken as i64 == self.stops_at { Flow::Stop } else { Flow::Continue })
    }
    fn mark(&mut self, _: u32, marker: Marker, _: &mut Output<'_>) -> Result<(), FilterError> {
        self.ended |= marker == Marker::EndOfStream;
        note(&self.name, format!("{marker:?} after {}", self.taken));
        Ok(())
    }
    fn step(&mut self, _: &mut Output<'_>) -> Result<Wake, FilterError> {
        if self.fails && self.taken == 10 {
            return Err(FilterError::new("as it was told"));
        }
        if std::mem::take(&mut self.ended) {
            self.host.event(EventCode::COMPLETE, 0, 0, "");
        }
        Ok(Wake::OnSignal)
    }
    fn ready(&self) -> bool {
        !self.full
    }
}

/// `probe.any`
pub struct Any;

impl Filter for Any {
    const ID: &'static str = "probe.any";
    fn create(_: &Settings, _: Host) -> Result<Self, FilterError> {
        Ok(Self)
    }
    fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> {
        Err(FilterError::new("it takes nothing at all"))
    }
}

impl Renderer for Any {
    fn receive(&mut self, _: u32, _: Sample, _: &mut Output<'_>) -> Result<Flow, FilterError> {
        Ok(Flow::Continue)
    }
    fn mark(&mut self, _: u32, _: Marker, _: &mut Output<'_>) -> Result<(), FilterError> {
        Ok(())
    }
    fn step(&mut self, _: &mut Output<'_>) -> Result<Wake, FilterError> {
        Ok(Wake::OnSignal)
    }
}
