//! The sample: one unit of media with a time stamp.
#![allow(unsafe_code)] // the one safe view of the frozen header

use std::fmt;
use std::mem::ManuallyDrop;

use crate::abi::buffer::Buffer;
use crate::abi::media::RawMedia;
use crate::abi::sample::RawSample;
use crate::abi::status::Status;
use crate::host::TakeBuffer;
use crate::media::MediaType;
use crate::time::{HostTime, StreamTime};

/// Facts about a sample (LS-108), a set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[repr(transparent)]
pub struct SampleFlags(pub u32);

impl SampleFlags {
    /// A sync point; always set for media without compression over time.
    pub const SPLICE_POINT: Self = Self(0x1);
    /// To be decoded, never rendered.
    pub const PREROLL: Self = Self(0x2);
    /// Does not follow the sample before it (LS-109).
    pub const DISCONTINUITY: Self = Self(0x4);
    /// Carries a new media type.
    pub const TYPE_CHANGED: Self = Self(0x8);
    /// `start` is valid.
    pub const TIME_VALID: Self = Self(0x10);
    /// A time gap starts after this sample.
    pub const TIME_DISCONTINUITY: Self = Self(0x40);
    /// To be dropped by a renderer that pauses (LS-11).
    pub const FLUSH_ON_PAUSE: Self = Self(0x80);
    /// `stop` is valid.
    pub const STOP_VALID: Self = Self(0x100);
    /// Ours: media times are valid.
    pub const MEDIA_TIME_VALID: Self = Self(0x1_0000);
    /// Ours: the time of arrival is valid.
    pub const ARRIVAL_VALID: Self = Self(0x2_0000);

    /// Whether all of `flags` are set.
    pub const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// With `flags` set or cleared.
    #[must_use]
    pub const fn with(self, flags: Self, set: bool) -> Self {
        Self(if set { self.0 | flags.0 } else { self.0 & !flags.0 })
    }
}

/// One unit of media: a block of audio frames or a video frame, with its times. `[streaming]`
///
/// The data is counted and shared: [`share`](Self::share) copies the header only, and writing needs
/// a sole holder ([`values_mut`](Self::values_mut) copies when it is not; LS-106).
#[repr(transparent)]
pub struct Sample(RawSample);

// SAFETY: the header is plain data and the buffer reference may move between threads (`Buffer: Send`).
unsafe impl Send for Sample {}

impl Sample {
    /// A sample of `bytes` bytes from `pool`, without times; `None` above 128 MiB. Its contents are arbitrary.
    pub fn new(pool: &impl TakeBuffer, bytes: usize) -> Option<Self> {
        Some(Self::from_buffer(pool.take(bytes)?, bytes))
    }

    /// A sample of the first `bytes` bytes of `buffer`, without times.
    pub fn from_buffer(buffer: Buffer, bytes: usize) -> Self {
        Self(RawSample {
            start: 0,
            stop: 0,
            media_start: 0,
            media_stop: 0,
            flags: SampleFlags::SPLICE_POINT.0,
            stream: 0,
            length: bytes.min(buffer.capacity()),
            buffer: buffer.into_raw(),
            media: RawMedia::default(),
            arrival: 0,
            reserved: 0,
        })
    }

    /// Takes over a sample that crossed the border.
    ///
    /// # Safety
    ///
    /// `raw` holds one reference to its buffer (or null) and is not used again by the giver.
    #[inline]
    pub unsafe fn from_raw(raw: RawSample) -> Self {
        Self(raw)
    }

    /// Takes over the sample that lies at `raw`.
    ///
    /// # Safety
    ///
    /// As [`from_raw`](Self::from_raw); `raw` may be read.
    #[inline]
    pub unsafe fn take(raw: *mut RawSample) -> Self {
        // SAFETY: the caller's own promise.
        let raw = unsafe { raw.read() };
        // SAFETY: the caller's own promise.
        unsafe { Self::from_raw(raw) }
    }

    /// Where the header lies, for a call that takes it over.
    #[inline]
    pub(crate) fn as_raw(&mut self) -> *mut RawSample {
        &raw mut self.0
    }

    /// Gives the sample, and its reference to the data, to the border.
    #[inline]
    pub fn into_raw(self) -> RawSample {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is never dropped, so the header is moved out exactly once.
        unsafe { std::ptr::read(&raw const this.0) }
    }

