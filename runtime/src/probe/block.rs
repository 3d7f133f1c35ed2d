//! Memory for lists: an attach to thousands of functions makes as many lists of one size, so they
//! share allocations.
//!
//! A block is freed with the last of its lists. It holds few enough that a list which a call holds
//! for hours keeps little else.

use core::alloc::Layout;
use core::mem::{align_of, size_of};
use core::ptr::NonNull;

use crate::sync::{AtomicUsize, Ordering};
use crate::sys::{OutOfMemory, allocate};

/// What lists are aligned to.
pub(super) const ALIGN: usize = align_of::<Block>();

/// How many lists share a block at most.
const LISTS: usize = 64;

/// What a block begins with.
#[repr(C)]
pub(super) struct Block {
    /// How many lists are in it, or can still come into it.
    live: AtomicUsize,
    layout: Layout,
}

/// Room for so many lists of one size, given out one by one.
#[derive(Debug)]
pub(crate) struct Room {
    /// The size of a list, with its rows.
    size: usize,
    /// How many more lists there is to be room for.
    lists: usize,
    /// The block at hand, and how many of its lists are not given out yet.
    block: Option<(NonNull<Block>, usize)>,
}

impl Room {
    /// Room for so many lists of `size` bytes, which is a multiple of their alignment. Memory is asked
    /// for when it is given out.
    pub(super) fn new(size: usize, lists: usize) -> Self {
        debug_assert!(size.is_multiple_of(ALIGN));
        Self { size, lists, block: None }
    }

    /// Room for one list, and the block in which it is: [`Block::release`] it once.
    pub(super) fn take(&mut self) -> Result<(NonNull<u8>, NonNull<Block>), OutOfMemory> {
        let (block, left) = match self.block.take() {
            Some(block) => block,
            None => self.another()?,
        };
        if left > 1 {
            self.block = Some((block, left - 1));
        }
        let place = size_of::<Block>() + (left - 1) * self.size;
        // SAFETY: the block has room for as many lists behind its header as it was made for, and
        // `left` is at most that.
        let list = unsafe { block.cast::<u8>().add(place) };
        Ok((list, block))
    }

    fn another(&mut self) -> Result<(NonNull<Block>, usize), OutOfMemory> {
        let lists = self.lists.clamp(1, LISTS);
        let size = size_of::<Block>() + lists * self.size;
        let layout = Layout::from_size_align(size, align_of::<Block>());
        let layout = layout.map_err(|_| OutOfMemory { bytes: size })?;
        let block = allocate(layout)?.cast::<Block>();
        // SAFETY: fresh memory, at least as large as the header and aligned for it.
        unsafe { block.write(Block { live: AtomicUsize::new(lists), layout }) };
        self.lists = self.lists.saturating_sub(lists);
        Ok((block, lists))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Some((block, left)) = self.block {
            // SAFETY: the rest of the block was not given out and will not be.
            unsafe { Block::release(block, left) };
        }
    }
}

impl Block {
    /// Gives up so many of its lists; with the last of them, the block is freed.
    ///
    /// # Safety
    ///
    /// They were given out by [`Room::take`] and are not used any more, or will not be given out; and
    /// each is given up once.
    pub(super) unsafe fn release(block: NonNull<Self>, lists: usize) {
        // SAFETY: the caller's lists still keep the block.
        let header = unsafe { block.as_ref() };
        let layout = header.layout;
        // Release: what was done with these lists happens before the block is freed. Acquire: and
        // so does what was done with the others.
        if header.live.fetch_sub(lists, Ordering::AcqRel) == lists {
            // SAFETY: `another` allocated it with this layout, and no list is left in it.
            unsafe { std::alloc::dealloc(block.as_ptr().cast(), layout) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, LISTS, Ordering, Room};

    #[test]
    fn a_block_stays_until_the_last_of_its_lists_is_given_up() {
        let mut room = Room::new(64, LISTS + 3);
        let first = room.take().expect("there is memory").1;
        for _ in 1..LISTS {
            let (_, block) = room.take().expect("there is memory");
            assert_eq!(block, first);
        }
        let (_, second) = room.take().expect("there is memory");
        assert_ne!(second, first, "a list that is held keeps few others");
        // What the room still had goes with it.
        drop(room);
        // SAFETY: one list is left in it.
        let live = unsafe { second.as_ref() }.live.load(Ordering::Relaxed);
        assert_eq!(live, 1);
        // SAFETY: they were taken above, and nobody uses them.
        unsafe { Block::release(second, 1) };
        // SAFETY: as above.
        unsafe { Block::release(first, LISTS - 1) };
        // SAFETY: one list is left in it.
        let live = unsafe { first.as_ref() }.live.load(Ordering::Relaxed);
        assert_eq!(live, 1);
        // SAFETY: as above.
        unsafe { Block::release(first, 1) };
    }
}
