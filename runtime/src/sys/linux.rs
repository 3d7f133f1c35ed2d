//! Linux.

use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use rustix::io::Errno;
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};
use rustix::thread::{CpuSet, MembarrierCommand, membarrier, sched_getaffinity, sched_setaffinity};
use rustix::thread::{Timespec, futex};

use crate::sync::{AtomicU32, Ordering, fence};

/// Whether functions of this process can be patched at all; the error says why not.
///
/// Registers the process for the two expedited barriers, each time: what was granted once may be refused
/// now, and a process that was restored from a checkpoint is not registered. Two threads may register at
/// the same time, which does what one does; and so does registering again.
pub(crate) fn prepare() -> io::Result<()> {
    membarrier(MembarrierCommand::RegisterPrivateExpedited)?;
    membarrier(MembarrierCommand::RegisterPrivateExpeditedSyncCore)?;
    Ok(())
}

/// The expensive half of the asymmetric fence, see [`crate::sync::light_barrier`].
pub(crate) fn barrier() {
    let (call, register) =
        (MembarrierCommand::PrivateExpedited, MembarrierCommand::RegisterPrivateExpedited);
    if expedited(call, register).is_err() {
        unaided_barrier();
    }
}

/// Makes every thread of the process discard the instructions it has fetched ahead.
///
/// Where that is refused, threads do so when they are next interrupted. What they have fetched is right until
/// then: see *Poking* in ARCHITECTURE.md.
pub(crate) fn sync_core() {
    let register = MembarrierCommand::RegisterPrivateExpeditedSyncCore;
    let _ = expedited(MembarrierCommand::PrivateExpeditedSyncCore, register);
}

/// Runs a barrier, for which the process is registered anew if it is refused.
fn expedited(call: MembarrierCommand, register: MembarrierCommand) -> rustix::io::Result<()> {
    membarrier(call).or_else(|_| {
        membarrier(register)?;
        membarrier(call)
    })
}

/// [`barrier`] in a process that is not allowed any more to ask for one, because it has restricted itself
/// since it was registered.
///
/// The thread runs on every processor in turn. A thread that was running on one of them when this began
/// has then made room for this one there, or has gone elsewhere, or is not running: each time it was
/// scheduled, which is a full fence. A thread may have been told to run where this one may not (in a set
/// of processors of its own): it is not asked.
///
/// Where that is refused as well, this waits for much longer than any processor keeps a store to itself.
#[cold]
fn unaided_barrier() {
    fence(Ordering::SeqCst);
    if run_everywhere().is_err() {
        std::thread::sleep(SETTLED);
    }
    fence(Ordering::SeqCst);
}

/// Stores are seen by others within microseconds; an interrupt does not wait for them longer.
const SETTLED: Duration = Duration::from_millis(20);

/// Runs the calling thread on every processor it may run on, and then where it was allowed to before.
fn run_everywhere() -> rustix::io::Result<()> {
    let before = sched_getaffinity(None)?;
    let mut visited = 0;
    for processor in 0..CpuSet::MAX_CPU {
        let mut one = CpuSet::new();
        one.set(processor);
        match sched_setaffinity(None, &one) {
            Ok(()) => visited += 1,
            // There is none of this number, or it is not for this process.
            Err(Errno::INVAL) => {}
            Err(refused) => {
                let _ = sched_setaffinity(None, &before);
                return Err(refused);
            }
        }
    }
    sched_setaffinity(None, &before)?;
    if visited == 0 { Err(Errno::INVAL) } else { Ok(()) }
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

/// The number of the process.
pub(crate) fn process() -> u32 {
    rustix::process::getpid().as_raw_nonzero().get().cast_unsigned()
}

/// The number of the calling thread.
pub(crate) fn thread() -> u32 {
    rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned()
}

/// Whether this thread of the process is no more. If that cannot be found out, it is there.
pub(crate) fn is_gone(thread: u32) -> bool {
    let process = process();
    // SAFETY: takes numbers alone, and signal 0 is none.
    let status = unsafe { libc::syscall(libc::SYS_tgkill, process, thread, 0) };
    if status != 0 {
        return io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH);
    }
    // The first thread keeps its number when it has ended, until the process does.
    thread == process && is_zombie(thread)
}

