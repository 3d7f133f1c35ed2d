//! Entries that something else has patched.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use gtramp::{Entry, Error, Exit, Function, Link, Selector, link, traceable};

use crate::support::{ENTRY, EntryBytes, Log, entry_bytes, function};

#[traceable]
mod targets {
    pub(crate) fn one(x: u64) -> u64 {
        x
    }
    pub(crate) fn two(x: u64) -> u64 {
        x + 1
    }
    pub(crate) fn three(x: u64) -> u64 {
        x + 2
    }
}

const ALL: &str = "refusals::modified::targets::*";
const TWO: &str = "refusals::modified::targets::two";

/// Held by every test: a function whose entry is broken must not be called.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn call_all() {
    assert_eq!(targets::one(1) + targets::two(1) + targets::three(1), 6);
}

fn all_bytes() -> Vec<Vec<EntryBytes>> {
    let functions = Selector::from(ALL).resolve().unwrap();
    functions.into_iter().map(entry_bytes).collect()
}

/// One byte of a function's entry that is another until this is dropped.
struct Foreign {
    address: u64,
    before: u8,
}

pub(crate) fn write(address: u64, byte: u8) {
    let memory = OpenOptions::new().write(true).open("/proc/self/mem").unwrap();
    memory.write_all_at(&[byte], address).unwrap();
}

impl Foreign {
    fn new(function: &Function, offset: usize) -> Self {
        let address = (function.address() + offset) as u64;
        let before = entry_bytes(function)[0][offset];
        write(address, !before);
        Self { address, before }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        write(self.address, self.before);
    }
}

fn attach(log: &Log) -> Result<Link, Error> {
    let log = log.clone();
    gtramp::fentry(ALL, move |ctx: &Entry| log.push(ctx.function().name()))
}

#[test]
fn an_entry_with_a_foreign_byte_is_refused_and_the_bytes_are_told() {
    let _alone = alone();
    call_all();
    let log = Log::new();
    let two = function(TWO);
    let expected = entry_bytes(two)[0];
    // As of a breakpoint, another jump, another register.
    for offset in [0, 3, 7, ENTRY - 1] {
        let foreign = Foreign::new(two, offset);
        let before = all_bytes();
        let error = gtramp::fentry(TWO, |_: &Entry| ()).unwrap_err();
        let Error::Modified { function, address, found, expected: belongs, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(
            (function.as_str(), *address, belongs.as_slice()),
            (TWO, two.address(), &expected[..ENTRY])
        );
        assert_eq!(*found, entry_bytes(two)[0][..ENTRY]);
        assert_eq!(found[offset], !expected[offset]);
        assert!(error.to_string().contains("something else has patched it"), "{error}");

        let error = attach(&log).unwrap_err();
        assert!(
            matches!(&error, Error::Refused(refusals)
                if refusals.len() == 1 && matches!(refusals[0].reason(), Error::Modified { .. })),
            "{error}"
        );
        assert_eq!((all_bytes(), log.holders()), (before, 0), "nothing else was written");
        drop(foreign);
        assert_eq!(entry_bytes(two)[0], expected);

        let link = attach(&log).unwrap();
        call_all();
        assert_eq!(log.take(), ["one", "two", "three"]);
        drop(link);
        call_all();
        assert!(log.take().is_empty());
    }
}

#[test]
fn skip_invalid_leaves_out_an_entry_with_a_foreign_byte() {
    let _alone = alone();
    call_all();
    let log = Log::new();
    let two = function(TWO);
    for _ in 0..2 {
        let foreign = Foreign::new(two, 0);
        let modified = entry_bytes(two);
        let seen = log.clone();
        let others = link()
            .functions(ALL)
            .fentry(move |ctx: &Entry| seen.push(ctx.function().name()))
            .skip_invalid(true)
            .attach()
            .unwrap();
        let info = others.info();
        assert_eq!((info.functions.len(), info.refused.len()), (2, 1));
        assert!(
            info.refused[0].function().path() == TWO
                && info.refused[0].to_string().contains("patched"),
            "{info}"
        );
        assert_eq!(entry_bytes(two), modified);
        drop(foreign);
        call_all();
        assert_eq!(log.take(), ["one", "three"]);
        drop(others);
        call_all();
        assert!(log.take().is_empty());
    }
}

#[test]
fn a_foreign_byte_in_an_armed_entry_is_found_by_the_next_attach() {
    let _alone = alone();
    call_all();
    let log = Log::new();
    for _ in 0..2 {
        let first = attach(&log).unwrap();
        let (before, info) = (all_bytes(), first.info().to_string());
        let foreign = Foreign::new(function(TWO), 8);
        let error = gtramp::fexit(TWO, |_: &Exit| ()).unwrap_err();
        assert!(matches!(error, Error::Modified { .. }), "{error}");
        drop(foreign);
        assert_eq!((all_bytes(), first.info().to_string()), (before, info));
        call_all();
        assert_eq!(log.take(), ["one", "two", "three"]);
        let second = gtramp::fexit(TWO, |_: &Exit| ()).unwrap();
        drop((first, second));
        call_all();
        assert!(log.take().is_empty());
    }
}

#[test]
fn enabling_a_link_whose_entry_has_a_foreign_byte_fails_and_leaves_it_disabled() {
    let _alone = alone();
    call_all();
    let log = Log::new();
    for _ in 0..2 {
        let link = attach(&log).unwrap();
        link.disable();
        let off = all_bytes();
        let foreign = Foreign::new(function(TWO), 0);
        let error = link.enable().unwrap_err();
        assert!(matches!(error, Error::Modified { .. } | Error::Refused(_)), "{error}");
        assert!(!link.is_enabled());
        drop(foreign);
        assert_eq!(all_bytes(), off);
        call_all();
        assert!(log.take().is_empty());
        link.enable().unwrap();
        call_all();
        assert_eq!(log.take(), ["one", "two", "three"]);
        drop(link);
        call_all();
        assert!(log.take().is_empty());
    }
}

#[test]
fn detaching_from_an_entry_with_a_foreign_byte_does_not_fail() {
    let _alone = alone();
    call_all();
    let log = Log::new();
    let off = all_bytes();
    for _ in 0..2 {
        let link = attach(&log).unwrap();
        let foreign = Foreign::new(function(TWO), 9);
        link.detach();
        assert_eq!(log.holders(), 0);
        drop(foreign);
        call_all();
        assert!(log.take().is_empty());
        assert_eq!(all_bytes(), off);
    }
}
