//! The system, with calls that fail on demand: for unit tests and fuzz targets alone.
//!
//! What is to fail is said for one thread, so tests do not disturb each other.

#![cfg_attr(fuzzing, allow(dead_code, reason = "tests use more of it"))]

use core::cell::{Cell, RefCell};
use core::ffi::c_void;
use std::io;

use super::system;
use crate::sync::{AtomicU32, AtomicU64, Ordering};

pub(crate) use system::{Protection, errno_location, page_size, set_apart};
pub(crate) use system::{is_gone, map_wiped_in_children, process, sleep_on, stay_loaded, thread};

/// What can be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Registering the process for barriers.
    Register,
    /// Changing the protection of pages.
    Protect,
    /// Opening the memory file.
    OpenFile,
    /// Writing through it.
    WriteFile,
    /// Memory of the system's, for threads' records.
    Map,
    /// Memory from the allocator, where it may be refused.
    Allocate,
    /// The hook for thread exit.
    ThreadExit,
    /// The hooks for forks.
    Fork,
}

/// Which calls of one kind are refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    call: Call,
    /// How many are granted first.
    granted: u64,
    /// How many are refused then.
    refused: u64,
}

impl Call {
    /// One call is refused, after so many were granted.
    pub(crate) fn once_after(self, granted: u64) -> Rule {
        Rule { call: self, granted, refused: 1 }
    }

    /// Every call is refused.
    pub(crate) fn always(self) -> Rule {
        Rule { call: self, granted: 0, refused: u64::MAX }
    }
}

std::thread_local! {
    static RULES: Cell<[Option<Rule>; 2]> = const { Cell::new([None; 2]) };
    static AT_BARRIER: RefCell<Option<Box<dyn FnMut()>>> = const { RefCell::new(None) };
}

/// Refuses calls until it is dropped.
#[derive(Debug)]
#[must_use = "calls are granted again as soon as it is dropped"]
pub(crate) struct Refusing(());

impl Refusing {
    /// Whether the first rule has refused all that it was to refuse.
    pub(crate) fn was_met(&self) -> bool {
        RULES.get()[0].is_some_and(|rule| rule.refused == 0)
    }
}

impl Drop for Refusing {
    fn drop(&mut self) {
        RULES.set([None; 2]);
    }
}

/// Refuses calls of the calling thread.
pub(crate) fn refuse(first: Rule, second: Option<Rule>) -> Refusing {
    RULES.set([Some(first), second]);
    Refusing(())
}

/// Runs `look` before every barrier of the calling thread, while `during` runs.
pub(crate) fn at_each_barrier<R>(look: impl FnMut() + 'static, during: impl FnOnce() -> R) -> R {
    AT_BARRIER.set(Some(Box::new(look)));
    let result = during();
    AT_BARRIER.set(None);
    result
}

/// Whether a call is granted.
fn grants(call: Call) -> bool {
    let mut rules = RULES.get();
    let rule = rules.iter_mut().flatten().find(|rule| rule.call == call);
    let Some(rule) = rule else { return true };
    let granted = rule.granted > 0 || rule.refused == 0;
    if rule.granted > 0 {
        rule.granted -= 1;
    } else {
        rule.refused = rule.refused.saturating_sub(1);
    }
    RULES.set(rules);
    granted
}

pub(super) fn grants_memory() -> bool {
    grants(Call::Allocate)
}

fn check(call: Call, error: i32) -> io::Result<()> {
    if grants(call) { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
}

const EPERM: i32 = 1;
const ENOMEM: i32 = 12;
const EACCES: i32 = 13;

pub(crate) fn prepare() -> io::Result<()> {
    check(Call::Register, EPERM)?;
    system::prepare()
}

pub(crate) fn barrier() {
    AT_BARRIER.with_borrow_mut(|look| look.as_mut().into_iter().for_each(|look| look()));
    system::barrier();
}

/// How often somebody was to be woken.
pub(crate) static WAKES: AtomicU64 = AtomicU64::new(0);

pub(crate) fn wake(word: &AtomicU32) {
    WAKES.fetch_add(1, Ordering::SeqCst);
    system::wake(word);
}

pub(crate) fn sync_core() {
    system::sync_core();
}

/// # Safety
///
/// As the system's.
pub(crate) unsafe fn protect(start: usize, len: usize, protection: Protection) -> io::Result<()> {
    check(Call::Protect, EACCES)?;
    // SAFETY: the caller's promise.
    unsafe { system::protect(start, len, protection) }
}

#[derive(Debug)]
pub(crate) struct MemoryFile(system::MemoryFile);

impl MemoryFile {
    pub(crate) fn open() -> io::Result<Self> {
        check(Call::OpenFile, EACCES)?;
        system::MemoryFile::open().map(Self)
    }

    /// # Safety
    ///
    /// As the system's.
    pub(crate) unsafe fn write(&self, address: usize, byte: u8) -> io::Result<()> {
        check(Call::WriteFile, ENOMEM)?;
        // SAFETY: the caller's promise.
        unsafe { self.0.write(address, byte) }
    }
}

pub(crate) fn map_zeroed(len: usize) -> io::Result<*mut u8> {
    check(Call::Map, ENOMEM)?;
    system::map_zeroed(len)
}

#[derive(Debug)]
pub(crate) struct ThreadExit(system::ThreadExit);

impl ThreadExit {
    pub(crate) fn new(at_exit: unsafe extern "C" fn(*mut c_void)) -> Option<Self> {
        check(Call::ThreadExit, ENOMEM).ok()?;
        system::ThreadExit::new(at_exit).map(Self)
    }

    pub(crate) fn arm(&self, value: *const c_void) {
        self.0.arm(value);
    }
}

pub(crate) fn on_fork(
    before: unsafe extern "C" fn(),
    in_parent: unsafe extern "C" fn(),
    in_child: unsafe extern "C" fn(),
) -> io::Result<()> {
    check(Call::Fork, ENOMEM)?;
    system::on_fork(before, in_parent, in_child)
}
