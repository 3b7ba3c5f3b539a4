//! Sample buffers: counted memory that any holder may read and only a sole holder may write (LS-106).
//! Frozen.
#![allow(unsafe_code)] // memory that crosses libraries is shared by hand-written counting

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use abi_stable::StableAbi;
use crossbeam_queue::ArrayQueue;

/// The head of a sample buffer; its bytes lie at `data`.
#[repr(C)]
#[derive(StableAbi)]
pub struct RawBuffer {
    /// How many samples hold it. Zero only while it is on its way back.
    pub references: AtomicUsize,
    /// Bytes at `data`.
    pub capacity: usize,
    /// The memory, aligned to 64 bytes.
    pub data: *mut u8,
    /// Called by whoever drops the last reference, on any thread.
    pub release: unsafe extern "C" fn(*mut RawBuffer),
    /// What `release` needs to find its pool.
    pub owner: *mut u8,
    /// Always 0.
    pub reserved: [usize; 2],
}

/// One reference to a buffer. `[any]`
#[derive(Debug)]
pub struct Buffer(NonNull<RawBuffer>);

// SAFETY: the head is immutable but for its atomic count, and the bytes are written only through
// `bytes_mut`, which demands that this is the sole reference.
unsafe impl Send for Buffer {}
// SAFETY: as above; a shared `Buffer` gives read access only.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// Takes over one reference.
    ///
    /// # Safety
    ///
    /// `raw` is null or a live buffer of which the caller gives up one reference.
    pub unsafe fn from_raw(raw: *mut RawBuffer) -> Option<Self> {
        NonNull::new(raw).map(Self)
    }

    /// Gives the reference away.
    pub fn into_raw(self) -> *mut RawBuffer {
        let raw = self.0.as_ptr();
        std::mem::forget(self);
        raw
    }

    fn head(&self) -> &RawBuffer {
        // SAFETY: this reference keeps the head alive.
        unsafe { self.0.as_ref() }
    }

    /// Bytes of memory.
    pub fn capacity(&self) -> usize {
        self.head().capacity
    }

    /// The memory, for reading.
    pub fn bytes(&self) -> &[u8] {
        let head = self.head();
        // SAFETY: the pool initialised `capacity` bytes at `data`; nobody writes while two hold it.
        unsafe { std::slice::from_raw_parts(head.data, head.capacity) }
    }

    /// The memory, for writing, if nobody else holds the buffer.
    pub fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        let head = self.head();
        // `Acquire`: what other holders did with the bytes happened before they let go.
        if head.references.load(Ordering::Acquire) != 1 {
            return None;
        }
        // SAFETY: sole reference, borrowed mutably, so nobody can read or share it meanwhile.
        Some(unsafe { std::slice::from_raw_parts_mut(head.data, head.capacity) })
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        // `Relaxed` is enough: a new reference is made from one that is held.
        self.head().references.fetch_add(1, Ordering::Relaxed);
        Self(self.0)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // `AcqRel`: our use of the bytes comes before the next user's, and the last one sees all.
        if self.head().references.fetch_sub(1, Ordering::AcqRel) == 1 {
            let release = self.head().release;
            // SAFETY: the count has reached zero, so the buffer goes back exactly once.
            unsafe { release(self.0.as_ptr()) }
        }
    }
}

const ALIGNMENT: usize = 64;
const SMALLEST: usize = 256;
const CLASSES: usize = 20; // 256 B to 128 MiB
const KEPT_BYTES: usize = 64 << 20; // a class keeps at most this much…
const KEPT_BUFFERS: usize = 512; // …and at most so many

/// A pool of sample buffers in size classes of powers of two. `[any]`
///
/// Taking and returning is lock-free; memory is allocated only when a class is empty, so a graph in
/// its steady state allocates nothing. Buffers keep the pool alive.
#[derive(Debug, Clone)]
pub struct BufferPool(Arc<Classes>);

#[derive(Debug)]
struct Classes {
    free: Vec<ArrayQueue<Idle>>,
}

/// A buffer that nobody holds; its `owner` is null.
#[derive(Debug)]
struct Idle(*mut RawBuffer);

// SAFETY: an idle buffer is owned by the one queue slot that holds the pointer.
unsafe impl Send for Idle {}
// SAFETY: the pointer is only followed after it was taken out of the queue.
unsafe impl Sync for Idle {}

impl Default for BufferPool {
    fn default() -> Self {
        Self::new()
    }
}

impl BufferPool {
    /// An empty pool.
    pub fn new() -> Self {
        let queue = |class: usize| {
            ArrayQueue::new((KEPT_BYTES / (SMALLEST << class)).clamp(4, KEPT_BUFFERS))
        };
        Self(Arc::new(Classes { free: (0..CLASSES).map(queue).collect() }))
    }

