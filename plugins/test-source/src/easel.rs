//! Pictures that were shown and are painted over: most of a picture is as it was.

use std::collections::VecDeque;

use driftless_plugin_api::{Host, Sample};

use crate::picture::{Picture, Shown};

/// Most pictures that are kept of a kind; more are in use at once only behind a very long queue.
const KEPT: usize = 64;

/// Pictures that were delivered, to be painted over once nobody looks at them any more.
#[derive(Debug, Default)]
pub struct Easel {
    dark: VecDeque<(Sample, Shown)>,
    white: VecDeque<(Sample, Shown)>,
}

impl Easel {
    /// The sample of picture `number`, without times. `None` if the pool has no buffer that large. `[streaming]`
    pub fn paint(&mut self, picture: &Picture, number: i64, host: &Host) -> Option<Sample> {
        let kept = if picture.flashes(number) { &mut self.white } else { &mut self.dark };
        // The oldest is the one that is let go of first.
        if let Some((sample, shown)) = kept.front_mut()
            && let Some(pixels) = sample.bytes_mut()
        {
            *shown = picture.redraw(number, shown, pixels);
            let painted = sample.share();
            kept.rotate_left(1);
            return Some(painted);
        }
        let mut sample = host.sample(picture.format.frame_bytes())?;
        let shown = picture.draw(number, sample.bytes_mut()?);
        if kept.len() < KEPT {
            kept.push_back((sample.share(), shown));
        }
        Some(sample)
    }
}
