//! A debugger's `bt` at each instruction of the stubs.

use std::ops::ControlFlow;
use std::process::Command;

use gtramp::__private::Lookup;
use gtramp::{Entry, Exit, LinkBuilder, ModRet, site, traceable};

#[traceable]
#[inline(never)]
fn debugged(a: u64, b: &str) -> u64 {
    gtramp_debugged_body();
    a + b.len() as u64
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn gtramp_debugged_body() {
    std::hint::black_box(());
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn gtramp_debugged_caller() {
    let sum = debugged(1, "ab");
    assert_eq!(std::hint::black_box(sum), 3);
}

type Probes = fn(LinkBuilder) -> LinkBuilder;

const WAYS: [(&str, Probes); 8] = [
    ("entry", |link| link.fentry(|_: &Entry| ())),
    ("entries", |link| link.fentry(|_: &Entry| ()).fentry(|_: &Entry| ())),
    ("exit", |link| link.fexit(|_: &Exit| ())),
    ("both", |link| link.fentry(|_: &Entry| ()).fexit(|_: &Exit| ())),
    ("together", |link| link.around(|_: &Entry| (), |_: &Exit| ())),
    ("looked up", |link| link.lookup(Lookup::Hash).fentry(|_: &Entry| ())),
    ("decision", |link| {
        link.fmod_ret(|_: &ModRet| -> ControlFlow<u64> { ControlFlow::Continue(()) })
    }),
    (BESIDE, |link| link.fentry(|_: &Entry| ())),
];

/// The way in which there is another link.
const BESIDE: &str = "another link";

#[test]
#[ignore = "run under the debugger by another test"]
fn is_debugged() {
    let way = std::env::var("GTRAMP_DEBUGGED_WAY").expect("the other test says which");
    let probes = WAYS.iter().find(|(name, _)| *name == way).expect("it is one of them").1;
    let link = probes(gtramp::link().functions(site!(debugged)));
    let link = link.attach().expect("it takes any probe");
    let other = gtramp::link().functions(site!(debugged)).fentry(|_: &Entry| ());
    let other = (way == BESIDE).then(|| other.attach().expect("it takes any probe"));
    // Once before, so that what happens on first use is not stepped through.
    gtramp_debugged_caller();
    gtramp_debugged_caller();
    drop((link, other));
}

/// Steps through the second call by instructions and asks for the stack wherever the instruction
/// is in a stub, that is in no function with line numbers of its own.
const SCRIPT: &str = r"
import gdb
gdb.execute('set pagination off')
gdb.execute('set breakpoint pending on')
gdb.execute('break gtramp_debugged_caller')
gdb.execute('run')
gdb.execute('continue')
good = bad = 0
places = set()
left = False
for step in range(20000):
    gdb.execute('stepi', to_string=True)
    frame = gdb.newest_frame()
    name = frame.name() or ''
    if not name.endswith('gtramp_debugged_caller'):
        left = True
    elif left:
        break
    if any(part in name for part in ('caller_', 'entry_', 'specialised_')):
        places.add(int(gdb.parse_and_eval('$pc')))
        names = []
        try:
            while frame is not None and len(names) < 30:
                names.append(frame.name() or '?')
                frame = frame.older()
        except gdb.error as error:
            names.append(str(error))
        ends = [name.split('::')[-1] for name in names]
        if 'gtramp_debugged_caller' in ends and 'is_debugged' in ends:
            good += 1
        else:
            bad += 1
            print('BAD', hex(int(gdb.parse_and_eval('$pc'))), names)
print('GOOD', good, 'BAD', bad, 'PLACES', len(places))
gdb.execute('kill')
";

#[test]
fn a_debugger_unwinds_from_every_instruction_of_the_stubs() {
    let version = Command::new("gdb").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no gdb");
        return;
    }
    let script = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("unwind.py");
    std::fs::write(&script, SCRIPT).expect("a writable folder");
    let this = std::env::current_exe().expect("a test has a file");
    for (way, _) in WAYS {
        let output = Command::new("gdb")
            .args(["-nx", "-q", "-batch", "-x"])
            .arg(&script)
            .arg("--args")
            .arg(&this)
            .args(["--exact", "debugger::is_debugged", "--ignored", "--test-threads=1"])
            .env("GTRAMP_DEBUGGED_WAY", way)
            .output()
            .expect("gdb starts");
        let text = String::from_utf8_lossy(&output.stdout);
        let last = text.lines().rev().find(|line| line.starts_with("GOOD "));
        let Some(last) = last else {
            if text.contains("ptrace: Operation not permitted") {
                println!("skipped: nothing can be debugged here");
                return;
            }
            panic!("{way}: {output:?}");
        };
        println!("{way}: {last}");
        let numbers: Vec<u64> =
            last.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        // Optimised, a caller that is a stub no more is known to the debugger by what it inlined.
        let least = if cfg!(debug_assertions) { 10 } else { 3 };
        assert!(numbers[1] == 0 && numbers[2] >= least, "{way}: {text}");
    }
}
