//! How values are stored in the file.

/// A way to store one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// IEEE float, as inside the graph; nothing is rounded or clipped.
    Float32,
    /// Whole numbers of three bytes.
    Pcm24,
    /// Whole numbers of two bytes.
    Pcm16,
}

impl Encoding {
    /// The encoding of that name in a manifest.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "float32" => Some(Self::Float32),
            "pcm24" => Some(Self::Pcm24),
            "pcm16" => Some(Self::Pcm16),
            _ => None,
        }
    }

    /// Bytes of one value.
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Float32 => 4,
            Self::Pcm24 => 3,
            Self::Pcm16 => 2,
        }
    }

    /// Appends `values` to `bytes`, little-endian, and returns how many were clipped. `[any]`
    ///
    /// Full scale ±1.0 is ±2^(bits-1), rounded to the nearest; what is no number is stored as zero.
    pub fn append(self, values: &[f32], bytes: &mut Vec<u8>) -> u64 {
        let mut clipped = 0;
        match self {
            Self::Float32 => values.iter().for_each(|v| bytes.extend(v.to_le_bytes())),
            Self::Pcm24 => values.iter().for_each(|value| {
                bytes.extend(&whole(*value, 8_388_608.0, &mut clipped).to_le_bytes()[..3]);
            }),
            Self::Pcm16 => values.iter().for_each(|value| {
                bytes.extend(&whole(*value, 32_768.0, &mut clipped).to_le_bytes()[..2]);
            }),
        }
        clipped
    }
}

fn whole(value: f32, full_scale: f32, clipped: &mut u64) -> i32 {
    let scaled = (value * full_scale).round();
    let inside = scaled.clamp(-full_scale, full_scale - 1.0);
    *clipped += u64::from(inside != scaled);
    inside as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(encoding: Encoding, values: &[f32]) -> (Vec<u8>, u64) {
        let mut bytes = Vec::new();
        let clipped = encoding.append(values, &mut bytes);
        (bytes, clipped)
    }

    #[test]
    fn full_scale_and_beyond_are_clipped_and_counted_and_no_number_is_zero() {
        let values = [1.0, -1.0, 2.0, -3.0, f32::NAN];
        let (bytes, clipped) = stored(Encoding::Pcm16, &values);
        let read: Vec<i16> =
            bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        assert_eq!(read, [32767, -32768, 32767, -32768, 0]);
        assert_eq!(clipped, 4, "+1.0, the two beyond, and what is no number");
        assert_eq!(stored(Encoding::Float32, &values).1, 0);
    }

    #[test]
    fn a_value_takes_as_many_bytes_as_it_says() {
        for encoding in [Encoding::Float32, Encoding::Pcm24, Encoding::Pcm16] {
            assert_eq!(stored(encoding, &[0.5; 7]).0.len() as u32, 7 * encoding.bytes());
        }
    }
}
