//! Tells the user when the sender falls silent, once, and goes on listening.

use driftless_plugin_api::{EventCode, Host, HostTime, LogLevel, Span, Wake};

use crate::receiver::Receiver;
use crate::session::Session;

/// Watches over the sender.
#[derive(Debug, Clone)]
pub struct Watch {
    timeout: Span,
    silent: bool,
}

impl Watch {
    /// A watch that warns after `timeout` of silence.
    pub fn new(timeout: Span) -> Self {
        Self { timeout, silent: false }
    }

    /// Looks at when the sender was `heard` last, in a run that began at `since`; says when to look
    /// again. `[streaming]`
    pub fn look<P>(
        &mut self,
        now: HostTime,
        since: HostTime,
        heard: Option<HostTime>,
        session: &Session,
        receiver: &Receiver<P>,
        host: &Host,
    ) -> Wake {
        let due = heard.unwrap_or(since) + self.timeout;
        if now < due {
            if std::mem::take(&mut self.silent) {
                host.log(LogLevel::Info, "the sender is heard again");
            }
            return Wake::At(due);
        }
        if !std::mem::replace(&mut self.silent, true) {
            host.event(EventCode::WARNING, 0, 0, &self.text(heard, session, receiver));
        }
        Wake::OnSignal
    }

    fn text<P>(
        &self,
        heard: Option<HostTime>,
        session: &Session,
        receiver: &Receiver<P>,
    ) -> String {
        let Session { address, port, format, .. } = session;
        let counts = receiver.counts();
        let dropped = counts.packets - counts.delivered;
        let what = match heard {
            Some(_) => "the sender has been silent",
            None => "no sender was heard",
        };
        let refused = match (heard, dropped) {
            (None, 1..) => format!("; {dropped} packets came that are not {format}"),
            _ => String::new(),
        };
        format!("{what} for {} on {address} port {port}{refused}; still listening", self.timeout)
    }
}
