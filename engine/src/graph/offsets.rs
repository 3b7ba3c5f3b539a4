//! Stream offsets are told to the source pins, which may refuse them (LS-42, LS-52).

use driftless_plugin_api::event::EventCode;
use driftless_plugin_api::{Pin, Span, Status};

use super::{Graph, RunError};
use crate::loader::instance::Instance;
use crate::plan::latency::Offset;
use crate::plan::{Note, PinNumber};

impl Graph {
    /// Tells each source pin its stream offset, unless it was told. One that is refused is not in force.
    ///
    /// # Errors
    ///
    /// Only that a segment is stuck; the others are told all the same.
    pub(super) fn tell_offsets(&mut self) -> Result<(), RunError> {
        let mut stuck = Ok(());
        for at in 0..self.settled.timing.offsets.len() {
            let Offset { pin, offset: Some(span), .. } = self.settled.timing.offsets[at] else {
                continue;
            };
            let key = (self.hosts[pin.filter].id(), pin.pin);
            let answer = match self.offsets.get(&key) {
                Some((told, answer)) if *told == span => *answer,
                _ => match self.give_offset(pin, span) {
                    Ok(answer) => answer,
                    Err(error) => {
                        stuck = stuck.and(Err(error));
                        continue;
                    }
                },
            };
            self.offsets.insert(key, (span, answer));
            if !answer.is_success() {
                self.settled.timing.offsets[at].offset = None;
            }
        }
        stuck
    }

    /// Sets a stream offset; what the pin thinks of it is an event (LS-52).
    fn give_offset(&mut self, pin: PinNumber, span: Span) -> Result<Status, RunError> {
        let output = Pin::Output(pin.pin as u32);
        let set = move |filter: &Instance| filter.set_stream_offset(output, span);
        let answer = self.with_filter(pin.filter, set)?;
        let name = self.plan.output_name(pin);
        let is_it =
            |note: &Note| matches!(note, Note::OffsetBeyondPreferred { pin: it, .. } if *it == pin);
        let (code, text) = match answer {
            Status::FALSE if !self.settled.timing.notes.iter().any(is_it) => {
                let text = format!("`{name}` gets a stream offset of {span} and prefers less");
                (EventCode::OFFSET_BEYOND_PREFERRED, text)
            }
            _ if answer.is_success() => return Ok(answer),
            _ => {
                let text = format!(
                    "`{name}` refused a stream offset of {span}, so it is not synchronised: {answer}"
                );
                (EventCode::OFFSET_REFUSED, text)
            }
        };
        self.hosts[pin.filter].post(code, span.nanos(), i64::from(output.to_raw()), &text);
        Ok(answer)
    }
}
