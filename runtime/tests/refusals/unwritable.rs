//! Pages that cannot be written: the tests run in a child process, on a thread whose system calls
//! are refused.

use gtramp::{Entry, link, traceable};

use crate::seccomp::{NUMBER, answer, argument, bits, install, jump, load, mask, number};
use crate::support::{EntryBytes, Log, entry_bytes, function, in_a_child};

#[traceable]
mod targets {
    pub(crate) fn one(x: u64) -> u64 {
        x
    }
    pub(crate) fn two(x: u64) -> u64 {
        x + 1
    }
}

const ALL: &str = "refusals::unwritable::targets::*";

fn call_all() {
    assert_eq!(targets::one(1) + targets::two(1), 3);
}

fn all_bytes() -> [Vec<EntryBytes>; 2] {
    ["one", "two"]
        .map(|name| entry_bytes(function(&format!("refusals::unwritable::targets::{name}"))))
}

/// Refuses system calls of the calling thread, for the rest of its life: `mprotect` to what is both
/// writable and executable, and with `memory_file` opening anything for reading and writing.
fn refuse(memory_file: bool) {
    const OPEN_FLAGS: u32 = 2;
    const PROTECTION: u32 = 2;
    let opens = if memory_file { number(libc::SYS_openat) } else { u32::MAX };
    let mut filter = [
        load(NUMBER),
        jump(libc::BPF_JEQ, number(libc::SYS_mprotect), 1, 0),
        jump(libc::BPF_JEQ, opens, 4, 8),
        // mprotect
        load(argument(PROTECTION)),
        mask(bits(libc::PROT_WRITE | libc::PROT_EXEC)),
        jump(libc::BPF_JEQ, bits(libc::PROT_WRITE | libc::PROT_EXEC), 4, 5),
        answer(libc::SECCOMP_RET_ALLOW),
        // openat
        load(argument(OPEN_FLAGS)),
        mask(bits(libc::O_ACCMODE)),
        jump(libc::BPF_JEQ, bits(libc::O_RDWR), 0, 1),
        answer(libc::SECCOMP_RET_ERRNO | bits(libc::EACCES)),
        answer(libc::SECCOMP_RET_ALLOW),
    ];
    install(&mut filter);
    // The filter does what it says.
    assert!(
        !memory_file
            || std::fs::OpenOptions::new().read(true).write(true).open("/dev/null").is_err()
    );
    assert!(std::fs::File::open("/dev/null").is_ok());
}

#[test]
#[cfg(not(gtramp_slot))] // Nothing is written there.
#[cfg_attr(target_arch = "aarch64", ignore = "asks for seccomp, which qemu-user refuses")]
fn where_no_page_can_be_written_attaching_fails_and_changes_nothing() {
    in_a_child("unwritable::attaching_fails", &[]);
}

#[test]
#[cfg(not(gtramp_slot))]
#[ignore = "refuses system calls of its thread: run in a process of its own"]
fn attaching_fails() {
    call_all();
    let log = Log::new();
    let off = all_bytes();
    refuse(true);
    for _ in 0..2 {
        let held = log.clone();
        let error =
            link().functions(ALL).fentry(move |_: &Entry| held.push("ran")).attach().unwrap_err();
        let gtramp::Error::Poke { address, source, .. } = &error else { panic!("{error}") };
        assert_eq!(source.raw_os_error(), Some(libc::EACCES));
        let one = function("refusals::unwritable::targets::one");
        let mut places = one.addresses().chain(one.copies());
        let is_near = places.any(|place| place.abs_diff(*address) < 1 << 20);
        assert!(is_near, "{address:#x} is not near {one:?}");
        assert!(error.to_string().contains("`slot`"), "{error}");
        assert_eq!((all_bytes(), log.holders()), (off.clone(), 0));
        call_all();
        assert!(log.take().is_empty());
    }
}

