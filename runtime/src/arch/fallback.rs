//! Architectures without entry stubs: every name, no effect.

pub(crate) const ENTRY_LEN: usize = 0;

pub(crate) const fn switch(_: bool) -> u8 {
    0
}

pub(crate) fn entry_bytes(_: usize, _: usize, _: usize, _: usize, _: bool) -> [u8; ENTRY_LEN] {
    []
}
