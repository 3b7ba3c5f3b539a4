//! What happens, and what is asked of whoever follows.

use crate::measure::Asked;

/// How late a block or a callback is, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Jitter {
    None,
    /// Evenly between the two.
    Uniform(f64, f64),
    /// Exponential with this mean, cut off.
    Exponential(f64, f64),
    /// Normal with this standard deviation.
    Gaussian(f64),
}

impl Jitter {
    pub fn mean_ms(self) -> f64 {
        match self {
            Self::None | Self::Gaussian(_) => 0.0,
            Self::Uniform(low, high) => (low + high) / 2.0,
            // Cut off at ten means, which hardly changes it.
            Self::Exponential(mean, _) => mean,
        }
    }
}

/// Something that happens once, at a time in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// The source makes nothing for so many seconds, then goes on where it was.
    Pause(f64, f64),
    /// Neither side runs for so many seconds.
    Stall(f64, f64),
    /// The device's clock loses so many seconds.
    Lose(f64, f64),
}

pub struct Scenario {
    pub name: &'static str,
    pub seconds: f64,
    /// How fast the source is at a time in seconds, ppm.
    pub source_ppm: fn(f64) -> f64,
    pub arrival: Jitter,
    pub device: Jitter,
    /// Callbacks come three at once.
    pub bursts: bool,
    /// The device says when its frames are heard, in whole frames and off by this; else only callbacks tell.
    pub told: Option<Jitter>,
    pub target_ms: f64,
    pub event: Option<Event>,
    /// Packets lost, swapped and doubled, each this part of all; stamped by a private clock.
    pub faults: f64,
    pub seeds: u64,
    pub asked: Vec<Asked>,
}

fn scenario(
    name: &'static str,
    seconds: f64,
    source_ppm: fn(f64) -> f64,
    asked: &[Asked],
) -> Scenario {
    Scenario {
        name,
        seconds,
        source_ppm,
        arrival: Jitter::None,
        device: Jitter::None,
        bursts: false,
        told: None,
        target_ms: 40.0,
        event: None,
        faults: 0.0,
        seeds: 20,
        asked: asked.to_vec(),
    }
}

