//! Numbered pictures: bar code, frame number, time code, and a flash at every interval.

use driftless_plugin_api::{Span, VideoFormat};

use crate::font::{self, Line};

/// Brightness of a picture that does not flash.
const DARK: u8 = 40;

/// A picture of RGB24.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Its format.
    pub format: VideoFormat,
    /// From one white picture to the next, more than zero.
    pub flash_interval: Span,
}

/// What a picture shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    number: u32,
    flash: bool,
    lines: [Line; 2],
}

impl Shown {
    /// Brightness of the text, and of what is behind it.
    const fn colours(&self) -> (u8, u8) {
        if self.flash { (0, 255) } else { (255, DARK) }
    }
}

impl Picture {
    /// Draws picture `number` into `pixels`, all of a frame's bytes; returns what it shows now.
    pub fn draw(&self, number: i64, pixels: &mut [u8]) -> Shown {
        let VideoFormat { width, height, .. } = self.format;
        let shown = self.shown(number);
        let (ink, paper) = shown.colours();
        pixels.fill(paper);
        driftless_frame_code::draw(pixels, width, height, number as u32);
        font::write_centred(pixels, (width as usize, height as usize), &shown.lines, ink);
        shown
    }

    /// As [`draw`](Self::draw), into `pixels` that show `shown`: paints only what differs.
    pub fn redraw(&self, number: i64, shown: &Shown, pixels: &mut [u8]) -> Shown {
        let next = self.shown(number);
        if next.flash != shown.flash {
            return self.draw(number, pixels);
        }
        let VideoFormat { width, height, .. } = self.format;
        driftless_frame_code::redraw(pixels, width, height, shown.number, next.number);
        let lines = (&shown.lines, &next.lines);
        font::rewrite_centred(pixels, (width as usize, height as usize), lines, next.colours());
        next
    }

    fn shown(&self, number: i64) -> Shown {
        let lines =
            [Line::of(format_args!("#{number}")), time_code(self.format.rate.start_of(number))];
        Shown { number: number as u32, flash: self.flashes(number), lines }
    }

    /// Whether a multiple of the interval falls into the time of picture `number`.
    pub fn flashes(&self, number: i64) -> bool {
        let interval = self.flash_interval.nanos().max(1);
        let start = |number| self.format.rate.start_of(number).nanos();
        let intervals_before = |time: i64| (time - 1).div_euclid(interval);
        intervals_before(start(number + 1)) > intervals_before(start(number))
    }
}

/// Hours, minutes, seconds and milliseconds.
fn time_code(time: Span) -> Line {
    let ms = time.nanos() / 1_000_000;
    let (s, min, h) = (ms / 1_000, ms / 60_000, ms / 3_600_000);
    Line::of(format_args!("{h:02}:{:02}:{:02}.{:03}", min % 60, s % 60, ms % 1_000))
}

#[cfg(test)]
mod tests {
    use driftless_plugin_api::{FrameRate, PixelFormat};

    use super::*;

    fn picture(width: u32, height: u32, frames: u32, seconds: u32) -> Picture {
        let rate = FrameRate { frames, seconds };
        let format = VideoFormat { pixels: PixelFormat::Rgb24, width, height, rate };
        Picture { format, flash_interval: Span::from_secs(1) }
    }

    fn drawn(picture: &Picture, number: i64) -> Vec<u8> {
        let mut pixels = vec![7; picture.format.frame_bytes()];
        picture.draw(number, &mut pixels);
        pixels
    }

    #[test]
    fn the_bar_code_tells_the_number_on_flashing_pictures_too() {
        for (width, height) in [(64, 36), (641, 361), (1920, 1080)] {
            let picture = picture(width, height, 30, 1);
            for number in [0, 1, 30, 31, 0xFFFF_FFFF] {
                let read = driftless_frame_code::read(picture.format, &drawn(&picture, number));
                assert_eq!(read.map(i64::from), Some(number), "{width}x{height}");
            }
        }
    }

    #[test]
    fn one_picture_in_every_interval_flashes_and_it_is_the_one_that_shows_the_tick() {
        for (frames, seconds) in [(30, 1), (30_000, 1001), (24_000, 1001), (25, 1), (60, 1)] {
            let picture = picture(64, 36, frames, seconds);
            let flashing: Vec<_> = (0..6 * 60).filter(|&number| picture.flashes(number)).collect();
            for (second, &number) in flashing.iter().enumerate() {
                let tick = Span::from_secs(second as i64);
                let rate = picture.format.rate;
                assert!(rate.start_of(number) <= tick && tick < rate.start_of(number + 1));
            }
            assert!(flashing.len() >= 6);
        }
    }

    #[test]
    fn number_and_time_are_written_in_the_picture() {
        let picture = picture(320, 180, 30, 1);
        let lit = |number| drawn(&picture, number)[180 / 16 * 320 * 3..].to_vec();
        assert!(lit(1).contains(&255), "nothing is written");
        assert_ne!(lit(1), lit(2));
        assert!(lit(30).iter().filter(|&&value| value == 255).count() > 100_000, "no flash");
    }

    #[test]
    fn a_picture_that_is_drawn_over_is_the_picture_that_is_drawn_anew() {
        for (width, height) in [(64, 36), (641, 361)] {
            let picture = picture(width, height, 30, 1);
            let mut pixels = vec![7; picture.format.frame_bytes()];
            let mut shown = picture.draw(0, &mut pixels);
            for number in [1, 2, 9, 10, 17, 30, 60, 61, 999, 1000, 123_456, 30_000, 108_000] {
                shown = picture.redraw(number, &shown, &mut pixels);
                assert!(pixels == drawn(&picture, number), "{number} at {width}x{height}");
            }
        }
    }

    #[test]
    fn a_time_code_counts_hours() {
        let shown =
            |ms| time_code(Span::from_millis(ms)).bytes().map(char::from).collect::<String>();
        assert_eq!(shown(4_100), "00:00:04.100");
        assert_eq!(shown(100 * 3_600_000 + 61_001), "100:01:01.001");
    }
}
