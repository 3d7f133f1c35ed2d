//! Memory for what an attach makes: it may be refused, and the attach fails then.
//!
//! Only what grows with the number of functions is made here. Small things are allocated as
//! everywhere in Rust, where a process without memory for them ends.

use core::alloc::Layout;
use core::ptr::NonNull;

use super::grants_memory;

/// There is no memory for so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfMemory {
    pub(crate) bytes: usize,
}

impl OutOfMemory {
    /// Ends the process, as wherever Rust allocates.
    pub(crate) fn abort(self) -> ! {
        let layout = Layout::array::<u8>(self.bytes).unwrap_or(Layout::new::<u8>());
        std::alloc::handle_alloc_error(layout)
    }
}

/// Memory of this layout, which is not of size zero, from the global allocator.
pub(crate) fn allocate(layout: Layout) -> Result<NonNull<u8>, OutOfMemory> {
    allocate_by(std::alloc::alloc, layout)
}

/// As [`allocate`], all of it zeros: a large piece takes no memory before it is used.
pub(crate) fn allocate_zeroed(layout: Layout) -> Result<NonNull<u8>, OutOfMemory> {
    allocate_by(std::alloc::alloc_zeroed, layout)
}

/// `by` is a function of the global allocator that wants a size.
fn allocate_by(
    by: unsafe fn(Layout) -> *mut u8,
    layout: Layout,
) -> Result<NonNull<u8>, OutOfMemory> {
    let refused = OutOfMemory { bytes: layout.size() };
    if !grants_memory() || layout.size() == 0 {
        return Err(refused);
    }
    // SAFETY: the size is not zero.
    NonNull::new(unsafe { by(layout) }).ok_or(refused)
}

/// Makes room for `more` elements, so that adding them allocates nothing.
pub(crate) fn reserve<T>(vec: &mut Vec<T>, more: usize) -> Result<(), OutOfMemory> {
    if more == 0 {
        return Ok(());
    }
    let refused = OutOfMemory { bytes: more.saturating_mul(size_of::<T>()) };
    if !grants_memory() {
        return Err(refused);
    }
    vec.try_reserve(more).map_err(|_| refused)
}

/// Makes room for so many more bytes of text.
pub(crate) fn reserve_text(text: &mut String, more: usize) -> Result<(), OutOfMemory> {
    if text.capacity() - text.len() >= more {
        return Ok(());
    }
    let refused = OutOfMemory { bytes: more };
    if !grants_memory() {
        return Err(refused);
    }
    text.try_reserve(more).map_err(|_| refused)
}

/// Adds an element to what grows.
pub(crate) fn push<T>(vec: &mut Vec<T>, element: T) -> Result<(), OutOfMemory> {
    if vec.len() == vec.capacity() {
        reserve(vec, 1)?;
    }
    vec.push(element);
    Ok(())
}
