//! What a running thread must not ask for, each in a way that has a name.
#![allow(unsafe_code)] // the kernel, entered by hand

use std::hint::black_box;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, RwLock};
use std::thread;
use std::time::Duration;

/// What is locked.
#[derive(Debug, Default)]
pub struct Asks {
    mutex: Mutex<u64>,
    shared: RwLock<u64>,
    byte: AtomicU8,
}

impl Asks {
    /// Asks in the way of this name; under any other name for nothing.
    pub fn ask(&self, way: &str) {
        match way {
            "allocates" => drop(black_box(vec![0_u8; 64])),
            "waits" => thread::park_timeout(Duration::from_micros(1)),
            "writes" => eprintln!("asked to write"),
            "locks" => drop(black_box(self.mutex.lock())),
            "locks-to-read" => drop(black_box(self.shared.read())),
            "locks-to-write" => drop(black_box(self.shared.write())),
            "locks-a-byte" => self.lock_a_byte(),
            "enters-the-kernel" => enter_the_kernel(),
            _ => {}
        }
    }

    /// As `parking_lot` does it: nobody else is asked.
    fn lock_a_byte(&self) {
        let free = self.byte.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed);
        if free.is_ok() {
            let _ = self.byte.compare_exchange(1, 0, Ordering::Release, Ordering::Relaxed);
        }
    }
}

/// Asks for the process's number, past the C library.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn enter_the_kernel() {
    // SAFETY: `getpid` takes nothing and changes nothing; the kernel changes these registers.
    unsafe {
        std::arch::asm!("syscall", inlateout("rax") 39_usize => _, out("rcx") _, out("r11") _, options(nostack));
    }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn enter_the_kernel() {}
