//! A few numbers that one thread writes and any thread reads, newest wins, without a lock.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering, fence};

/// `N` words that are read together as they were written together (a sequence lock after Boehm,
/// "Can seqlocks get along with programming language memory models?", MSPC 2012).
///
/// Writing never waits. A reader repeats while a writer is between two words, a few nanoseconds.
#[derive(Debug)]
pub(super) struct Snapshot<const N: usize> {
    /// Odd while a write is under way.
    sequence: AtomicU64,
    words: [AtomicU64; N],
}

impl<const N: usize> Snapshot<N> {
    /// With these words.
    pub(super) fn new(words: [u64; N]) -> Self {
        Self { sequence: AtomicU64::new(0), words: words.map(AtomicU64::new) }
    }

    /// Replaces all words; one writer at a time. `[device]`
    pub(super) fn write(&self, words: [u64; N]) {
        let sequence = self.sequence.load(Ordering::Relaxed);
        self.sequence.store(sequence.wrapping_add(1), Ordering::Relaxed);
        // No word below is seen before the odd number above.
        fence(Ordering::Release);
        for (place, word) in self.words.iter().zip(words) {
            place.store(word, Ordering::Relaxed);
        }
        // The even number is seen only after all words.
        self.sequence.store(sequence.wrapping_add(2), Ordering::Release);
    }

    /// All words of one write. `[device]`
    pub(super) fn read(&self) -> [u64; N] {
        loop {
            let before = self.sequence.load(Ordering::Acquire);
            let words = std::array::from_fn(|index| self.words[index].load(Ordering::Relaxed));
            // The words above were read before the number below.
            fence(Ordering::Acquire);
            if before.is_multiple_of(2) && self.sequence.load(Ordering::Relaxed) == before {
                return words;
            }
            spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_never_sees_half_of_a_write() {
        let snapshot = Snapshot::new([0; 4]);
        std::thread::scope(|scope| {
            scope.spawn(|| (0..200_000).for_each(|n| snapshot.write([n; 4])));
            for _ in 0..200_000 {
                let words = snapshot.read();
                assert!(words.iter().all(|word| *word == words[0]), "torn: {words:?}");
            }
        });
    }
}
