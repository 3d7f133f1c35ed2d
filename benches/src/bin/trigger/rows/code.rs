//! Writing code while the program runs, for the rows that do.

use core::ffi::c_void;
use core::ops::Range;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect};

const PAGE: usize = 4096;

/// Writes over the code at `address`.
///
/// # Safety
///
/// These are bytes of a function of this program that no thread is in, and what is written is
/// code that can stand in their place.
pub(super) unsafe fn patch(address: usize, bytes: &[u8]) -> Result<(), String> {
    let start = address & !(PAGE - 1);
    let end = address + bytes.len();
    // SAFETY: pages of the program's code, which stays executable.
    unsafe { make_executable(start..end) }?;
    let to = core::ptr::with_exposed_provenance_mut::<u8>(address);
    // SAFETY: writable by now, and the caller's to overwrite.
    unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
    let close = MprotectFlags::READ | MprotectFlags::EXEC;
    let page = core::ptr::with_exposed_provenance_mut::<c_void>(start);
    // SAFETY: as they were.
    unsafe { mprotect(page, end - start, close) }.map_err(|error| error.to_string())
}

/// Makes pages readable, writable and executable.
///
/// # Safety
///
/// The range begins with a page, and is mapped for somebody who does not mind.
pub(super) unsafe fn make_executable(range: Range<usize>) -> Result<(), String> {
    let page = core::ptr::with_exposed_provenance_mut::<c_void>(range.start);
    let everything = MprotectFlags::READ | MprotectFlags::WRITE | MprotectFlags::EXEC;
    // SAFETY: the caller's contract.
    unsafe { mprotect(page, range.len(), everything) }.map_err(|error| error.to_string())
}

/// A page for code, near enough to `code` for a direct jump.
///
/// Not at a round distance: processors tell branches apart by some of the lower bits of their
/// addresses, and take a jump there for one at the same offset here. A call that has both is
/// mispredicted every time.
pub(super) fn page_near(code: usize) -> Result<usize, String> {
    const NEAR: usize = 1 << 30;
    const ASIDE: usize = 0x5a_5000;
    for distance in (1..64).map(|step| (step << 24) + ASIDE) {
        let hint = code.saturating_sub(distance) & !(PAGE - 1);
        let hint = core::ptr::with_exposed_provenance_mut::<c_void>(hint);
        let protection = ProtFlags::READ | ProtFlags::WRITE | ProtFlags::EXEC;
        // SAFETY: a new mapping, where the kernel finds room.
        let page = unsafe { mmap_anonymous(hint, PAGE, protection, MapFlags::PRIVATE) };
        let page = page.map_err(|error| error.to_string())?.expose_provenance();
        if page.abs_diff(code) < NEAR {
            return Ok(page);
        }
    }
    Err("no memory near the code".to_owned())
}
