//! Does an entry hold what belongs there?

use crate::arch::{AIM, ENTRY_LEN, entry_bytes};
use crate::error::Error;
use crate::site::{Function, Record};

/// What an entry should be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) armed: bool,
    /// The caller that it was shown last, or null; `None` if that is not known.
    pub(crate) aim: Option<*const ()>,
}

impl Expected {
    /// What it is before anything is attached.
    pub(crate) const NEW: Self = Self { armed: false, aim: Some(core::ptr::null()) };
}

/// Checks every byte of an entry. Somebody else's breakpoint or hook is found here.
pub(crate) fn verify(site: &Record, entry_is: Expected, function: &Function) -> Result<(), Error> {
    let entry = site.entry();
    let data = core::ptr::from_ref(site.data()).addr();
    let (slots, body) = (function.slots(), site.body().addr());
    let caller = entry_is.aim.map_or(0, <*const ()>::addr);
    let mut expected = entry_bytes(entry.addr(), slots, body, data, entry_is.armed, caller);
    // SAFETY: an entry stub is this long, and code can be read.
    let found = unsafe { entry.cast::<[u8; ENTRY_LEN]>().read_volatile() };
    if entry_is.aim.is_none() {
        expected[AIM].copy_from_slice(&found[AIM]);
    }
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
