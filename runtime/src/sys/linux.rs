//! Linux.

use core::ffi::c_void;
use std::io;
use std::os::unix::fs::FileExt;

use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};
use rustix::thread::{MembarrierCommand, membarrier};

use crate::sync::{AtomicBool, Ordering};

/// Whether functions of this process can be patched at all; the error says why not.
///
/// Registers the process for the two expedited barriers on first use. A refusal is asked for again:
/// it may have been for want of memory.
pub(crate) fn prepare() -> io::Result<()> {
    static READY: AtomicBool = AtomicBool::new(false);
    // Acquire, with the release below: whoever sees it may run a barrier. Two threads may register
    // at the same time, which does what one does.
    if READY.load(Ordering::Acquire) {
        return Ok(());
    }
    membarrier(MembarrierCommand::RegisterPrivateExpedited)?;
    membarrier(MembarrierCommand::RegisterPrivateExpeditedSyncCore)?;
    READY.store(true, Ordering::Release);
    Ok(())
}

/// The expensive half of the asymmetric fence, see [`crate::sync::light_barrier`].
///
/// # Panics
///
/// If the kernel refuses a barrier it has registered, which it documents not to do.
pub(crate) fn barrier() {
    membarrier(MembarrierCommand::PrivateExpedited).expect("prepare() registered the barrier");
}

/// Makes every thread of the process discard the instructions it has fetched ahead.
///
/// # Panics
///
/// As [`barrier`].
pub(crate) fn sync_core() {
    membarrier(MembarrierCommand::PrivateExpeditedSyncCore)
        .expect("prepare() registered the barrier");
}

/// The size of a page in bytes, a power of two.
pub(crate) fn page_size() -> usize {
    // SAFETY: has no preconditions.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).expect("Linux knows the size of its pages")
}

/// What a run of code pages may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    /// Read and execute: how a linker lays code out.
    Code,
    /// Read, write and execute: while its entries are being written.
    Writable,
}

/// Changes the protection of whole pages.
///
/// # Safety
///
/// `start..start + len` are whole mapped pages of code, and nothing relies on their being
/// read-only.
pub(crate) unsafe fn protect(start: usize, len: usize, protection: Protection) -> io::Result<()> {
    let flags = match protection {
        Protection::Code => MprotectFlags::READ | MprotectFlags::EXEC,
        Protection::Writable => MprotectFlags::READ | MprotectFlags::WRITE | MprotectFlags::EXEC,
    };
    let start = core::ptr::with_exposed_provenance_mut::<c_void>(start);
    // SAFETY: the caller hands over whole mapped pages of code; both protections keep them
    // readable and executable, so no thread that runs them is disturbed.
    unsafe { rustix::mm::mprotect(start, len, flags) }.map_err(io::Error::from)
}

/// Keeps whole pages of code a mapping of their own: the system does not merge it with neighbours that
/// were not set apart. Does nothing if that cannot be.
///
/// The kernel merges neighbours that are alike in all that it was told of them. This advice tells of a
/// difference that makes none to code of a mapped file: it keeps the pages from becoming part of a huge one, and
/// such pages, once written to, do not become that. (Code that the program has copied to anonymous memory could.)
pub(crate) fn set_apart(start: usize, len: usize) {
    let start = core::ptr::with_exposed_provenance_mut::<c_void>(start);
    // SAFETY: this advice changes no contents, and on what is not mapped it fails.
    let advised = unsafe { rustix::mm::madvise(start, len, Advice::LinuxNoHugepage) };
    // A kernel without huge pages does not know it, and merges.
    let _ = advised;
}

/// The process's memory as a file: it writes to pages that cannot be made writable.
#[derive(Debug)]
pub(crate) struct MemoryFile(std::fs::File);

impl MemoryFile {
    /// Opens it; containers and hardened systems may refuse.
    pub(crate) fn open() -> io::Result<Self> {
        let file = std::fs::OpenOptions::new().read(true).write(true).open("/proc/self/mem")?;
        Ok(Self(file))
    }

    /// Writes one byte. One byte cannot be torn, whatever the kernel copies with.
    ///
    /// # Safety
    ///
    /// The byte at `address` may take the value `byte` while every thread runs.
    pub(crate) unsafe fn write(&self, address: usize, byte: u8) -> io::Result<()> {
        self.0.write_all_at(&[byte], address as u64)
    }
}

/// The address of the calling thread's `errno`.
pub(crate) fn errno_location() -> *mut i32 {
    // SAFETY: has no preconditions.
    unsafe { libc::__errno_location() }
}

/// Fresh zeroed memory that is never returned. Async-signal-safe, unlike the allocator.
pub(crate) fn map_zeroed(len: usize) -> io::Result<*mut u8> {
    // SAFETY: a new anonymous mapping at an address of the kernel's choice aliases nothing.
    let memory = unsafe {
        rustix::mm::mmap_anonymous(
            core::ptr::null_mut(),
            len,
            ProtFlags::READ | ProtFlags::WRITE,
            MapFlags::PRIVATE,
        )
    };
    Ok(memory?.cast())
}

/// Calls a function with a pointer when a thread that armed it exits, after the thread's
/// Rust thread-locals are gone. A thread may arm it again while it exits.
#[derive(Debug)]
pub(crate) struct ThreadExit(libc::pthread_key_t);

impl ThreadExit {
    /// Makes a hook; `None` if the process has no thread-specific key left.
    pub(crate) fn new(at_exit: unsafe extern "C" fn(*mut c_void)) -> Option<Self> {
        let mut key = 0;
        // SAFETY: `key` is valid for writes and `at_exit` has the signature the key asks for.
        let status = unsafe { libc::pthread_key_create(&raw mut key, Some(at_exit)) };
        (status == 0).then_some(Self(key))
    }

    /// Arms the hook for the calling thread.
    pub(crate) fn arm(&self, value: *const c_void) {
        // SAFETY: the key was created by `new` and is never deleted.
        // A failure leaves the thread's record in use for ever, which costs memory alone.
        let _ = unsafe { libc::pthread_setspecific(self.0, value) };
    }
}

/// Calls functions around every later fork, on the thread that forks: before it, and after it in
/// the parent and in the child.
pub(crate) fn on_fork(
    before: unsafe extern "C" fn(),
    in_parent: unsafe extern "C" fn(),
    in_child: unsafe extern "C" fn(),
) -> io::Result<()> {
    // SAFETY: the handlers stay valid for the life of the process: they are functions of ours.
    let status = unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
    if status == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(status)) }
}
