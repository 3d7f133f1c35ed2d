//! The generated switches and entry stubs, one set per argument count.

use core::any::{TypeId, type_name};
use core::future::Future;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit, needs_drop, size_of};

use super::lives::{Refused, never_entered};
use super::{
    ArgFacts, Body, Closure, Fits, Lives, Of, RawDescription, Shown, Slot, Source, TypeFacts,
    Unpolled, erased_id_of,
};

include!(concat!(env!("OUT_DIR"), "/entries.rs"));

/// Writes what a site is asked for. Every site has code for it, so here is what is the same in all.
///
/// # Safety
///
/// There is room for a description, and at `name` so many bytes of text that stay. At `values` there is one for
/// each argument and two more, and at `shown`, unless that is null, room for as many.
#[inline(never)]
#[expect(improper_ctypes_definitions, reason = "its callers are compiled with it")]
unsafe extern "C" fn write_description(
    description: *mut RawDescription,
    source: &'static Source,
    name: *const u8,
    name_len: usize,
    types: &'static TypeFacts,
    id: fn() -> TypeId,
    values: *const Shown,
    shown: *mut Shown,
) {
    if !shown.is_null() {
        // SAFETY: the caller's promise.
        unsafe { shown.copy_from_nonoverlapping(values, types.args.len() + 2) };
    }
    // SAFETY: the caller's promise.
    let body_name = unsafe { core::slice::from_raw_parts(name, name_len) };
    // SAFETY: the caller's promise.
    let body_name = unsafe { core::str::from_utf8_unchecked(body_name) };
    // SAFETY: the caller's promise.
    unsafe { description.write(RawDescription { source, body_name, types, id }) };
}

/// Drops a result.
///
/// # Safety
///
/// It is at `ret`, and nobody else takes it.
unsafe fn drop_ret<R>(ret: *mut ()) {
    // SAFETY: the caller's promise.
    unsafe { ret.cast::<R>().drop_in_place() };
}

/// Makes the one value of a zero-sized type out of nothing.
///
/// A union rather than a function: in a debug build, every traceable function would bring its own
/// instances of that function and of what it calls.
///
/// Reading `value` is sound where `F` is zero-sized and a value of it was handed in before: here
/// for a capture-less closure.
union ZeroSized<F: Copy> {
    nothing: (),
    value: F,
}
