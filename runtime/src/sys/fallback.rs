//! Systems without patching, and interpreters: every name of [`super`], none of its effect.

use core::ffi::c_void;
use std::io;
use std::time::Duration;

use crate::sync::AtomicU32;

pub(crate) fn prepare() -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

pub(crate) fn barrier() {
    core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
}

pub(crate) fn sync_core() {}

pub(crate) fn page_size() -> usize {
    4096
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    Code,
    Writable,
}

/// # Safety
///
/// None: it does nothing.
pub(crate) unsafe fn protect(_: usize, _: usize, _: Protection) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

pub(crate) fn set_apart(_: usize, _: usize) {}

#[derive(Debug)]
pub(crate) struct MemoryFile;

impl MemoryFile {
    pub(crate) fn open() -> io::Result<Self> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }

    /// # Safety
    ///
    /// None: it does nothing.
    pub(crate) unsafe fn write(&self, _: usize, _: u8) -> io::Result<()> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }
}

pub(crate) fn errno_location() -> *mut i32 {
    std::thread_local! { static ERRNO: core::cell::Cell<i32> = const { core::cell::Cell::new(0) } }
    ERRNO.with(core::cell::Cell::as_ptr)
}

pub(crate) fn process() -> u32 {
    std::process::id()
}

pub(crate) fn thread() -> u32 {
    0
}

pub(crate) fn is_gone(_: u32) -> bool {
    false
}

pub(crate) fn sleep_on(_: &AtomicU32, _: u32, at_most: Duration) {
    std::thread::sleep(at_most);
}

pub(crate) fn wake(_: &AtomicU32) {}

pub(crate) fn map_zeroed(len: usize) -> io::Result<*mut u8> {
    Ok(Box::leak(vec![0_u64; len.div_ceil(8)].into_boxed_slice()).as_mut_ptr().cast())
}

pub(crate) fn map_wiped_in_children(_: usize) -> io::Result<*mut u8> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[derive(Debug)]
pub(crate) struct ThreadExit;

impl ThreadExit {
    pub(crate) fn new(_: unsafe extern "C" fn(*mut c_void)) -> Option<Self> {
        None
    }

    pub(crate) fn arm(&self, _: *const c_void) {}
}

pub(crate) fn on_fork(
    _: unsafe extern "C" fn(),
    _: unsafe extern "C" fn(),
    _: unsafe extern "C" fn(),
) -> io::Result<()> {
    Ok(())
}

pub(crate) fn stay_loaded() -> io::Result<()> {
    Ok(())
}
