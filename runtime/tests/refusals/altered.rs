//! Switches that something else has written to while they were armed: breakpoints of debuggers, uprobes, and
//! what these leave behind.

use std::sync::{Mutex, MutexGuard, PoisonError};

use gtramp::{Altered, Entry, Error, Exit, Function, Link, traceable};

use super::modified::write;
use crate::support::{Log, SWITCH, function};

#[traceable]
mod targets {
    #[inline(never)]
    pub(crate) fn one(x: u64) -> u64 {
        x
    }
    #[inline(never)]
    pub(crate) fn two(x: u64) -> u64 {
        x + 1
    }
}

const ALL: &str = "refusals::altered::targets::*";
const ONE: &str = "refusals::altered::targets::one";
const TWO: &str = "refusals::altered::targets::two";

/// What breakpoints begin with.
#[cfg(target_arch = "x86_64")]
const BREAKPOINT: &[u8] = &[0xcc];
#[cfg(target_arch = "aarch64")]
const BREAKPOINT: &[u8] = &[0x00, 0x00, 0x20, 0xd4];
type Bytes = [u8; SWITCH];

/// Held by every test: all of them write to the same code.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the function's switch is.
fn switch(function: &Function) -> usize {
    let copies: Vec<usize> = function.copies().collect();
    assert_eq!(copies.len(), 1, "it is not inlined");
    copies[0]
}

fn read(address: usize) -> Bytes {
    let place = std::ptr::with_exposed_provenance::<Bytes>(address);
    // SAFETY: a switch is this long, and code can be read.
    unsafe { place.read_volatile() }
}

/// Writes as a debugger does.
fn patch(address: usize, bytes: &[u8]) {
    for (at, &byte) in (address..).zip(bytes) {
        write(at as u64, byte);
    }
}

fn attach(log: &Log) -> Link {
    let log = log.clone();
    let probe = move |ctx: &Entry| log.push(ctx.function().name());
    gtramp::fentry(ALL, probe).expect("all can be armed")
}

#[track_caller]
fn altered(link: &Link) -> Vec<Option<Altered>> {
    link.info().functions.iter().map(|linked| linked.altered).collect()
}

#[track_caller]
fn all_run(log: &Log, seen: &[&str]) {
    assert_eq!((targets::one(1), targets::two(1)), (1, 2));
    assert_eq!(log.take(), seen);
}

/// The switch of `two`, and its bytes while it is off and while it is armed.
fn states(log: &Log) -> (usize, Bytes, Bytes) {
    all_run(log, &[]);
    let place = switch(function(TWO));
    // The way from a switch to its entry is shortened once, and stays so.
    drop(attach(log));
    let off = read(place);
    let link = attach(log);
    let armed = read(place);
    drop(link);
    assert_ne!(off, armed);
    assert_eq!(read(place), off);
    (place, off, armed)
}

#[test]
fn a_switch_that_was_put_back_is_told_by_info_and_armed_by_the_next_attach() {
    let _alone = alone();
    let log = Log::new();
    let (place, off, armed) = states(&log);
    for _ in 0..2 {
        let link = attach(&log);
        assert_eq!(altered(&link), [None, None]);
        patch(place, &off);
        all_run(&log, &["one"]);
        assert_eq!(altered(&link), [None, Some(Altered::PutBack { address: place })]);
        let text = link.info().to_string();
        assert!(text.contains(&format!("put back by something else at {place:#x}")), "{text}");
        let other = gtramp::fexit(TWO, |_: &Exit| ()).expect("either state is known");
        assert_eq!((read(place), altered(&link)), (armed, vec![None, None]));
        all_run(&log, &["one", "two"]);
        drop((link, other));
        assert_eq!(read(place), off);
        all_run(&log, &[]);
    }
}

