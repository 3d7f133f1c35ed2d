//! The probe written into the body by hand, as a call and as a part of it: what tracing costs where
//! nothing can be switched on or off.

use core::sync::atomic::{AtomicPtr, Ordering};

use crate::cells::{hit, hit_exit};
use gtramp_bench::row::{Can, Row, Run};

use crate::check;
use crate::target::{body, calls};

use super::patched::{store_after, store_before};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "hand-fentry",
        floor: "plain",
        can: Can::BY_HAND,
        setup: || Ok(check::before(calls!(hand_fentry; a b), ())),
    },
    Row {
        name: "hand-fexit",
        floor: "plain",
        can: Can::BY_HAND,
        setup: || Ok(check::both(calls!(hand_fexit; a b), ())),
    },
    Row {
        name: "hand-fentry-inline",
        floor: "plain",
        can: Can::BY_HAND,
        setup: || Ok(check::before(calls!(inline_fentry; a b), ())),
    },
    Row {
        name: "hand-fexit-inline",
        floor: "plain",
        can: Can::BY_HAND,
        setup: || Ok(check::both(calls!(inline_fexit; a b), ())),
    },
    Row {
        name: "hand-fentry2",
        floor: "plain",
        can: Can::BY_HAND,
        setup: || Ok(check::several(FENTRY2, FENTRY2, ())),
    },
    Row {
        name: "hand-fentry4",
        floor: "plain",
        can: Can::BY_HAND,
        setup: || Ok(check::several(FENTRY4, FENTRY4, ())),
    },
    Row {
        name: "fnptr-hook",
        floor: "hand-fentry",
        can: Can { live: true, ..Can::BY_HAND },
        setup: || {
            HOOK.store(before as *mut (), Ordering::Release);
            Ok(check::before(calls!(hooked; a b), ()))
        },
    },
];

/// What two and four probes of one function leave behind.
pub(super) const FENTRY2: Run = calls!(hand_fentry2; a b);
pub(super) const FENTRY4: Run = calls!(hand_fentry4; a b);

/// The probe before, which is called.
#[inline(never)]
pub(super) fn before(a: u64, b: u64) {
    hit([a, b]);
}

/// The probe after, which is called.
#[inline(never)]
pub(super) fn after(a: u64, b: u64, ret: u64) {
    hit_exit([a, b], ret);
}

#[inline(never)]
fn hand_fentry(a: u64, b: u64) -> u64 {
    before(a, b);
    body([a, b])
}

#[inline(never)]
fn hand_fexit(a: u64, b: u64) -> u64 {
    before(a, b);
    let ret = body([a, b]);
    after(a, b, ret);
    ret
}

#[inline(never)]
fn inline_fentry(a: u64, b: u64) -> u64 {
    store_before(a, b);
    body([a, b])
}

#[inline(never)]
fn inline_fexit(a: u64, b: u64) -> u64 {
    store_before(a, b);
    let ret = body([a, b]);
    store_after(a, b, ret);
    ret
}

#[inline(never)]
fn hand_fentry2(a: u64, b: u64) -> u64 {
    before(a, b);
    before(a, b);
    body([a, b])
}

#[inline(never)]
fn hand_fentry4(a: u64, b: u64) -> u64 {
    before(a, b);
    before(a, b);
    before(a, b);
    before(a, b);
    body([a, b])
}

/// Null, or a `fn(u64, u64)`.
static HOOK: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

#[inline(never)]
fn hooked(a: u64, b: u64) -> u64 {
    let hook = HOOK.load(Ordering::Acquire);
    if !hook.is_null() {
        // SAFETY: nothing else is ever stored there.
        let hook = unsafe { core::mem::transmute::<*mut (), fn(u64, u64)>(hook) };
        hook(a, b);
    }
    body([a, b])
}
