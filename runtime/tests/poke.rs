//! Entries that something else has patched, and what an attach that fails leaves behind.

#![cfg(gtramp_stubs)]

#[path = "support/mod.rs"]
mod support;

use std::sync::{Mutex, MutexGuard, PoisonError};

use gtramp::{Entry, Error, Exit, Function, traceable};

use support::{AIM, ENTRY, EntryBytes, entry_bytes, switch_bytes};

#[traceable]
fn first(a: u64) -> u64 {
    a + 1
}

#[traceable]
fn second(a: u64) -> u64 {
    a + 2
}

#[traceable]
fn third(a: &str) -> String {
    a.to_owned()
}

fn call_all() -> (u64, u64, String) {
    (first(1), second(1), third("c"))
}

fn right() -> (u64, u64, String) {
    (2, 3, "c".to_owned())
}

/// The code of all entries is looked at and patched by one test at a time.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn functions() -> Vec<&'static Function> {
    let all = gtramp::functions();
    all.iter().filter(|function| function.path().starts_with("poke::")).collect()
}

/// The bytes of every entry.
fn entries() -> Vec<EntryBytes> {
    functions().into_iter().flat_map(entry_bytes).collect()
}

/// What the pages of this program's code may be used for.
fn protections() -> Vec<String> {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux has it");
    let this = std::env::current_exe().expect("a test has a file");
    let this = this.to_str().expect("it is text");
    let of_this = maps.lines().filter(|line| line.ends_with(this));
    of_this.filter_map(|line| line.split_whitespace().nth(1)).map(str::to_owned).collect()
}

/// Writes one byte of code, as a debugger does.
fn write_code(address: usize, byte: u8) {
    use std::os::unix::fs::FileExt;
    let memory = std::fs::OpenOptions::new().write(true).open("/proc/self/mem");
    let memory = memory.expect("a process may write its own memory");
    memory.write_all_at(&[byte], address as u64).expect("it is mapped");
}

#[test]
fn an_entry_that_something_else_has_patched_refuses_all_and_nothing_is_written() {
    let _turn = turn();
    assert_eq!(call_all(), right());
    let patched = functions().into_iter().find(|function| function.name() == "second");
    let patched = patched.expect("it is traceable");
    let address = patched.address();
    // Whatever byte it is that something else has changed.
    for offset in 0..ENTRY {
        let before = entries();
        let kept = entry_bytes(patched)[0];
        write_code(address + offset, kept[offset] ^ 0xff);
        let with_patch = entries();
        let error = gtramp::fentry("poke::*", |_: &Entry| ()).expect_err("one is patched");
        assert!(matches!(error, Error::Refused(_)), "{error}");
        let text = error.to_string();
        assert!(text.contains("poke::second") && text.contains("something else"), "{text}");
        assert!(!text.contains("poke::first"), "{text}");
        assert_eq!(entries(), with_patch, "nothing is written");
        let rest = gtramp::link().functions("poke::*").fexit(|_: &Exit| ()).skip_invalid(true);
        let rest = rest.attach().expect("two are as they were");
        assert_eq!((first(1), third("c")), (2, "c".to_owned()));
        assert_eq!((rest.info().functions.len(), rest.info().refused.len()), (2, 1));
        rest.detach();
        assert_eq!(entries(), with_patch, "the patch is left alone");
        write_code(address + offset, kept[offset]);
        assert_eq!(entries(), before);
    }
    let link = gtramp::fentry("poke::*", |_: &Entry| ()).expect("all are as they were");
    assert_eq!(call_all(), right());
    drop(link);
    assert_eq!(call_all(), right());
}

#[test]
fn entries_and_protections_are_as_before_when_all_is_detached() {
    let _turn = turn();
    assert_eq!(call_all(), right());
    let (code, pages) = (entries(), protections());
    let switches = || functions().into_iter().flat_map(switch_bytes).collect::<Vec<_>>();
    let off = switches();
    let before: Vec<_> = functions().into_iter().map(entry_bytes).collect();
    assert!(pages.iter().all(|page| !page.contains("wx")), "{pages:?}");
    for _ in 0..3 {
        let link = gtramp::fexit("poke::*", |_: &Exit| ()).expect("it takes any probe");
        assert_eq!(protections(), pages);
        for (armed, off) in functions().into_iter().map(entry_bytes).zip(&before) {
            // The entries come first.
            for at in (0..ENTRY).filter(|at| !AIM.contains(at)) {
                assert_eq!(armed[0][at], off[0][at], "byte {at}");
            }
        }
        let armed = switches();
        assert!(armed.iter().zip(&off).all(|(armed, off)| armed != off));
        link.disable();
        assert_eq!(entries(), code);
        link.enable().expect("nothing has changed");
        link.detach();
        assert_eq!((entries(), protections()), (code.clone(), pages.clone()));
    }
}

#[test]
fn an_attach_that_fails_at_any_function_leaves_every_entry_as_it_was() {
    let _turn = turn();
    assert_eq!(call_all(), right());
    let code = entries();
    let other = gtramp::fentry("poke::first", |_: &Entry, _: &u64| ()).expect("it takes a number");
    let with_other = entries();
    let error = gtramp::fentry("poke::*", |_: &Entry, _: &u64| ()).expect_err("one takes a text");
    assert!(error.to_string().contains("poke::third"), "{error}");
    assert_eq!(entries(), with_other);
    gtramp::fentry("poke::none", |_: &Entry| ()).expect_err("there is none");
    gtramp::link().functions("poke::*").attach().expect_err("it has no probe");
    assert_eq!(entries(), with_other);
    drop(other);
    assert_eq!(entries(), code);
    assert_eq!(call_all(), right());
}

/// Where the entries' short ways lead.
fn aims() -> Vec<Vec<u8>> {
    functions().into_iter().map(|function| entry_bytes(function)[0][AIM].to_vec()).collect()
}

#[test]
#[cfg_attr(any(not(target_arch = "x86_64"), gtramp_slot), ignore = "entries have no short way")]
fn an_armed_entry_shows_the_way_to_the_selected_caller_whatever_link_comes_or_goes() {
    let _turn = turn();
    let off = aims();
    assert!(off.iter().flatten().all(|&byte| byte == 0), "the way through the metadata");
    let entry = || gtramp::fentry("poke::*", |_: &Entry| ()).expect("it takes any probe");
    let exit = || gtramp::fexit("poke::*", |_: &Exit| ()).expect("it takes any probe");
    let first = entry();
    let one_entry = aims();
    assert!(one_entry.iter().zip(&off).all(|(shown, off)| shown != off));
    let second = exit();
    let both = aims();
    assert!(both.iter().zip(&one_entry).all(|(both, one)| both != one), "a caller for both");
    assert_eq!(call_all(), right());
    drop(first);
    let one_exit = aims();
    assert!(one_exit.iter().zip(&both).all(|(one, both)| one != both), "and one for the rest");
    let third = entry();
    assert_eq!(aims(), both);
    drop(second);
    assert_eq!(aims(), one_entry);
    assert_eq!(call_all(), right());
    drop(third);
    assert_eq!(aims(), off);
}
