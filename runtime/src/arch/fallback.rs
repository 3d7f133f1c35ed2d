//! Targets without entry stubs: every name, no effect.

/// What is written at a switch: nothing.
pub(crate) type Patch = u8;

pub(crate) const SWITCH_LEN: usize = 0;

pub(crate) const ENTRY_LEN: usize = 0;

pub(crate) const ROOM: usize = 0;

pub(crate) const AIM: core::ops::Range<usize> = 0..0;

/// There are none.
pub(crate) fn sites() -> [*const (); 2] {
    [core::ptr::null(); 2]
}

/// There are none.
pub(crate) fn switches() -> [*const (); 2] {
    [core::ptr::null(); 2]
}

pub(crate) fn switch_patch(_: usize, _: usize, _: bool) -> Patch {
    0
}

pub(crate) fn switch_bytes(_: usize, _: usize, _: bool) -> [u8; SWITCH_LEN] {
    []
}

/// No site has data.
///
/// # Safety
///
/// None: there is no entry.
pub(crate) unsafe fn data_of(entry: *const ()) -> *const () {
    entry
}

pub(crate) extern "C" fn trial() -> u32 {
    0
}

pub(crate) const TRIAL: usize = 0;

pub(crate) fn is_breakpoint(_: &[u8], _: usize) -> bool {
    false
}

pub(crate) fn pass() -> usize {
    0
}

pub(crate) fn set_pass(_: usize) {}

/// # Safety
///
/// None.
pub(crate) unsafe fn destination(target: usize, _: usize) -> usize {
    target
}

pub(crate) const SHORTENED: usize = 0;

/// # Safety
///
/// None: it does nothing.
pub(crate) unsafe fn shorten(_: *const (), _: usize, _: usize) -> bool {
    false
}

/// # Safety
///
/// None.
pub(crate) unsafe fn is_room_of(_: &[u8], _: usize, _: usize) -> bool {
    true
}

/// # Safety
///
/// None: it does nothing.
pub(crate) unsafe fn write(_: *const (), _: Patch) {}

/// # Safety
///
/// None: it does nothing.
pub(crate) unsafe fn aim(_: *const (), _: *const ()) {}

pub(crate) fn entry_bytes(_: usize, _: usize, _: usize, _: usize) -> [u8; ENTRY_LEN] {
    []
}
