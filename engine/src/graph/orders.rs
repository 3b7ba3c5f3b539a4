//! Orders to a single filter while the graph lives: stream control, tolerance and statistics.

use driftless_plugin_api::{Pin, Span, Statistics, Status, When};

use super::{Graph, RunError};

impl Graph {
    /// Starts the stream of an output pin, named as in a manifest: `microphone` or `camera.capture`
    /// (LS-99). A `cookie` other than 0 comes back with the event. `[main]`
    ///
    /// # Errors
    ///
    /// [`RunError::Order`] when there is no such pin, its filter has no stream control, or it refuses:
    /// a preview pin accepts no time. [`RunError::Stuck`] when the filter does not answer.
    pub fn start_stream(&mut self, pin: &str, when: When, cookie: u32) -> Result<(), RunError> {
        let (filter, number) = self.output_pin(pin, "start")?;
        let answer = self.with_filter(filter, move |it| it.start_at(number, when, cookie))?;
        accepted(pin, "start", answer)
    }

    /// Stops it; with `send_extra` one more sample is delivered after the stop time, for one who waits
    /// for that time. `[main]`
    ///
    /// # Errors
    ///
    /// See [`start_stream`](Self::start_stream).
    pub fn stop_stream(
        &mut self,
        pin: &str,
        when: When,
        send_extra: bool,
        cookie: u32,
    ) -> Result<(), RunError> {
        let (filter, number) = self.output_pin(pin, "stop")?;
        let stop = move |it: &crate::loader::instance::Instance| {
            it.stop_at(number, when, send_extra, cookie)
        };
        let answer = self.with_filter(filter, stop)?;
        accepted(pin, "stop", answer)
    }

    /// How far a renderer that follows a clock may be off before it drops or inserts (LS-83). `[main]`
    ///
    /// # Errors
    ///
    /// [`RunError::Order`] for a filter that is not there or follows no clock.
    pub fn tolerance(&mut self, renderer: &str) -> Result<Span, RunError> {
        let filter = self.filter_for(renderer, "tell its tolerance")?;
        let told = self.with_filter(filter, |it| it.tolerance())?;
        told.ok_or_else(|| refused(renderer, "tell its tolerance", Status::NO_INTERFACE))
    }

    /// Sets it, 1 to 1000 ms, while the graph is stopped. `[main]`
    ///
    /// # Errors
    ///
    /// [`RunError::Order`] as for [`tolerance`](Self::tolerance), when the graph is not stopped, and out
    /// of range.
    pub fn set_tolerance(&mut self, renderer: &str, tolerance: Span) -> Result<(), RunError> {
        let filter = self.filter_for(renderer, "take a tolerance")?;
        let answer = self.with_filter(filter, move |it| it.set_tolerance(tolerance))?;
        accepted(renderer, "take a tolerance", answer)
    }

    /// What a renderer measured since the graph was started: the original's twelve statistics, by
    /// [`Statistics::stat`], and more (LS-88 to LS-90). `[main]`
    ///
    /// # Errors
    ///
    /// [`RunError::Order`] for a filter that is not there or measures nothing.
    pub fn statistics(&mut self, renderer: &str) -> Result<Statistics, RunError> {
        let filter = self.filter_for(renderer, "tell its statistics")?;
        let told = self.with_filter(filter, |it| it.statistics())?;
        told.ok_or_else(|| refused(renderer, "tell its statistics", Status::NO_INTERFACE))
    }

    fn filter_for(&self, name: &str, doing: &'static str) -> Result<usize, RunError> {
        self.plan.filter(name).ok_or_else(|| refused(name, doing, Status::NOT_IN_GRAPH))
    }

    /// The output pin that `name` means; a filter with one output need not name it.
    fn output_pin(&self, name: &str, doing: &'static str) -> Result<(usize, Pin), RunError> {
        let (filter, pin) = match name.split_once('.') {
            Some((filter, pin)) => (filter, Some(pin)),
            None => (name, None),
        };
        let filter = self.filter_for(filter, doing)?;
        let outputs = &self.plan.filters[filter].outputs;
        let number = match pin {
            Some(pin) => outputs.iter().position(|output| output.name == pin),
            None => (outputs.len() == 1).then_some(0),
        };
        let number = number.ok_or_else(|| refused(name, doing, Status::NOT_IN_GRAPH))?;
        Ok((filter, Pin::Output(number as u32)))
    }
}

fn refused(name: &str, doing: &'static str, status: Status) -> RunError {
    RunError::Order { name: name.to_owned(), doing, status }
}

fn accepted(name: &str, doing: &'static str, answer: Status) -> Result<(), RunError> {
    if answer.is_success() { Ok(()) } else { Err(refused(name, doing, answer)) }
}