#[test]
fn a_switch_that_was_put_back_is_armed_by_disabling_and_enabling() {
    let _alone = alone();
    let log = Log::new();
    let (place, off, _) = states(&log);
    let link = attach(&log);
    patch(place, &off);
    all_run(&log, &["one"]);
    link.disable();
    link.enable().expect("it is as it was");
    all_run(&log, &["one", "two"]);
    // And again with the other state: what was left off is found armed.
    drop(link);
    assert_eq!(read(place), off);
}

#[test]
fn a_switch_that_is_found_armed_where_it_was_left_off_is_right_and_can_be_attached_to() {
    let _alone = alone();
    let log = Log::new();
    let (place, off, armed) = states(&log);
    for _ in 0..2 {
        patch(place, &armed);
        all_run(&log, &[]);
        let link = attach(&log);
        assert_eq!(altered(&link), [None, None]);
        all_run(&log, &["one", "two"]);
        drop(link);
        assert_eq!(read(place), off);
        all_run(&log, &[]);
    }
}

#[test]
fn a_breakpoint_on_an_armed_switch_is_named_by_info_and_by_the_next_attach() {
    let _alone = alone();
    let log = Log::new();
    let (place, _, armed) = states(&log);
    for _ in 0..2 {
        let link = attach(&log);
        patch(place, BREAKPOINT);
        assert_eq!(altered(&link), [None, Some(Altered::Breakpoint { address: place })]);
        assert!(link.info().to_string().contains("a breakpoint at"), "{}", link.info());
        let error = gtramp::fexit(TWO, |_: &Exit| ()).expect_err("there is a breakpoint");
        assert!(matches!(error, Error::Modified { address, .. } if address == place), "{error}");
        let text = error.to_string();
        assert!(text.contains(&format!("a breakpoint at {place:#x}")), "{text}");
        patch(place, &armed);
        assert_eq!(altered(&link), [None, None]);
        all_run(&log, &["one", "two"]);
        drop(link);
        all_run(&log, &[]);
    }
}

#[test]
fn a_breakpoint_on_an_armed_switch_stays_when_its_link_is_detached() {
    let _alone = alone();
    let log = Log::new();
    let (place, off, armed) = states(&log);
    let mut with_breakpoint = armed;
    with_breakpoint[..BREAKPOINT.len()].copy_from_slice(BREAKPOINT);
    // Whichever instruction is there when the breakpoint has gone.
    for afterwards in [armed, off] {
        let link = attach(&log);
        patch(place, BREAKPOINT);
        drop(link);
        assert_eq!(log.holders(), 0);
        assert_eq!(read(place), with_breakpoint, "it is not ours to remove");
        let error = gtramp::fentry(TWO, |_: &Entry| ()).expect_err("it is still there");
        assert!(matches!(error, Error::Modified { .. }), "{error}");

        patch(place, &afterwards);
        all_run(&log, &[]);
        let link = attach(&log);
        assert_eq!((read(place), altered(&link)), (armed, vec![None, None]));
        all_run(&log, &["one", "two"]);
        drop(link);
        assert_eq!(read(place), off);
        all_run(&log, &[]);
    }
}

#[test]
fn an_attach_that_is_refused_leaves_a_switch_that_was_put_back_as_it_found_it() {
    let _alone = alone();
    let log = Log::new();
    let (place, off, armed) = states(&log);
    let first = switch(function(ONE));
    let first_off = read(first);
    let link = attach(&log);
    let first_armed = read(first);
    patch(place, &off);
    patch(first, BREAKPOINT);
    let error = gtramp::fexit([TWO, ONE], |_: &Exit| ()).expect_err("one has a breakpoint");
    assert!(matches!(error, Error::Refused(_)), "{error}");
    assert_eq!(read(place), off);
    patch(first, &first_armed);
    // It is known to be armed: what is armed again meanwhile is disarmed with the last link.
    patch(place, &armed);
    all_run(&log, &["one", "two"]);
    drop(link);
    assert_eq!((read(first), read(place)), (first_off, off));
    all_run(&log, &[]);
}
