//! Where the kernels put what they have made: interleaved, or a slice a channel.

/// Where the output goes.
pub(crate) trait Sink {
    /// Takes the first `frames` of the `FRAMES` frames that begin at `frame`, of the channels that
    /// begin at `channel`.
    fn put<const CHANNELS: usize, const FRAMES: usize>(
        &mut self,
        frame: usize,
        frames: usize,
        channel: usize,
        values: &[[f32; FRAMES]; CHANNELS],
    );
}

/// Frame after frame, the values of all channels side by side.
pub(crate) struct Interleaved<'a> {
    pub values: &'a mut [f32],
    pub channels: usize,
}

impl Sink for Interleaved<'_> {
    #[inline(always)]
    fn put<const CHANNELS: usize, const FRAMES: usize>(
        &mut self,
        frame: usize,
        frames: usize,
        channel: usize,
        values: &[[f32; FRAMES]; CHANNELS],
    ) {
        let out = &mut self.values[frame * self.channels..(frame + frames) * self.channels];
        for (f, out) in out.chunks_exact_mut(self.channels).enumerate() {
            for (value, plane) in out[channel..channel + CHANNELS].iter_mut().zip(values) {
                *value = plane[f];
            }
        }
    }
}

/// One slice a channel.
pub(crate) struct Planar<'a, 'b> {
    planes: &'a mut [&'b mut [f32]],
    begin: usize,
    frames: usize,
}

impl<'a, 'b> Planar<'a, 'b> {
    /// Frames `begin..begin + frames` of each plane. Panics when a plane is shorter.
    pub fn new(planes: &'a mut [&'b mut [f32]], begin: usize, frames: usize) -> Self {
        assert!(planes.iter().all(|plane| plane.len() >= begin + frames), "a plane is too short");
        Self { planes, begin, frames }
    }
}

impl Sink for Planar<'_, '_> {
    #[inline(always)]
    fn put<const CHANNELS: usize, const FRAMES: usize>(
        &mut self,
        frame: usize,
        frames: usize,
        channel: usize,
        values: &[[f32; FRAMES]; CHANNELS],
    ) {
        debug_assert!(frame + frames <= self.frames);
        let at = self.begin + frame;
        for (plane, values) in self.planes[channel..channel + CHANNELS].iter_mut().zip(values) {
            let first = plane.as_mut_ptr().wrapping_add(at);
            // A length known to the compiler becomes one store instead of a call.
            if frames == FRAMES {
                // SAFETY: kernels put only frames below the count they run for, and that all planes
                // have these was asserted when the sink was made.
                unsafe { first.cast::<[f32; FRAMES]>().write_unaligned(*values) };
            } else {
                plane[at..at + frames].copy_from_slice(&values[..frames]);
            }
        }
    }
}