    fn buffer(&self) -> Option<ManuallyDrop<Buffer>> {
        // SAFETY: `ManuallyDrop` keeps the reference with `self`; it is only borrowed here.
        unsafe { Buffer::from_raw(self.0.buffer) }.map(ManuallyDrop::new)
    }

    /// A second sample over the same data, with the same times.
    pub fn share(&self) -> Self {
        let buffer = self.buffer().map(|buffer| Buffer::clone(&buffer).into_raw());
        Self(RawSample { buffer: buffer.unwrap_or(std::ptr::null_mut()), ..self.0 })
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        match self.buffer() {
            // SAFETY: the reference in `self` keeps the bytes alive as long as the borrow; the pool
            // initialised all `capacity` of them, and `length` is cut to that.
            Some(buffer) => unsafe {
                std::slice::from_raw_parts(
                    buffer.bytes().as_ptr(),
                    self.0.length.min(buffer.capacity()),
                )
            },
            None => &[],
        }
    }

    /// The bytes for writing, or `None` if they are shared.
    pub fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        let length = self.0.length;
        let mut buffer = self.buffer()?;
        let bytes = buffer.bytes_mut()?;
        let length = length.min(bytes.len());
        // SAFETY: sole holder, borrowed mutably through `self`; the reference in `self` keeps it alive.
        Some(unsafe { std::slice::from_raw_parts_mut(bytes.as_mut_ptr(), length) })
    }

    /// The audio values, interleaved, full scale ±1.0.
    pub fn values(&self) -> &[f32] {
        // SAFETY: every bit pattern is a valid f32; `align_to` cuts to what is aligned, which is all.
        unsafe { self.bytes().align_to::<f32>() }.1
    }

    /// The audio values for writing. Shared data is copied into a buffer of `pool` first; `None` if
    /// the pool has none that large.
    pub fn values_mut(&mut self, pool: &impl TakeBuffer) -> Option<&mut [f32]> {
        if self.bytes_mut().is_none() {
            let mut copy = Self::new(pool, self.0.length)?;
            copy.bytes_mut()?.copy_from_slice(self.bytes());
            std::mem::swap(&mut self.0.buffer, &mut copy.0.buffer);
        }
        let bytes = self.bytes_mut()?;
        // SAFETY: as in `values`.
        Some(unsafe { bytes.align_to_mut::<f32>() }.1)
    }

    /// Keeps only the first `bytes` bytes.
    pub fn truncate(&mut self, bytes: usize) {
        self.0.length = self.0.length.min(bytes);
    }

    /// When the sample is due, if it is stamped.
    pub fn start(&self) -> Option<StreamTime> {
        self.flags().contains(SampleFlags::TIME_VALID).then(|| StreamTime::from_nanos(self.0.start))
    }

    /// Start and stop (LS-107); a sample without a stop time ends one nanosecond after its start.
    ///
    /// # Errors
    ///
    /// [`Status::TIME_NOT_SET`] without a start, [`Status::START_AFTER_END`] when stop comes first.
    pub fn times(&self) -> Result<(StreamTime, StreamTime), Status> {
        let start = self.start().ok_or(Status::TIME_NOT_SET)?;
        let stop = match self.flags().contains(SampleFlags::STOP_VALID) {
            true => StreamTime::from_nanos(self.0.stop),
            false => start + crate::Span::from_nanos(1),
        };
        if stop < start { Err(Status::START_AFTER_END) } else { Ok((start, stop)) }
    }

    /// Sets or removes the times.
    pub fn set_times(&mut self, start: Option<StreamTime>, stop: Option<StreamTime>) {
        self.0.start = start.map_or(0, StreamTime::nanos);
        self.0.stop = stop.map_or(0, StreamTime::nanos);
        let stop_valid = start.is_some() && stop.is_some();
        let flags = self.flags().with(SampleFlags::TIME_VALID, start.is_some());
        self.set_flags(flags.with(SampleFlags::STOP_VALID, stop_valid));
    }

    /// Frame numbers: the first, and one past the last.
    pub fn media_times(&self) -> Option<(i64, i64)> {
        let valid = self.flags().contains(SampleFlags::MEDIA_TIME_VALID);
        valid.then_some((self.0.media_start, self.0.media_stop))
    }

    /// Sets or removes the frame numbers.
    pub fn set_media_times(&mut self, times: Option<(i64, i64)>) {
        (self.0.media_start, self.0.media_stop) = times.unwrap_or_default();
        self.set_flags(self.flags().with(SampleFlags::MEDIA_TIME_VALID, times.is_some()));
    }

    /// When its data had arrived, where the source knows that better than by when it hands the sample
    /// on: a network stack notes it. Who learns a clock from arrivals (LS-81) learns it sooner.
    pub fn arrival(&self) -> Option<HostTime> {
        let valid = self.flags().contains(SampleFlags::ARRIVAL_VALID);
        valid.then(|| HostTime::from_nanos(self.0.arrival))
    }

    /// Sets or removes the time of arrival.
    pub fn set_arrival(&mut self, arrival: Option<HostTime>) {
        self.0.arrival = arrival.map_or(0, HostTime::nanos);
        self.set_flags(self.flags().with(SampleFlags::ARRIVAL_VALID, arrival.is_some()));
    }

    /// The flags.
    pub fn flags(&self) -> SampleFlags {
        SampleFlags(self.0.flags)
    }

    /// Replaces the flags.
    pub fn set_flags(&mut self, flags: SampleFlags) {
        self.0.flags = flags.0;
    }

    /// Whether it does not follow the sample before it (LS-109).
    pub fn discontinuity(&self) -> bool {
        self.flags().contains(SampleFlags::DISCONTINUITY)
    }

    /// Marks it as not following, or as following, the sample before it.
    pub fn set_discontinuity(&mut self, set: bool) {
        self.set_flags(self.flags().with(SampleFlags::DISCONTINUITY, set));
    }

    /// The media type that begins with this sample, if it changes here (LS-110).
    pub fn new_media(&self) -> Option<MediaType> {
        let changed = self.flags().contains(SampleFlags::TYPE_CHANGED);
        changed.then(|| self.0.media.complete()).flatten()
    }

    /// Lets a media type begin with this sample.
    pub fn set_new_media(&mut self, media: Option<MediaType>) {
        self.0.media = media.map(RawMedia::from).unwrap_or_default();
        self.set_flags(self.flags().with(SampleFlags::TYPE_CHANGED, media.is_some()));
    }
}

