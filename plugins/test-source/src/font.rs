//! Digits in a picture: five by seven dots each, made larger by whole numbers.

use std::fmt::{self, Write};

const WIDTH: usize = 5;
const HEIGHT: usize = 7;

/// Bytes that a line has room for: more than the longest time code.
const ROOM: usize = 32;

/// A line of text that needs no memory: pictures are drawn on a streaming thread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    bytes: [u8; ROOM],
    length: usize,
}

impl Line {
    /// A line of `text`, as far as there is room.
    pub fn of(text: fmt::Arguments<'_>) -> Self {
        let mut line = Self::default();
        let _full = line.write_fmt(text); // what has no room is left out
        line
    }

    fn len(&self) -> usize {
        self.length
    }

    /// The characters.
    pub fn bytes(&self) -> impl Iterator<Item = u8> {
        self.bytes[..self.length].iter().copied()
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.length..self.length + text.len()).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}

/// Dots of a character, a row a byte, the leftmost dot in bit 4. Unknown characters are blank.
#[rustfmt::skip]
const fn glyph(character: u8) -> [u8; HEIGHT] {
    match character {
        b'0' => [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110],
        b'1' => [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
        b'2' => [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111],
        b'3' => [0b11111, 0b00010, 0b00100, 0b00010, 0b00001, 0b10001, 0b01110],
        b'4' => [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010],
        b'5' => [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
        b'6' => [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110],
        b'7' => [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000],
        b'8' => [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110],
        b'9' => [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100],
        b':' => [0b00000, 0b00100, 0b00100, 0b00000, 0b00100, 0b00100, 0b00000],
        b'.' => [0b00000, 0b00000, 0b00000, 0b00000, 0b00000, 0b00110, 0b00110],
        b'#' => [0b01010, 0b01010, 0b11111, 0b01010, 0b11111, 0b01010, 0b01010],
        _ => [0; HEIGHT],
    }
}

/// Where two lines of text stand in a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Layout {
    /// Side of a dot, pixels.
    dot: usize,
    /// Left upper corner of each line.
    corners: [(usize, usize); 2],
}

impl Layout {
    /// In the middle of a picture of `width` by `height`, as large as fits.
    fn centred(width: usize, height: usize, lines: &[Line; 2]) -> Self {
        let columns = lines.iter().map(Line::len).max().unwrap_or(0) * (WIDTH + 1);
        let rows = lines.len() * (HEIGHT + 2);
        // A quarter of the height stays free for the bar code at the top.
        let dot = (width / columns.max(1)).min(height * 3 / 4 / rows.max(1)).max(1);
        let top = height.saturating_sub(rows * dot) / 2 + dot;
        let left = |line: &Line| width.saturating_sub(line.len() * (WIDTH + 1) * dot) / 2;
        let corner = |line: usize| (left(&lines[line]), top + line * (HEIGHT + 2) * dot);
        Self { dot, corners: [corner(0), corner(1)] }
    }
}

/// Writes two lines into the middle of an RGB24 picture of `width` by `height`, in the brightness `ink`.
pub fn write_centred(
    pixels: &mut [u8],
    (width, height): (usize, usize),
    lines: &[Line; 2],
    ink: u8,
) {
    let layout = Layout::centred(width, height, lines);
    for (line, corner) in lines.iter().zip(layout.corners) {
        for (place, character) in line.bytes().enumerate() {
            let corner = (corner.0 + place * (WIDTH + 1) * layout.dot, corner.1);
            paint(pixels, width, corner, layout.dot, glyph(character), ink);
        }
    }
}

/// Writes `lines` over `shown`, which stand in the picture already, in the brightness `ink` on `paper`:
/// paints only what differs.
pub fn rewrite_centred(
    pixels: &mut [u8],
    (width, height): (usize, usize),
    (shown, lines): (&[Line; 2], &[Line; 2]),
    (ink, paper): (u8, u8),
) {
    let layout = Layout::centred(width, height, lines);
    if layout != Layout::centred(width, height, shown) {
        write_centred(pixels, (width, height), shown, paper);
        return write_centred(pixels, (width, height), lines, ink);
    }
    for ((line, shown), corner) in lines.iter().zip(shown).zip(layout.corners) {
        for (place, (new, old)) in line.bytes().zip(shown.bytes()).enumerate() {
            let left = corner.0 + place * (WIDTH + 1) * layout.dot;
            for (row, (new, old)) in glyph(new).into_iter().zip(glyph(old)).enumerate() {
                if new != old {
                    let corner = (left, corner.1 + row * layout.dot);
                    repaint_row(pixels, width, corner, layout.dot, new, (ink, paper));
                }
            }
        }
    }
}

/// Paints a row of dots, set or not.
fn repaint_row(
    pixels: &mut [u8],
    width: usize,
    (left, top): (usize, usize),
    dot: usize,
    row: u8,
    (ink, paper): (u8, u8),
) {
    let columns = left.min(width)..(left + WIDTH * dot).min(width);
    let line =
        |number: usize| (number * width + columns.start) * 3..(number * width + columns.end) * 3;
    let Some(first) = pixels.get_mut(line(top)) else { return };
    for (x, run) in first.chunks_mut(dot * 3).enumerate() {
        run.fill(if row >> (WIDTH - 1 - x) & 1 == 1 { ink } else { paper });
    }
    for below in top + 1..top + dot {
        let to = line(below);
        if to.end <= pixels.len() {
            pixels.copy_within(line(top), to.start);
        }
    }
}

/// Paints the dots that are set in `rows`.
fn paint(
    pixels: &mut [u8],
    width: usize,
    (left, top): (usize, usize),
    dot: usize,
    rows: [u8; HEIGHT],
    brightness: u8,
) {
    for (y, row) in rows.into_iter().enumerate() {
        for x in (0..WIDTH).filter(|x| row >> (WIDTH - 1 - x) & 1 == 1) {
            let from = (left + x * dot).min(width);
            let until = (from + dot).min(width);
            for line in top + y * dot..top + (y + 1) * dot {
                if let Some(run) =
                    pixels.get_mut((line * width + from) * 3..(line * width + until) * 3)
                {
                    run.fill(brightness);
                }
            }
        }
    }
}
