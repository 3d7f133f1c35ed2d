//! Linked into the tests of a crate whose functions are all traceable, it attaches to all of them
//! before `main` runs. The tests need no change; the environment says what happens:
//!
//! | `TRANSPLANT` | |
//! |---|---|
//! | `off`, or not set | nothing |
//! | `armed` | probes at entry and exit of every function, until the process ends |
//! | `churn` | a thread attaches and detaches such probes, in every form; each stays until it was hit, or for a moment |
//!
//! `TRANSPLANT_REPORT` names a file to which each process that was armed adds a line: functions, hits at
//! entry, hits at exit, attaches.

use std::fs::File;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{env, process, thread};

use gtramp::__private::Lookup;
use gtramp::{Entry, Exit, Link};

static ENTRIES: AtomicU64 = AtomicU64::new(0);
static EXITS: AtomicU64 = AtomicU64::new(0);
static ATTACHES: AtomicU64 = AtomicU64::new(0);

// SAFETY: The section holds pointers to functions that are called once, before `main`.
#[cfg(target_os = "linux")]
#[used]
#[unsafe(link_section = ".init_array")]
static BEGIN: extern "C" fn() = begin;

// SAFETY: The section holds pointers to functions that are called once, after `main` or in `exit`.
#[cfg(target_os = "linux")]
#[used]
#[unsafe(link_section = ".fini_array")]
static END: extern "C" fn() = end;

extern "C" fn begin() {
    let mode = env::var("TRANSPLANT").unwrap_or_default();
    if matches!(&*mode, "" | "off") || gtramp::functions().is_empty() {
        return;
    }
    match &*mode {
        "armed" => attach(0).leak(),
        "churn" => {
            drop(attach(0));
            thread::spawn(|| {
                for cycle in 1.. {
                    let link = attach(cycle);
                    let (hits, begun) = (hits(), Instant::now());
                    while hits == self::hits() && begun.elapsed() < Duration::from_micros(200) {
                        thread::yield_now();
                    }
                    drop(link);
                }
            });
        }
        _ => fail(&format!("TRANSPLANT is off, armed or churn, not {mode}")),
    }
}

extern "C" fn end() {
    let Some(report) = env::var_os("TRANSPLANT_REPORT") else { return };
    let [entries, exits, attaches] = [&ENTRIES, &EXITS, &ATTACHES].map(|count| count.load(Relaxed));
    if attaches == 0 {
        return;
    }
    let line = format!("{} {entries} {exits} {attaches}\n", gtramp::functions().len());
    let file = File::options().create(true).append(true).open(report);
    if let Err(error) = file.and_then(|mut file| file.write_all(line.as_bytes())) {
        eprintln!("TRANSPLANT_REPORT: {error}");
    }
}

/// Attaches to every function in one of the forms there are.
fn attach(form: u64) -> Link {
    let enter = |_: &Entry| {
        ENTRIES.fetch_add(1, Relaxed);
    };
    let leave = |_: &Exit| {
        EXITS.fetch_add(1, Relaxed);
    };
    let link = gtramp::link().functions("**");
    let link = match form % 6 {
        0 => link.fentry(enter).fexit(leave),
        1 => link.fentry(enter),
        2 => link.fexit(leave),
        3 => link.around(enter, leave),
        4 => link.fentry(enter).fexit(leave).sleepable(true),
        _ => link.fentry(enter).fexit(leave).lookup(Lookup::Hash),
    };
    ATTACHES.fetch_add(1, Relaxed);
    link.attach().unwrap_or_else(|error| fail(&error.to_string()))
}

/// How often a probe ran.
fn hits() -> u64 {
    ENTRIES.load(Relaxed) + EXITS.load(Relaxed)
}

/// Ends the process, so that its tests count as failed.
fn fail(message: &str) -> ! {
    eprintln!("transplant: {message}");
    process::abort()
}
