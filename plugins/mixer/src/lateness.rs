//! An input that is late under the policy `drop`: left out as a whole, and faded in when it has come back.

/// How long an input must be in time before it is heard again.
const PROBATION_S: f64 = 1.0;

/// Whether an input is in the mix. `[streaming]`
#[derive(Debug)]
pub(crate) struct Lateness {
    probation_blocks: u32,
    /// Blocks until it may come back; 0 while it is in.
    left: u32,
    fades_in: bool,
}

impl Lateness {
    /// An input that is in, in a mix of blocks of this length.
    pub fn new(block_s: f64) -> Self {
        Self { probation_blocks: (PROBATION_S / block_s).ceil() as u32, left: 0, fades_in: false }
    }

    /// Takes notice of a block in which something of the input was missing, or not. Returns whether the
    /// input was in the mix until now and is out from the next block on.
    pub fn observe(&mut self, was_late: bool) -> bool {
        self.fades_in = false;
        if was_late {
            let was_in = self.left == 0;
            self.left = self.probation_blocks;
            return was_in;
        }
        if self.left > 0 {
            self.left -= 1;
            self.fades_in = self.left == 0;
        }
        false
    }

    /// Whether the next block of the input is left out.
    pub fn is_out(&self) -> bool {
        self.left > 0
    }

    /// Whether the next block is the first one that is heard again.
    pub fn fades_in(&self) -> bool {
        self.fades_in
    }
}

/// Lets a block rise from silence over all of its length.
pub(crate) fn fade_in(values: &mut [f32], channels: usize) {
    let frames = (values.len() / channels) as f32;
    for (number, frame) in values.chunks_exact_mut(channels).enumerate() {
        frame.iter_mut().for_each(|value| *value *= number as f32 / frames);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_input_is_out_until_it_was_in_time_for_a_second() {
        let mut lateness = Lateness::new(0.01);
        assert!(!lateness.is_out());
        assert!(lateness.observe(true), "the first late block throws it out");
        for block in 0..100 {
            assert!(lateness.is_out(), "back after {block} blocks");
            if block == 50 {
                assert!(!lateness.observe(true), "told twice");
                lateness.left = 50;
            } else {
                assert!(!lateness.observe(false));
            }
        }
        assert!(!lateness.is_out() || lateness.left == 1);
    }

    #[test]
    fn it_comes_back_by_a_fade_and_only_once() {
        let mut lateness = Lateness::new(0.5);
        lateness.observe(true);
        let fades: Vec<bool> = (0..4)
            .map(|_| {
                lateness.observe(false);
                lateness.fades_in()
            })
            .collect();
        assert_eq!(fades, [false, true, false, false]);
        let mut block = [1.0; 8];
        fade_in(&mut block, 2);
        assert_eq!(block, [0.0, 0.0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75]);
    }
}