impl Drop for Sample {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the sample owns this reference and ends here.
        drop(unsafe { Buffer::from_raw(self.0.buffer) });
    }
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sample")
            .field("start", &self.start())
            .field("media", &self.media_times())
            .field("flags", &self.flags())
            .field("bytes", &self.0.length)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::buffer::BufferPool;
    use crate::time::Span;

    /// LS-107
    #[test]
    fn a_sample_without_stop_ends_just_after_its_start_and_one_without_start_has_no_times() {
        let mut sample = Sample::new(&BufferPool::new(), 8).unwrap();
        assert_eq!(sample.times(), Err(Status::TIME_NOT_SET));
        let start = StreamTime::from_nanos(5);
        sample.set_times(Some(start), None);
        assert_eq!(sample.times(), Ok((start, start + Span::from_nanos(1))));
        sample.set_times(Some(start), Some(StreamTime::ZERO));
        assert_eq!(sample.times(), Err(Status::START_AFTER_END));
    }

    /// LS-108
    #[test]
    fn flags_have_the_values_of_the_original() {
        use SampleFlags as F;
        let table = [
            (F::SPLICE_POINT, 0x1),
            (F::PREROLL, 0x2),
            (F::DISCONTINUITY, 0x4),
            (F::TYPE_CHANGED, 0x8),
            (F::TIME_VALID, 0x10),
            (F::TIME_DISCONTINUITY, 0x40),
            (F::FLUSH_ON_PAUSE, 0x80),
            (F::STOP_VALID, 0x100),
        ];
        assert!(table.iter().all(|(flag, value)| flag.0 == *value));
        let sample = Sample::new(&BufferPool::new(), 8).unwrap();
        assert!(sample.flags().contains(F::SPLICE_POINT), "it is not compressed over time");
    }

    /// LS-106
    #[test]
    fn writing_to_a_shared_sample_leaves_the_other_holder_its_data() {
        let pool = BufferPool::new();
        let mut sample = Sample::new(&pool, 8).unwrap();
        sample.values_mut(&pool).unwrap().fill(0.25);
        let other = sample.share();
        sample.values_mut(&pool).unwrap().fill(0.5);
        assert_eq!(other.values(), [0.25; 2]);
        assert_eq!(sample.values(), [0.5; 2]);
    }
}
