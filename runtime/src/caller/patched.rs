//! Running what is in the place of a body.

use crate::md::Md;
use crate::patch::{Counted, Original, Patching};
use crate::site::{SiteData, Slot, data_of};

use super::origin::{call_body, saved};

/// Runs what is in the place of the body, or if that is not replaced any more, the body.
///
/// # Safety
///
/// Called by a generated stub, which the second way of an entry leads to: `args` are the function's `N` saved slots,
/// and `md` is the metadata of its site.
pub(super) unsafe extern "C-unwind" fn run_patched<const N: usize>(
    args: *mut Slot,
    md: &'static Md,
) -> Slot {
    let site = md.site();
    let entered = patching(site.data()).and_then(Patching::enter);
    match entered {
        // SAFETY: it was checked against this function, and nobody else takes the values. It is counted out when it
        // has returned or unwound.
        Some(entered) => unsafe { entered.code().run(args) },
        None => {
            // SAFETY: `args` are the slots of this site's function.
            let slots = unsafe { saved::<N>(args) };
            // SAFETY: the body is that function's.
            unsafe { call_body(site.body(), slots) }
        }
    }
}

/// What is in the place of the body of an async function, for a call that begins now; `None` if its body is to run.
///
/// # Safety
///
/// `entry` is the stub of a site, one of whose switches was found armed.
pub(crate) unsafe fn replaced(entry: *const ()) -> Option<Counted> {
    // SAFETY: the caller's promise.
    let data = unsafe { data_of(entry) };
    patching(data)?.count_in()
}

/// What is in the place of the body of this site's function, unless this is the call that is to run the body.
#[inline(always)]
fn patching(data: &SiteData) -> Option<&'static Patching> {
    Patching::of(data).filter(|patching| !Original::is_wanted(patching))
}