#[cfg(target_arch = "x86_64")]
fn attaches_and_detaches() {
    let log = Log::new();
    let off = all_bytes();
    for _ in 0..2 {
        let (entry, exit) = (log.clone(), log.clone());
        let link = link()
            .functions(ALL)
            .fentry(move |ctx: &Entry| entry.push(ctx.function().name()))
            .fexit(move |ctx: &gtramp::Exit| exit.push(ctx.function().name()))
            .attach()
            .unwrap();
        assert_ne!(all_bytes(), off);
        call_all();
        assert_eq!(log.take(), ["one", "one", "two", "two"]);
        drop(link);
        assert_eq!(all_bytes(), off);
        call_all();
        assert!(log.take().is_empty());
    }
}

#[test]
#[cfg(target_arch = "x86_64")] // Elsewhere what arms an entry is more than one byte.
fn where_pages_stay_read_only_entries_are_written_through_the_memory_file() {
    in_a_child("unwritable::attaching_works_through_the_memory_file", &[]);
}

#[test]
#[cfg(target_arch = "x86_64")]
#[ignore = "refuses system calls of its thread: run in a process of its own"]
fn attaching_works_through_the_memory_file() {
    call_all();
    refuse(false);
    attaches_and_detaches();
}

/// The kernel's own way to keep code read-only.
#[test]
#[cfg(target_arch = "x86_64")]
fn in_a_process_whose_code_the_kernel_keeps_read_only_entries_are_written_through_the_memory_file()
{
    in_a_child("unwritable::attaching_works_where_memory_never_becomes_executable", &[]);
}

#[test]
#[cfg(target_arch = "x86_64")]
#[ignore = "refuses memory of its process: run in one of its own"]
fn attaching_works_where_memory_never_becomes_executable() {
    call_all();
    let refuse_gain = libc::c_ulong::from(libc::PR_MDWE_REFUSE_EXEC_GAIN);
    // SAFETY: takes numbers alone.
    let status = unsafe { libc::prctl(libc::PR_SET_MDWE, refuse_gain, 0_u64, 0_u64, 0_u64) };
    if status != 0 {
        println!("skipped: this kernel has no PR_SET_MDWE ({})", std::io::Error::last_os_error());
        return;
    }
    let page = targets::one as fn(u64) -> u64 as usize & !0xfff;
    let page = core::ptr::with_exposed_provenance_mut(page);
    let all = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
    // SAFETY: the page is mapped code, and stays so whatever the answer.
    assert_eq!(unsafe { libc::mprotect(page, 0x1000, all) }, -1, "it does what it says");
    attaches_and_detaches();
}

/// What the entry mode is for.
#[test]
#[cfg(all(gtramp_slot, target_arch = "x86_64"))]
fn where_no_page_can_be_written_a_slot_build_attaches_all_the_same() {
    in_a_child("unwritable::attaching_writes_no_code", &[]);
}

#[test]
#[cfg(all(gtramp_slot, target_arch = "x86_64"))]
#[ignore = "refuses system calls of its thread: run in a process of its own"]
fn attaching_writes_no_code() {
    call_all();
    refuse(true);
    attaches_and_detaches();
}

#[test]
#[cfg(not(gtramp_slot))]
#[cfg_attr(target_arch = "aarch64", ignore = "asks for seccomp, which qemu-user refuses")]
fn where_an_entry_can_no_longer_be_written_detaching_still_works() {
    in_a_child("unwritable::detaching_leaves_the_entry_armed_with_nothing_to_run", &[]);
}

#[test]
#[cfg(not(gtramp_slot))]
#[ignore = "refuses system calls of its thread: run in a process of its own"]
fn detaching_leaves_the_entry_armed_with_nothing_to_run() {
    call_all();
    let log = Log::new();
    let off = all_bytes();
    let attach = || {
        let log = log.clone();
        gtramp::fentry(ALL, move |ctx: &Entry| log.push(ctx.function().name()))
    };
    let link = attach().unwrap();
    let armed = all_bytes();
    assert_ne!(armed, off);
    refuse(true);
    for _ in 0..2 {
        call_all();
        assert_eq!(log.take(), ["one", "two"]);
        // Both are armed: nothing has to be written.
        drop(attach().unwrap());
    }
    drop(link);
    assert_eq!((all_bytes(), log.holders()), (armed.clone(), 0));
    call_all();
    assert!(log.take().is_empty());
    let link = attach().unwrap();
    call_all();
    assert_eq!(log.take(), ["one", "two"]);
    drop(link);
    call_all();
    assert!(log.take().is_empty());
}
