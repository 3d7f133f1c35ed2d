//! Under valgrind, which runs translations of code: either probes run, or attaching says why they would not.

#![cfg(all(gtramp_stubs, not(gtramp_slot), target_arch = "x86_64"))]

use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};

use gtramp::{Entry, Error, traceable};

#[traceable]
#[inline(never)]
fn target(x: u64) -> u64 {
    x
}

#[test]
#[ignore = "runs under valgrind"]
fn attaching() {
    static SEEN: AtomicU64 = AtomicU64::new(0);
    assert_eq!(target(1), 1);
    let link = gtramp::fentry("valgrind::target", |_: &Entry| {
        SEEN.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(target(2), 2);
    match link {
        Ok(link) => {
            assert_eq!(SEEN.load(Ordering::Relaxed), 1);
            drop(link);
            assert_eq!(target(3), 3);
            assert_eq!(SEEN.load(Ordering::Relaxed), 1);
            println!("probes run");
        }
        Err(error @ Error::Unsupported { .. }) => println!("refused: {error}"),
        Err(error) => panic!("{error}"),
    }
}

/// What it prints under valgrind with this option; `None` where there is no valgrind.
fn under_valgrind(option: &str) -> Option<String> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("skipped: there is no valgrind");
        return None;
    }
    let this = std::env::current_exe().expect("it is a file");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=none", option]).arg(this);
    valgrind.args(["--exact", "--ignored", "--nocapture", "attaching"]);
    let Output { status, stdout, stderr } = valgrind.output().expect("it was there");
    let (out, errors) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{status}\n{out}\n{errors}");
    Some(out.into_owned())
}

#[test]
fn where_valgrind_keeps_its_translations_attaching_says_which_option_helps() {
    if let Some(out) = under_valgrind("--smc-check=none") {
        assert!(out.contains("refused: ") && out.contains("--smc-check=all"), "{out}");
    }
}

#[test]
fn where_valgrind_looks_for_changes_probes_run() {
    if let Some(out) = under_valgrind("--smc-check=all") {
        assert!(out.contains("probes run"), "{out}");
    }
}

#[test]
fn by_default_probes_run_under_valgrind_or_attaching_says_why_not() {
    if let Some(out) = under_valgrind("--smc-check=all-non-file") {
        assert!(out.contains("probes run") || out.contains("--smc-check=all"), "{out}");
    }
}
