//! Frame numbers as a bar code in the picture, so that a machine can tell which frame it sees.
//!
//! The code fills the top sixteenth of the picture: a band of 32 cells side by side, the highest bit
//! at the left, white for 1 and black for 0, and below it a band with every cell inverted. A picture
//! that is not one of ours, even an all white one, therefore reads as none.
//!
//! It is a crate of its own because a plugin library cannot be linked into another one: both export
//! the same symbol.

use std::ops::Range;

use driftless_plugin_api::{PixelFormat, VideoFormat};

/// Cells in a band: the bits of the number.
const CELLS: usize = 32;

/// Brightness, 0 to 255, up to which a cell is black.
const BLACK_BELOW: u8 = 96;

/// Brightness from which a cell is white.
const WHITE_FROM: u8 = 160;

/// Narrowest picture that holds the code, in pixels.
pub const MIN_WIDTH: u32 = 32;

/// Lowest picture that holds the code, in rows.
pub const MIN_HEIGHT: u32 = 2;

/// How many rows the code takes at the top of a picture of `height` rows.
pub const fn rows(height: u32) -> u32 {
    2 * band_rows(height)
}

const fn band_rows(height: u32) -> u32 {
    if height >= 64 { height / 32 } else { 1 }
}

fn columns(cell: usize, width: usize) -> Range<usize> {
    cell * width / CELLS..(cell + 1) * width / CELLS
}

/// Draws `number` into the top rows of an RGB24 picture. `[any]`
///
/// `pixels` holds rows of `width` pixels of three bytes. A picture smaller than [`MIN_WIDTH`] by
/// [`MIN_HEIGHT`] is left as it is.
pub fn draw(pixels: &mut [u8], width: u32, height: u32, number: u32) {
    draw_cells(pixels, (width, height), number, u32::MAX);
}

/// As [`draw`], into a picture that shows the number `shown` already: paints only what differs. `[any]`
pub fn redraw(pixels: &mut [u8], width: u32, height: u32, shown: u32, number: u32) {
    draw_cells(pixels, (width, height), number, shown ^ number);
}

/// Draws the cells whose bit is set in `which`.
fn draw_cells(pixels: &mut [u8], (width, height): (u32, u32), number: u32, which: u32) {
    if width < MIN_WIDTH || height < MIN_HEIGHT {
        return;
    }
    let (width, band) = (width as usize, band_rows(height) as usize);
    for (y, row) in pixels.chunks_exact_mut(width * 3).take(2 * band).enumerate() {
        let bits = if y < band { number } else { !number };
        for cell in (0..CELLS).filter(|cell| which >> (CELLS - 1 - cell) & 1 == 1) {
            let white = bits >> (CELLS - 1 - cell) & 1 == 1;
            let columns = columns(cell, width);
            row[columns.start * 3..columns.end * 3].fill(if white { 255 } else { 0 });
        }
    }
}

/// Reads the number back from a picture of any pixel format. `[any]`
///
/// `None` when the picture carries no code, is too small for one, or `pixels` is shorter than
/// `format` says.
pub fn read(format: VideoFormat, pixels: &[u8]) -> Option<u32> {
    let (width, band) = (format.width as usize, band_rows(format.height) as usize);
    if format.width < MIN_WIDTH || format.height < MIN_HEIGHT {
        return None;
    }
    let mut number = 0;
    for cell in 0..CELLS {
        let column = (columns(cell, width).start + columns(cell, width).end) / 2;
        let bit = white(format, pixels, column, band / 2)?;
        let inverse = white(format, pixels, column, band + band / 2)?;
        if bit == inverse {
            return None;
        }
        number = number << 1 | u32::from(bit);
    }
    Some(number)
}