    /// A buffer of at least `bytes`, or `None` above 128 MiB. Its contents are initialised but arbitrary.
    pub fn take(&self, bytes: usize) -> Option<Buffer> {
        let class = bytes.div_ceil(SMALLEST).next_power_of_two().trailing_zeros() as usize;
        let free = self.0.free.get(class)?;
        let raw = free.pop().map_or_else(|| allocate(SMALLEST << class), |idle| idle.0);
        let owner = Arc::into_raw(Arc::clone(&self.0)).cast::<u8>().cast_mut();
        // SAFETY: the buffer was idle, so nobody else looks at its head.
        unsafe { (*raw).owner = owner };
        // SAFETY: as above.
        unsafe { (*raw).references.store(1, Ordering::Relaxed) };
        // SAFETY: the count is one, and that reference is handed over here.
        unsafe { Buffer::from_raw(raw) }
    }
}

impl Drop for Classes {
    fn drop(&mut self) {
        for queue in &self.free {
            while let Some(idle) = queue.pop() {
                // SAFETY: taken out of the queue, so nobody else has it.
                unsafe { free(idle.0) };
            }
        }
    }
}

fn layout(capacity: usize) -> (Layout, usize) {
    let head = Layout::new::<RawBuffer>();
    let data = Layout::from_size_align(capacity, ALIGNMENT).expect("capacity is at most 128 MiB");
    let (whole, offset) = head.extend(data).expect("capacity is at most 128 MiB");
    (whole.align_to(ALIGNMENT).expect("64 is a power of two").pad_to_align(), offset)
}

fn allocate(capacity: usize) -> *mut RawBuffer {
    let (layout, offset) = layout(capacity);
    // SAFETY: the layout is not empty.
    let memory = unsafe { alloc(layout) };
    if memory.is_null() {
        handle_alloc_error(layout);
    }
    // SAFETY: the layout has `capacity` bytes at `offset`.
    let data = unsafe { memory.add(offset) };
    // SAFETY: fresh memory of that size; initialised so that reading it is defined.
    unsafe { ptr::write_bytes(data, 0, capacity) };
    let raw = memory.cast::<RawBuffer>();
    let head = RawBuffer {
        references: AtomicUsize::new(0),
        capacity,
        data,
        release,
        owner: ptr::null_mut(),
        reserved: [0; 2],
    };
    // SAFETY: the layout begins with room for a head, aligned to 64.
    unsafe { raw.write(head) };
    raw
}

/// # Safety
///
/// `raw` came from [`allocate`] and nobody else has it.
unsafe fn free(raw: *mut RawBuffer) {
    // SAFETY: the caller has the only pointer to a live head.
    let capacity = unsafe { (*raw).capacity };
    // SAFETY: allocated with this very layout.
    unsafe { dealloc(raw.cast(), layout(capacity).0) };
}

/// Returns a buffer to its pool.
unsafe extern "C" fn release(raw: *mut RawBuffer) {
    // SAFETY: the caller gives up the last reference, so nobody writes to the head meanwhile.
    let RawBuffer { owner, capacity, .. } = unsafe { &*raw };
    // SAFETY: `take` stored a reference to the pool there; it is taken back exactly once, because the
    // count reaches zero once.
    let pool = unsafe { Arc::from_raw(owner.cast::<Classes>().cast_const()) };
    let class = (*capacity / SMALLEST).trailing_zeros() as usize;
    if let Err(Idle(surplus)) = pool.free[class].push(Idle(raw)) {
        // SAFETY: the queue handed it back, so it is ours alone.
        unsafe { free(surplus) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LS-105, LS-106
    #[test]
    fn a_returned_buffer_is_taken_again_and_no_memory_is_asked_for() {
        let pool = BufferPool::new();
        let first = pool.take(1000).unwrap();
        let address = first.bytes().as_ptr();
        assert_eq!((first.capacity(), address as usize % ALIGNMENT), (1024, 0));
        drop(first);
        assert_eq!(pool.take(600).unwrap().bytes().as_ptr(), address);
    }

    /// LS-106
    #[test]
    fn a_shared_buffer_cannot_be_written_until_the_other_holder_lets_go() {
        let pool = BufferPool::new();
        let mut mine = pool.take(10).unwrap();
        let theirs = mine.clone();
        assert!(mine.bytes_mut().is_none());
        drop(theirs);
        assert!(mine.bytes_mut().is_some());
    }

    #[test]
    fn buffers_outlive_the_pool_that_made_them() {
        let pool = BufferPool::new();
        let buffer = pool.take(10).unwrap();
        drop(pool);
        assert_eq!(buffer.capacity(), 256);
    }

    /// LS-105
    #[test]
    fn what_is_too_large_is_refused() {
        assert!(BufferPool::new().take(usize::MAX / 2).is_none());
        assert!(BufferPool::new().take(0).is_some());
    }
}
