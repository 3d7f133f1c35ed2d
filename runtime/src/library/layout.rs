//! What decides that two types are one.

/// What a type is, in numbers: values of which these agree are of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Layout {
    pub(super) kind: u32,
    pub(super) count: usize,
    pub(super) bytes: usize,
    pub(super) align: usize,
}

impl Layout {
    /// Of a type of this kind.
    pub(super) const fn of<T>(kind: u32) -> Self {
        Self { kind, count: 1, bytes: size_of::<T>(), align: align_of::<T>() }
    }
}
