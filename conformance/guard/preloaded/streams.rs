//! The C library's streams, whose insides go past every function that could be replaced.
//!
//! Standard output and standard error are exchanged for streams without a buffer that write with the
//! function that is counted: so `printf` is seen, and seen at once.

use std::ffi::{c_char, c_int, c_void};

use crate::replaced;

/// `_IONBF`: no buffer.
const UNBUFFERED: c_int = 2;

/// `cookie_io_functions_t`
#[repr(C)]
struct Functions {
    read: *const c_void,
    write: unsafe extern "C" fn(*mut c_void, *const c_char, usize) -> isize,
    seek: *const c_void,
    close: *const c_void,
}

unsafe extern "C" {
    static mut stdout: *mut c_void;
    static mut stderr: *mut c_void;
    fn fopencookie(file: *mut c_void, mode: *const c_char, functions: Functions) -> *mut c_void;
    fn setvbuf(stream: *mut c_void, buffer: *mut c_char, mode: c_int, size: usize) -> c_int;
}

/// Exchanges the streams, before anybody else runs.
pub(crate) fn exchange() {
    let (out, err) = (stream(1), stream(2));
    if !out.is_null() && !err.is_null() {
        // SAFETY: nobody else runs yet, and the C library lets its streams be exchanged.
        unsafe { stdout = out };
        // SAFETY: as above.
        unsafe { stderr = err };
    }
}

/// A stream that writes to an open file; null without memory.
fn stream(file: usize) -> *mut c_void {
    let none = std::ptr::null();
    let functions = Functions { read: none, write, seek: none, close: none };
    let file = std::ptr::without_provenance_mut(file);
    // SAFETY: the mode ends in a zero, and what is null is not there.
    let stream = unsafe { fopencookie(file, c"w".as_ptr(), functions) };
    if !stream.is_null() {
        // SAFETY: the stream was made just now; without a buffer none is needed.
        unsafe { setvbuf(stream, std::ptr::null_mut(), UNBUFFERED, 0) };
    }
    stream
}

unsafe extern "C" fn write(file: *mut c_void, bytes: *const c_char, length: usize) -> isize {
    // SAFETY: the C library passes so many bytes, and what `stream` gave it.
    unsafe { replaced::write(file.addr() as c_int, bytes.cast(), length) }
}
