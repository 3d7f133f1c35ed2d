//! Targets without entry stubs: every name, no effect.

/// What is written at an entry: nothing.
pub(crate) type Switch = u8;

pub(crate) const ENTRY_LEN: usize = 0;

pub(crate) const AIM: core::ops::Range<usize> = 0..0;

pub(crate) fn switch(_: usize, _: usize, _: bool) -> Switch {
    0
}

/// # Safety
///
/// None: it does nothing.
pub(crate) unsafe fn write(_: *const (), _: Switch) {}

/// # Safety
///
/// None: it does nothing.
pub(crate) unsafe fn aim(_: *const (), _: *const ()) {}

pub(crate) fn entry_bytes(
    _: usize,
    _: usize,
    _: usize,
    _: usize,
    _: bool,
    _: usize,
) -> [u8; ENTRY_LEN] {
    []
}
