//! The generated calls and entry stubs, one set per argument count.

use core::any::type_name;
use core::mem::{ManuallyDrop, MaybeUninit, needs_drop, size_of};

use super::{ArgFacts, RawDescription, Slot, Source};

include!(concat!(env!("OUT_DIR"), "/entries.rs"));

/// The one value of a zero-sized type.
///
/// # Safety
///
/// `F` must be a type of which a value may be made out of nothing: here a capture-less closure
/// that the caller was handed a value of.
const unsafe fn zero_sized<F>() -> F {
    const {
        assert!(
            size_of::<F>() == 0,
            "the body of a #[traceable] function must not capture anything"
        );
    }
    #[expect(clippy::uninit_assumed_init, reason = "there is no byte to initialise")]
    // SAFETY: a value of a zero-sized type has no bytes to get wrong, and the caller's promise
    // covers the rest.
    let value = unsafe { MaybeUninit::<F>::uninit().assume_init() };
    value
}
