//! Switches in the middle of functions.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use gtramp::{
    Context, Entry, Error, Exit, Function, ModRet, fentry, fexit, fmod_ret, functions, traceable,
    tracepoint,
};

use crate::support::{Log, entry_bytes};

struct Account {
    name: String,
}

/// How often the values of `posted` were made.
static MADE: AtomicU64 = AtomicU64::new(0);

fn made(amount: u64) -> u64 {
    MADE.fetch_add(1, SeqCst);
    amount
}

impl Account {
    fn post(&self, log: &Log, amount: u64) {
        log.push("before");
        tracepoint!(posted, log: &Log, account: &str = &self.name, amount: u64 = made(amount));
        log.push("after");
    }
}

fn generic<T: Clone>(items: &[T]) -> usize {
    let count = items.len();
    tracepoint!(counted, count: usize);
    tracepoint!(nothing);
    count
}

fn refused(count: usize) {
    tracepoint!(without_end, count: usize);
}

fn named(name: &str) -> Vec<&'static Function> {
    let path = format!("behaviour::tracepoints::{name}");
    functions().iter().filter(|function| function.path() == path).collect()
}

#[test]
fn a_tracepoint_is_listed_beside_functions_and_probes_see_its_values() {
    let log = Log::new();
    let account = Account { name: "ann".to_owned() };
    let [posted] = named("posted")[..] else { panic!("{:?}", named("posted")) };
    assert!(posted.is_tracepoint());
    let text = posted.to_string();
    assert!(
        text.starts_with("tracepoint behaviour::tracepoints::posted(log: &Log, account: &str"),
        "{text}"
    );
    let before = entry_bytes(posted);

    account.post(&log, 1);
    assert_eq!((log.take().join(" "), MADE.load(SeqCst)), ("before after".to_owned(), 0));
    let link =
        fentry("**::tracepoints::posted", |ctx: &Entry, log: &Log, account: &str, amount: &u64| {
            assert!(ctx.call().to_string().contains("account=\"ann\", amount=2"), "{}", ctx.call());
            log.push(format!("{account} {amount}"));
        })
        .unwrap();
    account.post(&log, 2);
    assert_eq!((log.take().join(", "), MADE.load(SeqCst)), ("before, ann 2, after".to_owned(), 1));
    drop(link);
    account.post(&log, 3);
    assert_eq!((log.take().join(" "), MADE.load(SeqCst)), ("before after".to_owned(), 1));
    assert_eq!(entry_bytes(posted), before);
}

#[test]
fn each_copy_and_each_instance_is_armed() {
    static SEEN: AtomicU64 = AtomicU64::new(0);
    let link = fentry("**::tracepoints::{counted,nothing}", |_: &Entry| {
        SEEN.fetch_add(1, SeqCst);
    })
    .unwrap();
    assert_eq!(generic(&[1_u8, 2]) + generic(&["a"]) + generic::<String>(&[]), 3);
    assert_eq!(SEEN.load(SeqCst), 6);
    drop(link);
    generic(&[1_u8]);
    assert_eq!(SEEN.load(SeqCst), 6);
}

#[test]
fn a_tracepoint_has_no_end_no_result_and_no_body() {
    refused(1);
    let errors = [
        fexit("**::tracepoints::without_end", |_: &Exit| {}).unwrap_err(),
        fmod_ret("**::tracepoints::without_end", |_: &ModRet| ControlFlow::Break(())).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, Error::NoEnd { .. }), "{error}");
        assert!(error.to_string().contains("attach an entry probe"), "{error}");
    }
    // Who selects everything means functions.
    let mixed = fexit("behaviour::tracepoints::**", |_: &Exit| {}).unwrap();
    assert!(mixed.info().functions.iter().all(|one| !one.function.is_tracepoint()));
}

/// A probe of any kind: what is not the same in all of them is not there to be asked for.
fn noted(ctx: &Context) -> String {
    format!("{} {}", ctx.function().name(), ctx.call())
}

#[traceable]
fn halve(number: u64) -> u64 {
    tracepoint!(halving, number: u64);
    number / 2
}

#[test]
fn one_body_serves_an_entry_an_exit_and_a_tracepoint() {
    let log = Log::new();
    let says = |what: &'static str| {
        let log = log.clone();
        move |ctx: &Context| log.push(format!("{what} {}", noted(ctx)))
    };
    let (entry, middle, exit) = (says("entry"), says("middle"), says("exit"));
    let links = [
        fentry("**::tracepoints::halve", move |ctx: &Entry| entry(ctx)).unwrap(),
        fentry("**::tracepoints::halving", move |ctx: &Entry| middle(ctx)).unwrap(),
        fexit("**::tracepoints::halve", move |ctx: &Exit| exit(ctx)).unwrap(),
    ];
    assert_eq!(halve(8), 4);
    let expected = [
        "entry halve halve(number=8)",
        "middle halving halving(number=8)",
        "exit halve halve(number=8) -> 4",
    ];
    assert_eq!(log.take(), expected);
    drop(links);
}

/// As SystemTap's `sys/sdt.h` describes them: the provider, the name, and where the instruction is.
#[cfg(target_os = "linux")]
fn notes(file: &[u8]) -> Vec<(String, String, u64)> {
    use object::{Object as _, ObjectSection as _};

    let file = object::File::parse(file).unwrap();
    let section = file.section_by_name(".note.stapsdt").expect("there are notes");
    let mut rest = section.data().unwrap();
    let mut notes = Vec::new();
    while !rest.is_empty() {
        let word = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap()) as usize;
        let (name_size, size, kind) = (word(0), word(4), word(8));
        assert_eq!((&rest[12..12 + name_size], kind), (&b"stapsdt\0"[..], 3));
        let begins = 12 + name_size.next_multiple_of(4);
        let description = &rest[begins..begins + size];
        let location = u64::from_le_bytes(description[..8].try_into().unwrap());
        let mut texts = description[24..].split(|byte| *byte == 0);
        let mut text = || String::from_utf8(texts.next().unwrap().to_vec()).unwrap();
        notes.push((text(), text(), location));
        rest = &rest[begins + size.next_multiple_of(4)..];
    }
    notes
}

#[cfg(target_os = "linux")]
#[test]
fn other_tools_find_it_by_its_note_and_the_instruction_that_is_theirs() {
    use object::{Object as _, ObjectSection as _};

    tracepoint!(told_to_others, amount: u64 = 1);
    let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let found = notes(&bytes);
    let told: Vec<_> = found.iter().filter(|(_, name, _)| name == "told_to_others").collect();
    assert!(!told.is_empty(), "{found:?}");
    let file = object::File::parse(&*bytes).unwrap();
    let nop: &[u8] = if cfg!(target_arch = "x86_64") { &[0x90] } else { &[0x1f, 0x20, 0x03, 0xd5] };
    for (provider, _, location) in told {
        assert_eq!(provider, "behaviour");
        let code = file
            .sections()
            .find_map(|section| section.data_range(*location, nop.len() as u64).ok().flatten());
        assert_eq!(code, Some(nop));
    }
}
