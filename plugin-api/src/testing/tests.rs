//! What the driver promises.

use super::*;
use crate::capability::clock::Clock;
use crate::output::Output;
use crate::time::Span;
use crate::{ClockReading, ReferenceTime, State};

/// A source whose clock started long before the graph.
struct OldClock(Host);

impl crate::Filter for OldClock {
    const ID: &'static str = "test.old-clock";
    fn create(_: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self(host))
    }
    fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> {
        Ok(())
    }
    fn activate(&mut self) -> Result<(), FilterError> {
        let reference = ReferenceTime::from_nanos(77_000_000_000);
        self.0.publish_clock(ClockReading { host: self.0.now(), reference, rate: 1.0 });
        Ok(())
    }
    fn clock(&mut self) -> Option<&mut dyn Clock> {
        Some(self)
    }
}

impl Clock for OldClock {
    fn offers(&self) -> bool {
        true
    }
}

impl Source for OldClock {
    fn step(&mut self, _: &mut Output<'_>) -> Result<Wake, FilterError> {
        Ok(Wake::OnSignal)
    }
}

/// LS-66
#[test]
fn stream_time_0_is_the_start_by_the_filters_own_clock_too() {
    let mut driver = Driver::source::<OldClock>(Settings::default()).unwrap();
    driver.set_now(HostTime::from_nanos(5));
    driver.set_clock(TestClock::Own);
    driver.run().unwrap();
    assert_eq!(driver.clock().state(), State::Running);
    assert_eq!(driver.clock().stream_time(driver.now()), StreamTime::ZERO);
    driver.advance(Span::from_secs(1));
    assert_eq!(driver.clock().stream_time(driver.now()) - StreamTime::ZERO, Span::from_secs(1));
}
