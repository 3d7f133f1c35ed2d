//! Does an entry hold what belongs there?

use crate::arch::{AIM, ENTRY_LEN, entry_bytes};
use crate::error::Error;
use crate::site::{Function, Record};

/// Checks every byte of an entry, but for the distance to its caller, where any that was ever selected
/// is right. Somebody else's breakpoint or hook is found here: it begins where an instruction does.
pub(crate) fn verify(site: &Record, armed: bool, function: &Function) -> Result<(), Error> {
    let entry = site.entry();
    let data = core::ptr::from_ref(site.data()).addr();
    let mut expected = entry_bytes(entry.addr(), function.slots(), site.body().addr(), data, armed);
    // SAFETY: an entry stub is this long, and code can be read.
    let found = unsafe { entry.cast::<[u8; ENTRY_LEN]>().read_volatile() };
    expected[AIM].copy_from_slice(&found[AIM]);
    if found == expected {
        return Ok(());
    }
    Err(Error::Modified {
        function: function.instance().to_owned(),
        address: entry.addr(),
        found: found.to_vec(),
        expected: expected.to_vec(),
    })
}