pub fn all() -> Vec<Scenario> {
    use Asked::{Cropped, Delay, Lost, Ratio, Resyncs, Second, Silence, Slew, Tone, Wander};
    use std::f64::consts::TAU;
    let steady = [
        Ratio(1.0, 3.0),
        Wander(0.1, 3.0),
        Delay(0.05, 3.0),
        Lost(0.0, 0.0),
        Slew(20.0, 3.0),
        Tone(120.0, 3.0),
    ];
    let uniform = [
        Ratio(6.0, 15.0),
        Ratio(1.5, 30.0),
        Ratio(0.5, 60.0),
        Second(1.0, 60.0),
        Slew(20.0, 15.0),
        Lost(0.0, 0.0),
        Tone(120.0, 30.0),
    ];
    // Packets later than the target delay are lost, so there is no tone to be measured.
    let exponential = [Ratio(1.0, 60.0), Slew(20.0, 15.0)];
    let gaussian = [Ratio(3.0, 60.0), Ratio(0.5, 240.0), Slew(20.0, 60.0), Tone(120.0, 60.0)];
    // A step at 20 s, and 2 s to be back.
    let lost = [Delay(1.0, 22.0), Ratio(20.0, 10.0), Resyncs(1.0, 15.0), Slew(20.0, 10.0)];
    let loss = |name, event, jitter| Scenario {
        event: Some(event),
        arrival: jitter,
        device: jitter,
        ..scenario(name, 40.0, |_| 100.0, &lost)
    };
    let after_ten = [
        Ratio(1.0, 10.0),
        Wander(0.1, 10.0),
        Delay(0.05, 10.0),
        Lost(0.0, 0.0),
        Slew(20.0, 10.0),
        Tone(120.0, 10.0),
    ];
    let told = |name, sigma_ms| Scenario {
        bursts: true,
        device: Jitter::Uniform(-2.0, 2.0),
        told: Some(Jitter::Gaussian(sigma_ms)),
        // The third of three callbacks asks 20 ms before its time.
        target_ms: 60.0,
        ..scenario(name, 120.0, |_| 100.0, &after_ten)
    };
    let late = Jitter::Uniform(0.0, 0.5);
    let warming = [Ratio(0.5, 3.0), Lost(0.0, 0.0), Tone(120.0, 3.0)];
    vec![
        scenario("+100 ppm", 60.0, |_| 100.0, &steady),
        scenario("-100 ppm", 60.0, |_| -100.0, &steady),
        scenario("+500 ppm", 60.0, |_| 500.0, &steady),
        scenario("-500 ppm", 60.0, |_| -500.0, &steady),
        scenario("+1500 ppm", 60.0, |_| 1500.0, &steady),
        scenario("-1500 ppm", 60.0, |_| -1500.0, &steady),
        Scenario {
            arrival: Jitter::Uniform(0.0, 10.0),
            ..scenario("uniform +100 ppm", 180.0, |_| 100.0, &uniform)
        },
        Scenario {
            arrival: Jitter::Uniform(0.0, 10.0),
            ..scenario("uniform -100 ppm", 180.0, |_| -100.0, &uniform)
        },
        Scenario {
            arrival: Jitter::Exponential(3.0, 30.0),
            ..scenario("exponential +100 ppm", 180.0, |_| 100.0, &exponential)
        },
        Scenario {
            arrival: Jitter::Exponential(3.0, 30.0),
            ..scenario("exponential -100 ppm", 180.0, |_| -100.0, &exponential)
        },
        Scenario {
            arrival: Jitter::Gaussian(2.0),
            ..scenario("gaussian +100 ppm", 360.0, |_| 100.0, &gaussian)
        },
        Scenario {
            arrival: Jitter::Gaussian(2.0),
            ..scenario("gaussian -100 ppm", 360.0, |_| -100.0, &gaussian)
        },
        Scenario {
            bursts: true,
            device: Jitter::Uniform(-2.0, 2.0),
            ..scenario(
                "bursts +100 ppm",
                120.0,
                |_| 100.0,
                &[
                    Ratio(1.0, 10.0),
                    Ratio(1.0, 60.0),
                    Wander(0.1, 60.0),
                    Delay(0.05, 60.0),
                    Lost(0.0, 0.0),
                    Slew(20.0, 10.0),
                ],
            )
        },
        told("bursts, device tells to 10 µs", 0.010),
        told("bursts, device tells to 50 µs", 0.050),
        scenario(
            "step",
            120.0,
            |t| if t < 60.0 { 0.0 } else { 100.0 },
            &[Lost(0.0, 0.0), Delay(1.0, 1.0), Ratio(1.0, 70.0)],
        ),
        Scenario { seeds: 3, ..scenario("warming 20 ppm", 600.0, |t| 20.0 * t / 600.0, &warming) },
        Scenario {
            seeds: 3,
            ..scenario("warming sine", 1200.0, |t| 5.0 * (TAU * t / 600.0).sin(), &warming)
        },
        Scenario {
            event: Some(Event::Pause(20.0, 0.3)),
            ..scenario(
                "source silent 300 ms",
                40.0,
                |_| 100.0,
                &[Delay(1.0, 22.3), Resyncs(1.0, 15.0)],
            )
        },
        Scenario {
            event: Some(Event::Stall(20.0, 0.2)),
            ..scenario("stall 200 ms", 40.0, |_| 100.0, &[Delay(1.0, 25.0)])
        },
        loss("device loses 10 ms", Event::Lose(20.0, 0.010), Jitter::None),
        loss("device loses 20 ms", Event::Lose(20.0, 0.020), Jitter::None),
        loss("device loses 40 ms", Event::Lose(20.0, 0.040), Jitter::None),
        loss("device gains 20 ms", Event::Lose(20.0, -0.020), Jitter::None),
        loss("device loses 20 ms, jitter 0.5 ms", Event::Lose(20.0, 0.020), late),
        loss("source loses 10 ms", Event::Pause(20.0, 0.010), Jitter::None),
        loss("source loses 20 ms", Event::Pause(20.0, 0.020), Jitter::None),
        loss("source loses 40 ms", Event::Pause(20.0, 0.040), Jitter::None),
        loss("source loses 20 ms, jitter 0.5 ms", Event::Pause(20.0, 0.020), late),
        Scenario {
            faults: 0.01,
            ..scenario(
                "loss, reordering, duplicates",
                60.0,
                |_| 100.0,
                &[Silence, Cropped, Ratio(1.0, 3.0), Delay(0.05, 3.0)],
            )
        },
        Scenario {
            seeds: 1,
            ..scenario(
                "24 h",
                86_400.0,
                |t| 50.0 + 10.0 * (TAU * t / 43_200.0).sin(),
                &[Lost(0.0, 0.0), Delay(0.1, 3.0), Ratio(0.5, 3.0)],
            )
        },
    ]
}
