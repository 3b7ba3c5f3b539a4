//! Which inputs of a filter something has come for: of hundreds most are empty, and to see that in their
//! queues would cost more than to feed the others.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::growing::Growing;

/// A bit for each input pin. Most filters have no queue before them, and no words here. `[any]`
#[derive(Debug, Default)]
pub struct Arrivals(OnceLock<Box<Growing<AtomicU64>>>);

impl Arrivals {
    /// Makes room for the input pin number `pin`. `[main]`
    pub fn expect(&self, pin: u32) {
        let words = self.0.get_or_init(Box::default);
        while words.get(word(pin)).is_none() {
            words.push(AtomicU64::new(0));
        }
    }

    /// Something came for `pin`; called when it is in the queue. `[streaming]`
    pub fn note(&self, pin: u32) {
        if let Some(word) = self.0.get().and_then(|words| words.get(word(pin))) {
            word.fetch_or(1 << (pin % u64::BITS), Ordering::AcqRel);
        }
    }

    /// The pins for which something came since they were last asked for, in order. `[streaming]`
    pub fn take(&self) -> impl Iterator<Item = u32> + '_ {
        let word = |number| Some((number, self.0.get()?.get(number as usize)?));
        (0..).map_while(word).flat_map(|(number, word)| {
            // Reading costs less than swapping.
            let bits = match word.load(Ordering::Relaxed) {
                0 => 0,
                _ => word.swap(0, Ordering::AcqRel),
            };
            ones(bits).map(move |bit| number * u64::BITS + bit)
        })
    }
}

/// The numbers of the bits that are 1.
fn ones(mut bits: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = (bits != 0).then_some(bits.trailing_zeros())?;
        bits &= bits - 1;
        Some(bit)
    })
}

const fn word(pin: u32) -> usize {
    (pin / u64::BITS) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pin_is_told_once_for_whatever_came_and_in_order() {
        let arrivals = Arrivals::default();
        arrivals.expect(200);
        [200, 3, 64, 3, 63].into_iter().for_each(|pin| arrivals.note(pin));
        assert_eq!(arrivals.take().collect::<Vec<_>>(), [3, 63, 64, 200]);
        arrivals.note(63);
        assert_eq!(arrivals.take().collect::<Vec<_>>(), [63]);
        assert_eq!(arrivals.take().count(), 0);
    }
}
