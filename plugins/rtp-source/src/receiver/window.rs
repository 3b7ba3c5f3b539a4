//! Packets by sequence number, around the one that is next.

/// Sequence numbers that are kept track of: half of them to come, half of them gone. A quarter of
/// what 16 bits can tell apart; 2 s of packets of 1 ms.
const NUMBERS: usize = 4096;
const HALF: i64 = NUMBERS as i64 / 2;

/// Where a packet belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Still to come, under this extended number.
    Ahead(i64),
    /// It is there, or was.
    Taken,
    /// Its place was skipped.
    Skipped,
    /// Outside of what is kept track of.
    Far,
}

#[derive(Debug)]
enum Slot<T> {
    Vacant,
    Held(T),
    Gone,
}

/// Packets around the next one, by extended sequence number. Allocates nothing after creation.
#[derive(Debug)]
pub struct Window<T> {
    slots: Vec<Slot<T>>,
    next: i64,
    /// One past the largest number held so far.
    end: i64,
    held: usize,
}

impl<T> Window<T> {
    pub fn new() -> Self {
        let slots = std::iter::repeat_with(|| Slot::Vacant).take(NUMBERS).collect();
        Self { slots, next: 0, end: 0, held: 0 }
    }

    /// Drops everything and goes on at `next`; returns how many packets were dropped.
    pub fn clear(&mut self, next: i64) -> u64 {
        let dropped = std::mem::take(&mut self.held) as u64;
        self.slots.fill_with(|| Slot::Vacant);
        (self.next, self.end) = (next, next);
        dropped
    }

    pub fn is_empty(&self) -> bool {
        self.held == 0
    }

    fn slot(&mut self, number: i64) -> &mut Slot<T> {
        &mut self.slots[number.rem_euclid(NUMBERS as i64) as usize]
    }

    /// Where the packet with the 16 bits `sequence` belongs.
    pub fn place(&mut self, sequence: u16) -> Place {
        // The number with these 16 bits that is nearest to the next one.
        let ahead = i64::from(sequence.wrapping_sub(self.next as u16) as i16);
        let number = self.next + ahead;
        if !(-HALF..HALF).contains(&ahead) {
            return Place::Far;
        }
        match self.slot(number) {
            Slot::Vacant if ahead >= 0 => Place::Ahead(number),
            Slot::Vacant => Place::Skipped,
            Slot::Held(_) | Slot::Gone => Place::Taken,
        }
    }

    /// Keeps a packet at the number that [`place`](Self::place) gave; says whether none with a
    /// larger number came before it.
    pub fn insert(&mut self, number: i64, packet: T) -> bool {
        *self.slot(number) = Slot::Held(packet);
        self.held += 1;
        let newest = number >= self.end;
        self.end = self.end.max(number + 1);
        newest
    }

    /// Takes the next packet if it is there, and goes on.
    pub fn take_next(&mut self) -> Option<T> {
        let next = self.next;
        match std::mem::replace(self.slot(next), Slot::Vacant) {
            Slot::Held(packet) => {
                *self.slot(next) = Slot::Gone;
                self.held -= 1;
                self.advance();
                Some(packet)
            }
            // What is next was never taken before.
            Slot::Vacant | Slot::Gone => None,
        }
    }

    /// Goes on to the next packet that is there; returns how many are missing before it.
    pub fn skip_gap(&mut self) -> u64 {
        let mut missing = 0;
        while self.held > 0 && !matches!(self.slot(self.next), Slot::Held(_)) {
            self.advance();
            missing += 1;
        }
        missing
    }

    fn advance(&mut self) {
        self.next += 1;
        // The oldest number gives its slot to the newest.
        let newest = self.next + HALF - 1;
        *self.slot(newest) = Slot::Vacant;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_extended_over_many_wraps() {
        let mut window = Window::new();
        window.clear(65_000);
        for number in 65_000_i64..400_000 {
            let place = window.place(number as u16);
            assert_eq!(place, Place::Ahead(number));
            window.insert(number, number);
            assert_eq!(window.take_next(), Some(number));
        }
        assert_eq!(window.place(399_999_i64 as u16), Place::Taken);
        assert_eq!(window.place((400_000 + HALF) as u16), Place::Far);
    }

    #[test]
    fn what_was_skipped_is_told_from_what_was_taken() {
        let mut window = Window::new();
        window.clear(0);
        for number in [0, 3] {
            window.insert(number, ());
        }
        assert_eq!(window.take_next(), Some(()));
        assert_eq!(window.take_next(), None);
        assert_eq!(window.skip_gap(), 2);
        assert_eq!(window.take_next(), Some(()));
        assert_eq!((window.place(0), window.place(3)), (Place::Taken, Place::Taken));
        assert_eq!((window.place(1), window.place(2)), (Place::Skipped, Place::Skipped));
        assert!(window.is_empty());
    }
}
