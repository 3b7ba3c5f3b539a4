//! Memory that begins on a cache line: a vector that lies in two lines takes twice as long to load.

/// Bytes of a cache line.
const LINE: usize = 64;

/// Elements that begin on a cache line.
#[derive(Debug)]
pub(crate) struct Aligned<E> {
    elements: Vec<E>,
    begin: usize,
}

impl<E: Copy + Default> Aligned<E> {
    /// `count` of the default, which is 0 for numbers: fresh memory, untouched.
    pub fn new(count: usize) -> Self {
        let mut elements = vec![E::default(); count + LINE];
        // No line to be found, as under an interpreter, costs time only.
        let begin = elements.as_ptr().align_offset(LINE).min(LINE);
        elements.truncate(begin + count);
        Self { elements, begin }
    }

    pub fn of(values: &[E]) -> Self {
        let mut aligned = Self::new(values.len());
        aligned.get_mut().copy_from_slice(values);
        aligned
    }

    pub fn get(&self) -> &[E] {
        &self.elements[self.begin..]
    }

    pub fn get_mut(&mut self) -> &mut [E] {
        &mut self.elements[self.begin..]
    }
}

impl<E: Copy + Default> Clone for Aligned<E> {
    fn clone(&self) -> Self {
        Self::of(self.get())
    }
}
