//! What is to be played faster or slower than recorded (LS-116), in virtual time.

use driftless_rate_match::{Against, LinkConfig, Period, link};

const RATE: f64 = 48_000.0;
const PERIOD: usize = 480;

/// Eight seconds of an impulse every half second of what was recorded, stamped so that `playback_rate`
/// times as many frames are due in a second, by a clock that is 100 ppm fast; returns the device's
/// frames at which they are heard, and what was said of each period.
fn play(playback_rate: f64) -> (Vec<f64>, Vec<Period>) {
    let against = Against::Stamps;
    let config = LinkConfig { channels: 1, against, playback_rate, ..LinkConfig::default() };
    let (mut writer, mut player) = link(config).expect("the configuration is in range");
    let (mut written, mut heard, mut periods) = (0i64, Vec::new(), Vec::new());
    for played in (0..8 * RATE as usize).step_by(PERIOD) {
        let now = played as f64 / RATE;
        while due_s(written as f64, playback_rate) < now + 0.2 {
            let impulse = |frame: i64| if frame % 24_000 == 12_000 { 1.0 } else { 0.0 };
            let block: Vec<f32> = (written..written + 240).map(impulse).collect();
            let due_ns = (due_s(written as f64, playback_rate) * 1e9) as i64;
            writer.write(&block, Some(due_ns), due_ns, written == 0);
            written += 240;
        }
        let mut out = [0.0f32; PERIOD];
        periods.push(player.fill(&mut out, (now * 1e9).round() as i64));
        heard.extend_from_slice(&out);
    }
    (centres(&heard), periods)
}

fn due_s(frame: f64, playback_rate: f64) -> f64 {
    0.1 + frame / (RATE * playback_rate * (1.0 + 100e-6))
}

/// Where each impulse has its centre of mass.
fn centres(heard: &[f32]) -> Vec<f64> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(begin) = heard[at..].iter().position(|value| *value > 0.1) {
        let around = (at + begin).saturating_sub(200)..(at + begin + 200).min(heard.len());
        at = around.end;
        let mass = |weight: fn(f64) -> f64| -> f64 {
            around.clone().map(|n| f64::from(heard[n]) * weight(n as f64)).sum()
        };
        found.push(mass(|n| n) / mass(|_| 1.0));
    }
    found
}

/// LS-116
#[test]
fn what_is_played_at_another_rate_is_as_much_shorter_and_in_step() {
    for playback_rate in [0.5, 1.25, 2.0] {
        let (found, periods) = play(playback_rate);
        let last = periods.last().expect("it has played");
        assert!((last.ratio_ppm - 100.0).abs() < 0.5, "{playback_rate}: {last:?}");
        let touched = |p: &Period| p.dropped_frames + p.inserted_frames + p.underrun_frames;
        assert_eq!(periods.iter().map(touched).sum::<usize>(), 0, "{playback_rate}");
        assert!(found.len() >= 7, "{playback_rate}: {found:?}");
        for (index, found) in found.iter().enumerate().filter(|(_, found)| **found > 3.0 * RATE) {
            let due = due_s(12_000.0 + 24_000.0 * index as f64, playback_rate) * RATE;
            assert!((found - due).abs() < 0.1, "{playback_rate}: {found} instead of {due}");
        }
    }
}

#[test]
fn a_rate_at_which_nothing_can_be_played_is_refused() {
    for (playback_rate, found) in [(0.0, 0), (-1.0, -48_000), (8.1, 388_800), (f64::NAN, 0)] {
        let refused = link(LinkConfig { playback_rate, ..LinkConfig::default() }).err();
        let expected =
            format!("`input_rate_hz times playback_rate` is {found}; it can be 8000 to 384000");
        assert_eq!(refused.map(|it| it.to_string()), Some(expected), "{playback_rate}");
    }
}