/// Whether a thread has ended, and its number is kept.
fn is_zombie(thread: u32) -> bool {
    // The number, the name in parentheses (which may contain some), the state.
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat"));
    stat.is_ok_and(|stat| {
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X']))
    })
}

/// Sleeps while `word` is `value`, until somebody is woken who sleeps on it, or for so long.
pub(crate) fn sleep_on(word: &AtomicU32, value: u32, at_most: Duration) {
    let at_most_spec = Timespec::try_from(at_most).ok();
    match futex::wait(word, futex::Flags::PRIVATE, value, at_most_spec.as_ref()) {
        Ok(()) | Err(Errno::AGAIN | Errno::INTR | Errno::TIMEDOUT) => {}
        // Not allowed.
        Err(_) => std::thread::sleep(at_most),
    }
}

/// Wakes all who sleep on `word`.
pub(crate) fn wake(word: &AtomicU32) {
    let _ = futex::wake(word, futex::Flags::PRIVATE, i32::MAX.cast_unsigned());
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

/// Fresh zeroed memory that is never returned, and that is zero again in every child that has a copy of this
/// process's memory, however it was made.
pub(crate) fn map_wiped_in_children(len: usize) -> io::Result<*mut u8> {
    let memory = map_zeroed(len)?;
    // SAFETY: it was just mapped, so nobody else knows it.
    unsafe { rustix::mm::madvise(memory.cast(), len, Advice::LinuxWipeOnFork) }?;
    Ok(memory)
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

/// Keeps the shared object that this code is in loaded for the life of the process.
///
/// The system is told addresses in it that it cannot forget: of functions that run when a thread ends and when
/// the process forks. And a thread may be on its way through a stub that nobody knows of.
pub(crate) fn stay_loaded() -> io::Result<()> {
    // A program is never unloaded, and one without a dynamic linker has nothing that could be.
    if cfg!(target_feature = "crt-static") || is_program() {
        return Ok(());
    }
    let refused = || io::Error::new(io::ErrorKind::Unsupported, "it is not known to the linker");
    let mut found = MaybeUninit::<libc::Dl_info>::uninit();
    let here = (stay_loaded as fn() -> io::Result<()>) as *const c_void;
    // SAFETY: there is room for an answer.
    if unsafe { libc::dladdr(here, found.as_mut_ptr()) } == 0 {
        return Err(refused());
    }
    // SAFETY: `dladdr` has found something, and has written the whole answer.
    let found = unsafe { found.assume_init() };
    // It is loaded: this finds it by its name, and is nothing but a mark that stays.
    let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
    // SAFETY: the name is the linker's own, which lives as long as the object; nothing is loaded, so nothing
    // of its runs.
    let object = unsafe { libc::dlopen(found.dli_fname, flags) };
    if object.is_null() { Err(refused()) } else { Ok(()) }
}

/// Whether this code is in the program itself, which the linker names first.
fn is_program() -> bool {
    unsafe extern "C" fn first(
        object: *mut libc::dl_phdr_info,
        _: libc::size_t,
        is_here: *mut c_void,
    ) -> c_int {
        let here = first as *const () as usize;
        // SAFETY: the linker hands in one object's description.
        let object = unsafe { &*object };
        let count = usize::from(object.dlpi_phnum);
        // SAFETY: so many segments are described there.
        let segments = unsafe { core::slice::from_raw_parts(object.dlpi_phdr, count) };
        let found = segments.iter().any(|segment| {
            let start = (object.dlpi_addr as usize).wrapping_add(segment.p_vaddr as usize);
            segment.p_type == libc::PT_LOAD && here.wrapping_sub(start) < segment.p_memsz as usize
        });
        // SAFETY: what `is_program` has handed in.
        unsafe { is_here.cast::<bool>().write(found) };
        // No further.
        1
    }

    let mut is_here = false;
    // SAFETY: `first` writes one truth value, for which there is room.
    unsafe { libc::dl_iterate_phdr(Some(first), (&raw mut is_here).cast()) };
    is_here
}
