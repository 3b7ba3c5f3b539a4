//! What a filter in C gets from us: the services of its Rust neighbours, with C's texts.
#![allow(unsafe_code)] // the host's side of the border to C

use std::ffi::{c_char, c_void};
use std::mem::{ManuallyDrop, size_of};
use std::sync::OnceLock;

use driftless_plugin_api::abi::abi_stable::std_types::RStr;
use driftless_plugin_api::abi::buffer::{Buffer, RawBuffer};
use driftless_plugin_api::abi::c::{CHost, CHostTable};
use driftless_plugin_api::abi::host::{
    HostRef, RawClockReading, RawClockState, RawHost, RawUpstream,
};

use super::text;

/// What a filter in C was given the address of: it lives until after the filter's end.
pub struct Lent(Box<Inside>);

struct Inside {
    c: CHost,
    host: RawHost,
}

impl Lent {
    /// Lends one holder of a host.
    pub(super) fn new(host: RawHost) -> Self {
        let mut inside =
            Box::new(Inside { c: CHost { table: table(), instance: std::ptr::null() }, host });
        inside.c.instance = (&raw const inside.host).cast();
        Self(inside)
    }

    /// What the filter is given.
    pub(super) fn host(&self) -> *const CHost {
        &raw const self.0.c
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let RawHost { table, instance } = self.0.host;
        // SAFETY: the holder is given up, and the filter is not there any more.
        unsafe { table.release()(instance) };
    }
}

fn table() -> &'static CHostTable {
    static TABLE: OnceLock<CHostTable> = OnceLock::new();
    TABLE.get_or_init(|| CHostTable {
        size: size_of::<CHostTable>(),
        now,
        clock,
        wake,
        publish_clock,
        event,
        log,
        take_buffer,
        retain_buffer,
        release_buffer,
        is_sole_holder,
        upstream,
        seed,
    })
}

/// # Safety
///
/// `host` is the instance that a [`Lent`] gave, which still lives.
unsafe fn host(host: *const c_void) -> (HostRef, *const c_void) {
    // SAFETY: the caller's own promise.
    let RawHost { table, instance } = unsafe { *host.cast::<RawHost>() };
    (table, instance)
}

unsafe extern "C" fn now(instance: *const c_void) -> i64 {
    // SAFETY: filters pass the instance they were given; likewise below.
    let (table, instance) = unsafe { host(instance) };
    // SAFETY: as above.
    unsafe { table.now()(instance) }
}

unsafe extern "C" fn clock(instance: *const c_void) -> RawClockState {
    // SAFETY: see `now`.
    let (table, instance) = unsafe { host(instance) };
    // SAFETY: see `now`.
    unsafe { table.clock()(instance) }
}

unsafe extern "C" fn wake(instance: *const c_void) {
    // SAFETY: see `now`.
    let (table, instance) = unsafe { host(instance) };
    // SAFETY: see `now`.
    unsafe { table.wake()(instance) }
}

unsafe extern "C" fn publish_clock(instance: *const c_void, reading: RawClockReading) {
    // SAFETY: see `now`.
    let (table, instance) = unsafe { host(instance) };
    // SAFETY: see `now`.
    unsafe { table.publish_clock()(instance, reading) }
}

unsafe extern "C" fn event(
    instance: *const c_void,
    code: u32,
    p1: i64,
    p2: i64,
    words: *const c_char,
) {
    // SAFETY: see `now`.
    let (table, instance) = unsafe { host(instance) };
    // SAFETY: the filter passes a text that ends with a zero byte, or null.
    let words = unsafe { text(words) }.unwrap_or_default();
    // SAFETY: see `now`.
    unsafe { table.event()(instance, code, p1, p2, RStr::from_str(words)) }
}

unsafe extern "C" fn log(instance: *const c_void, level: u32, words: *const c_char) {
    // SAFETY: see `now`.
    let (table, instance) = unsafe { host(instance) };
    // SAFETY: see `event`.
    let words = unsafe { text(words) }.unwrap_or_default();
    // SAFETY: see `now`.
    unsafe { table.log()(instance, level, RStr::from_str(words)) }
}

unsafe extern "C" fn take_buffer(instance: *const c_void, bytes: usize) -> *mut RawBuffer {
    // SAFETY: see `now`.
    let (table, instance) = unsafe { host(instance) };
    // SAFETY: see `now`.
    unsafe { table.take_buffer()(instance, bytes) }
}

unsafe extern "C" fn retain_buffer(buffer: *mut RawBuffer) {
    // SAFETY: the filter holds it, and goes on doing so.
    let held = unsafe { Buffer::from_raw(buffer) }.map(ManuallyDrop::new);
    std::mem::forget(held.as_deref().cloned());
}

unsafe extern "C" fn release_buffer(buffer: *mut RawBuffer) {
    // SAFETY: the filter gives up its hold.
    drop(unsafe { Buffer::from_raw(buffer) });
}

unsafe extern "C" fn is_sole_holder(buffer: *const RawBuffer) -> bool {
    // SAFETY: the filter holds it, and goes on doing so.
    let held = unsafe { Buffer::from_raw(buffer.cast_mut()) }.map(ManuallyDrop::new);
    held.is_some_and(|mut held| held.bytes_mut().is_some())
}

unsafe extern "C" fn upstream(instance: *const c_void, pin: u32) -> RawUpstream {
    // SAFETY: see `now`.
    let (table, instance) = unsafe { host(instance) };
    // SAFETY: see `now`.
    unsafe { table.upstream()(instance, pin) }
}

unsafe extern "C" fn seed(instance: *const c_void) -> u64 {
    // SAFETY: see `now`.
    let (table, instance) = unsafe { host(instance) };
    // SAFETY: see `now`.
    unsafe { table.seed()(instance) }
}
