//! The resampler behind `slot.h`, six C functions, for a bench that measures resamplers side by side.
//!
//! Each quality is a contender of its own; so is the standard one on 256-bit vectors only.
//! Unsafe code is allowed because a C face is made of raw pointers.
#![allow(unsafe_code)]

use std::{
    ffi::{CStr, c_char, c_int},
    ptr, slice,
};

use driftless_rate_match::{Instructions, Quality, Resampler};

/// Channels that a slot offers at most.
const CHANNELS: usize = 8;

struct Contender {
    name: &'static CStr,
    quality: Quality,
    instructions: Option<Instructions>,
}

const CONTENDERS: [Contender; 6] = [
    Contender { name: c"driftless low latency", quality: Quality::LowLatency, instructions: None },
    Contender { name: c"driftless standard", quality: Quality::Standard, instructions: None },
    Contender { name: c"driftless strict", quality: Quality::Strict, instructions: None },
    Contender { name: c"driftless studio", quality: Quality::Studio, instructions: None },
    Contender {
        name: c"driftless standard AVX2",
        quality: Quality::Standard,
        instructions: Some(Instructions::Avx2),
    },
    Contender {
        name: c"driftless standard portable",
        quality: Quality::Standard,
        instructions: Some(Instructions::Portable),
    },
];

/// What `rs_slot` is on this side.
pub struct Slot {
    resampler: Resampler,
    channels: usize,
}

/// Name of a quality; null past the last one.
#[unsafe(no_mangle)]
pub extern "C" fn rs_quality_name(quality: u32) -> *const c_char {
    CONTENDERS.get(quality as usize).map_or(ptr::null(), |contender| contender.name.as_ptr())
}

/// Planar.
#[unsafe(no_mangle)]
pub extern "C" fn rs_layout() -> u32 {
    1
}

/// A new slot; null when the combination is not offered.
#[unsafe(no_mangle)]
pub extern "C" fn rs_new(channels: u32, in_rate: f64, out_rate: f64, quality: u32) -> *mut Slot {
    make(channels as usize, in_rate, out_rate, quality)
        .map_or(ptr::null_mut(), |slot| Box::into_raw(Box::new(slot)))
}

fn make(channels: usize, in_rate: f64, out_rate: f64, quality: u32) -> Option<Slot> {
    let contender = CONTENDERS.get(quality as usize)?;
    if !(1..=CHANNELS).contains(&channels) {
        return None;
    }
    let resampler = Resampler::new(channels, in_rate, out_rate, contender.quality);
    let resampler = match contender.instructions {
        Some(instructions) => resampler.with_instructions(instructions)?,
        None => resampler,
    };
    Some(Slot { resampler, channels })
}

/// Output frames per input frame, from the next output frame on.
///
/// # Safety
/// `slot` is from [`rs_new`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rs_set_ratio(slot: *mut Slot, ratio: f64) -> c_int {
    // SAFETY: the caller vouches for the slot, and calls from one thread.
    let slot = unsafe { &mut *slot };
    slot.resampler.set_ratio(ratio);
    0
}

/// Takes all input, writes the output it allows, returns the frames written.
///
/// # Safety
/// `slot` is from [`rs_new`]; `input` and `output` hold one pointer for each channel, to
/// `in_frames` and `out_capacity` values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rs_process(
    slot: *mut Slot,
    input: *const *const f32,
    in_frames: usize,
    output: *const *mut f32,
    out_capacity: usize,
) -> usize {
    // SAFETY: the caller vouches for the slot, and calls from one thread.
    let slot = unsafe { &mut *slot };
    // SAFETY: the caller vouches for a pointer for each channel.
    let input = unsafe { slice::from_raw_parts(input, slot.channels) };
    // SAFETY: the caller vouches for a pointer for each channel.
    let output = unsafe { slice::from_raw_parts(output, slot.channels) };
    let mut inputs: [&[f32]; CHANNELS] = [&[]; CHANNELS];
    let mut outputs: [&mut [f32]; CHANNELS] = std::array::from_fn(|_| Default::default());
    for channel in 0..slot.channels {
        // SAFETY: the caller vouches for the values behind each pointer.
        inputs[channel] = unsafe { slice::from_raw_parts(input[channel], in_frames) };
        // SAFETY: the caller vouches for the room behind each pointer; none is given twice.
        outputs[channel] = unsafe { slice::from_raw_parts_mut(output[channel], out_capacity) };
    }
    slot.resampler.process(&inputs[..slot.channels], &mut outputs[..slot.channels])
}

/// Ends a slot.
///
/// # Safety
/// `slot` is from [`rs_new`] and not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rs_free(slot: *mut Slot) {
    // SAFETY: the caller gives back what `rs_new` made.
    drop(unsafe { Box::from_raw(slot) });
}
