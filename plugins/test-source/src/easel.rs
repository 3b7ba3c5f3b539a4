//! Pictures that were shown and are painted over: most of a picture is as it was.

use std::collections::VecDeque;

use driftless_plugin_api::{Host, Sample, VideoFormat};

use crate::picture::{Picture, Shown};

/// Most memory that is kept, in bytes; larger pictures are painted anew.
const KEPT_BYTES: usize = 64 << 20;

/// Pictures that were delivered, to be painted over once nobody looks at them any more.
#[derive(Debug, Default)]
pub struct Easel {
    kept: VecDeque<(Sample, Shown)>,
    most: usize,
}

impl Easel {
    /// One with room for a second of pictures, after which the milliseconds of the time code, and the
    /// flash, are the same again. `[main]`
    pub fn new(format: VideoFormat) -> Self {
        let second = format.rate.frames.div_ceil(format.rate.seconds) as usize;
        let most = second.min(KEPT_BYTES / format.frame_bytes().max(1));
        Self { kept: VecDeque::with_capacity(most), most }
    }

    /// The sample of picture `number`, without times. `None` if the pool has no buffer that large. `[streaming]`
    pub fn paint(&mut self, picture: &Picture, number: i64, host: &Host) -> Option<Sample> {
        if self.kept.len() >= self.most
            && let Some((sample, shown)) = self.kept.front_mut()
            && let Some(pixels) = sample.bytes_mut()
        {
            *shown = picture.redraw(number, shown, pixels);
            let painted = sample.share();
            self.kept.rotate_left(1);
            return Some(painted);
        }
        let mut sample = host.sample(picture.format.frame_bytes())?;
        let shown = picture.draw(number, sample.bytes_mut()?);
        if self.kept.len() < self.most {
            self.kept.push_back((sample.share(), shown));
        }
        Some(sample)
    }
}