/// Whether a pixel is white, or `None` if it is neither white nor black.
fn white(format: VideoFormat, pixels: &[u8], column: usize, row: usize) -> Option<bool> {
    let at = row * format.width as usize + column;
    let brightness = match format.pixels {
        PixelFormat::Rgb24 => {
            let pixel = pixels.get(at * 3..at * 3 + 3)?;
            (pixel.iter().map(|&value| u32::from(value)).sum::<u32>() / 3) as u8
        }
        PixelFormat::Gray8 | PixelFormat::I420 => *pixels.get(at)?,
        _ => return None,
    };
    match brightness {
        0..=BLACK_BELOW => Some(false),
        WHITE_FROM.. => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use driftless_plugin_api::FrameRate;
    use proptest::prelude::*;

    use super::*;

    fn format(pixels: PixelFormat, width: u32, height: u32) -> VideoFormat {
        VideoFormat { pixels, width, height, rate: FrameRate { frames: 30, seconds: 1 } }
    }

    fn drawn(width: u32, height: u32, number: u32) -> (VideoFormat, Vec<u8>) {
        let format = format(PixelFormat::Rgb24, width, height);
        let mut pixels = vec![128; format.frame_bytes()];
        draw(&mut pixels, width, height, number);
        (format, pixels)
    }

    proptest! {
        #[test]
        fn every_number_is_read_back_at_every_size(
            number: u32,
            width in MIN_WIDTH..2000,
            height in MIN_HEIGHT..1200,
        ) {
            let (format, pixels) = drawn(width, height, number);
            prop_assert_eq!(read(format, &pixels), Some(number));
        }

        #[test]
        fn a_picture_that_is_drawn_over_is_the_picture_that_is_drawn_anew(
            shown: u32,
            number: u32,
            width in MIN_WIDTH..200,
            height in MIN_HEIGHT..200,
        ) {
            let (_, mut pixels) = drawn(width, height, shown);
            redraw(&mut pixels, width, height, shown, number);
            prop_assert_eq!(pixels, drawn(width, height, number).1);
        }

        #[test]
        fn noise_on_the_picture_does_not_change_the_number(number: u32, noise in 0..=80_u8) {
            let (format, mut pixels) = drawn(320, 180, number);
            for (n, value) in pixels.iter_mut().enumerate() {
                let noise = if n % 7 < 3 { noise } else { 0 };
                *value = if *value < 128 { *value + noise } else { *value - noise };
            }
            prop_assert_eq!(read(format, &pixels), Some(number));
        }

        #[test]
        fn no_picture_makes_reading_fail(
            bytes in proptest::collection::vec(any::<u8>(), 0..4000),
            width in 0..100_u32,
            height in 0..100_u32,
            pixels in proptest::sample::select(PixelFormat::ALL.to_vec()),
        ) {
            read(format(pixels, width, height), &bytes);
        }
    }

    #[test]
    fn a_brightness_plane_carries_the_code_too() {
        let (rgb, pixels) = drawn(64, 36, 0xC0FF_EE01);
        let gray: Vec<u8> = pixels.chunks_exact(3).map(|pixel| pixel[0]).collect();
        assert_eq!(
            read(VideoFormat { pixels: PixelFormat::Gray8, ..rgb }, &gray),
            Some(0xC0FF_EE01)
        );
    }

    #[test]
    fn a_picture_without_code_reads_as_none() {
        for value in [0, 128, 255] {
            let format = format(PixelFormat::Rgb24, 320, 180);
            assert_eq!(read(format, &vec![value; format.frame_bytes()]), None);
        }
    }

    #[test]
    fn the_code_keeps_to_the_rows_it_announces() {
        for height in [2, 36, 63, 64, 360, 1080] {
            let (format, pixels) = drawn(64, height, 0);
            let below = &pixels[rows(height) as usize * 64 * 3..];
            assert!(below.iter().all(|&value| value == 128), "{format:?}");
            assert_ne!(pixels[(rows(height) as usize * 64 - 1) * 3], 128, "{format:?}");
        }
    }
}
