//! A list that only grows, read without a lock while it does.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Places of the first chunk; every other one has twice as many as the one before, and none moves.
const FIRST: usize = 64;
/// Enough for four thousand million elements.
const CHUNKS: usize = 26;

/// Elements that stay where they are once they are in, until the list goes.
#[derive(Debug)]
pub struct Growing<T> {
    chunks: [OnceLock<Box<[OnceLock<T>]>>; CHUNKS],
    length: AtomicUsize,
}

impl<T> Default for Growing<T> {
    fn default() -> Self {
        Self { chunks: [const { OnceLock::new() }; CHUNKS], length: AtomicUsize::new(0) }
    }
}

impl<T> Growing<T> {
    /// Adds an element; returns its number. `[main]`
    pub fn push(&self, element: T) -> usize {
        let number = self.length.fetch_add(1, Ordering::Relaxed);
        let (chunk, place) = place(number);
        let places = self.chunks[chunk]
            .get_or_init(|| (0..FIRST << chunk).map(|_| OnceLock::new()).collect());
        // Nobody else was given this number, so the place is empty.
        let _ = places[place].set(element);
        number
    }

    /// The element of a number. `[device]`
    pub fn get(&self, number: usize) -> Option<&T> {
        let (chunk, place) = place(number);
        self.chunks.get(chunk)?.get()?.get(place)?.get()
    }
}

/// Chunk and place in it: chunk k begins at `FIRST` times 2^k - 1.
const fn place(number: usize) -> (usize, usize) {
    let chunk = (number / FIRST + 1).ilog2() as usize;
    (chunk, number - FIRST * ((1 << chunk) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_found_under_its_number_and_none_beside_them() {
        let list = Growing::default();
        for number in 0..10 * FIRST {
            assert_eq!(list.push(number), number);
        }
        assert!((0..10 * FIRST).all(|number| list.get(number) == Some(&number)));
        assert!([10 * FIRST, 1 << 40, usize::MAX].iter().all(|number| list.get(*number).is_none()));
    }
}
