//! LS-M22: neither end of a link allocates or frees.

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use driftless_rate_match::{Against, Anchor, LinkConfig, Quality, Timeline, link};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

/// LS-M22
#[test]
fn a_link_runs_through_all_its_phases_without_allocating() {
    for against in [Against::Nothing, Against::Stamps, Against::PrivateStamps, Against::Arrivals] {
        for (quality, input_rate_hz) in [(Quality::Standard, 48_000), (Quality::Studio, 44_100)] {
            let config = LinkConfig { against, quality, input_rate_hz, ..LinkConfig::default() };
            let (mut writer, mut player) = link(config).expect("the configuration is in range");
            let mut device = Timeline::new(48_000.0, Anchor::Earliest);
            let block = [0.25f32; 2 * 441];
            let mut out = [0.0f32; 2 * 480];
            assert_no_alloc(|| {
                for period in 0..3_000i64 {
                    let now_ns = period * 10_000_000;
                    // Frames keep coming but for half a second; stamps jump once; one flush, one end.
                    if !(1_000..1_050).contains(&period) {
                        let due_ns = now_ns + if period > 1_500 { 60_000_000 } else { 40_000_000 };
                        writer.write(&block, Some(due_ns), now_ns, period == 1_501);
                    }
                    if period == 2_000 {
                        writer.flush();
                    }
                    if period == 2_900 {
                        writer.end();
                    }
                    device.observe(period * 480, now_ns);
                    player.fill(&mut out, device.time_of(period * 480));
                }
            });
        }
    }
}
