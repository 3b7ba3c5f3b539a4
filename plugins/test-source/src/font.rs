//! Digits in a picture: five by seven dots each, made larger by whole numbers.

const WIDTH: usize = 5;
const HEIGHT: usize = 7;

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

/// Writes `lines` into the middle of an RGB24 picture of `width` by `height`, as large as fits, in the
/// brightness `ink`.
pub fn write_centred(pixels: &mut [u8], width: usize, height: usize, lines: &[String], ink: u8) {
    let columns = lines.iter().map(String::len).max().unwrap_or(0) * (WIDTH + 1);
    let rows = lines.len() * (HEIGHT + 2);
    // A quarter of the height stays free for the bar code at the top.
    let dot = (width / columns.max(1)).min(height * 3 / 4 / rows.max(1)).max(1);
    let top = height.saturating_sub(rows * dot) / 2 + dot;
    for (line, text) in lines.iter().enumerate() {
        let left = width.saturating_sub(text.len() * (WIDTH + 1) * dot) / 2;
        for (place, character) in text.bytes().enumerate() {
            let x = left + place * (WIDTH + 1) * dot;
            let y = top + line * (HEIGHT + 2) * dot;
            write_glyph(pixels, width, (x, y), dot, glyph(character), ink);
        }
    }
}

fn write_glyph(
    pixels: &mut [u8],
    width: usize,
    (left, top): (usize, usize),
    dot: usize,
    rows: [u8; HEIGHT],
    ink: u8,
) {
    for (y, row) in rows.into_iter().enumerate() {
        for x in (0..WIDTH).filter(|x| row >> (WIDTH - 1 - x) & 1 == 1) {
            let from = (left + x * dot).min(width);
            let until = (from + dot).min(width);
            for line in top + y * dot..top + (y + 1) * dot {
                if let Some(run) =
                    pixels.get_mut((line * width + from) * 3..(line * width + until) * 3)
                {
                    run.fill(ink);
                }
            }
        }
    }
}
