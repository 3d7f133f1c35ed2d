//! A signal at every single instruction: of the stubs, of what they call, of registration and of
//! attaching. The handler calls traced functions each time.

use std::arch::asm;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use gtramp::__private::Lookup;
use gtramp::{Entry, Exit, LinkBuilder, ModRet, site, traceable};
use object::{Object, ObjectSymbol};

use crate::signals::install;
use crate::{count, counted, counter, turn};

#[traceable]
fn stepped(a: u64, b: u64) -> u64 {
    assert!(a != 13, "unlucky");
    a + b
}

#[traceable]
fn at_each_step(a: u64) -> u64 {
    a + 1
}

static STEPS: AtomicU64 = AtomicU64::new(0);
static WRONG: AtomicU64 = AtomicU64::new(0);
/// Whether the handler calls the function that it interrupts as well.
static REENTER: AtomicBool = AtomicBool::new(false);

/// The code of an entry or of a caller, up to where it calls what is written in Rust.
struct Stub {
    start: usize,
    len: usize,
    /// How often each of its first bytes was the next instruction's.
    seen: [AtomicU64; 256],
}

/// Sorted by address.
static STUBS: OnceLock<Vec<Stub>> = OnceLock::new();

/// Counts a step, if it is in a stub.
fn see(at: usize) {
    let Some(stubs) = STUBS.get() else { return };
    let after = stubs.partition_point(|stub| stub.start <= at);
    let Some(stub) = after.checked_sub(1).map(|index| &stubs[index]) else { return };
    let offset = at - stub.start;
    if offset < stub.len
        && let Some(seen) = stub.seen.get(offset)
    {
        seen.fetch_add(1, Ordering::Relaxed);
    }
}

extern "C" fn on_step(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: the kernel hands the handler the context it interrupted.
    let at = unsafe { (*context).uc_mcontext.gregs[libc::REG_RIP as usize] };
    see(usize::try_from(at).unwrap_or(0));
    STEPS.fetch_add(1, Ordering::Relaxed);
    let mut right = at_each_step(1) == 2;
    if REENTER.load(Ordering::Relaxed) {
        right &= stepped(1, 2) == 3;
    }
    WRONG.fetch_add(u64::from(!right), Ordering::Relaxed);
}

/// Sets or clears the trap flag: from then on every instruction ends in a signal.
#[inline(always)]
pub(crate) fn set_trap_flag(on: bool) {
    const TRAP: u64 = 0x100;
    if on {
        // SAFETY: changes one flag; the handler of the signal is installed.
        unsafe { asm!("pushfq", "or qword ptr [rsp], {}", "popfq", const TRAP) };
    } else {
        // SAFETY: as above.
        unsafe { asm!("pushfq", "and qword ptr [rsp], {}", "popfq", const !0x100_i32) };
    }
}

fn step<R>(run: impl FnOnce() -> R) -> R {
    let action = on_step as extern "C" fn(_, _, _) as libc::sighandler_t;
    install(libc::SIGTRAP, action, libc::SA_SIGINFO);
    set_trap_flag(true);
    let result = run();
    set_trap_flag(false);
    result
}

/// Reads the stubs out of the program's symbols.
fn stubs() -> Vec<Stub> {
    let program = std::fs::read("/proc/self/exe").expect("a program has a file");
    let program = object::File::parse(&*program).expect("it is an object");
    let address = |symbol: &object::Symbol| usize::try_from(symbol.address()).expect("64 bits");
    // Where the program was loaded: this function, here and in the file.
    let known = program
        .symbols()
        .find(|symbol| symbol.name() == Ok("gtramp_stepping_anchor"))
        .expect("the anchor has a symbol");
    let anchor: extern "C" fn() = gtramp_stepping_anchor;
    let base = (anchor as usize).wrapping_sub(address(&known));
    let is_stub = |name: &str| name.contains("caller_") || name.contains("entry_");
    let in_runtime = |name: &str| name.contains("gtramp") && is_stub(name);
    let mut stubs: Vec<Stub> = program
        .symbols()
        .filter(|symbol| symbol.name().is_ok_and(in_runtime) && symbol.size() > 0)
        .map(|symbol| Stub {
            start: address(&symbol).wrapping_add(base),
            len: usize::try_from(symbol.size()).expect("64 bits"),
            seen: [const { AtomicU64::new(0) }; 256],
        })
        .collect();
    stubs.sort_unstable_by_key(|stub| stub.start);
    stubs
}

#[unsafe(no_mangle)]
extern "C" fn gtramp_stepping_anchor() {}

type Probes = fn(LinkBuilder) -> LinkBuilder;

/// Every way to be called: one entry probe (of a caller of its own), several, at exit, deciding.
const WAYS: [(&str, Probes); 5] =
    [
        ("one entry probe", |link| link.fentry(|_: &Entry, a: &u64| assert!(*a > 0))),
        ("two entry probes", |link| link.fentry(|_: &Entry| ()).fentry(|_: &Entry| ())),
        ("an exit probe", |link| link.fexit(|_: &Exit| ())),
        ("entry and exit", |link| link.fentry(|_: &Entry| ()).fexit(|_: &Exit| ())),
        ("a modify-return probe", |link| {
            link.fmod_ret(|_: &ModRet, a: &u64| {
                if *a == 9 { ControlFlow::Break(90_u64) } else { ControlFlow::Continue(()) }
            })
        }),
    ];

fn call_all() {
    assert_eq!(stepped(4, 5), 9);
    let nine = stepped(9, 9);
    assert!(nine == 90 || nine == 18);
    let unlucky = catch_unwind(AssertUnwindSafe(|| stepped(13, 0)));
    assert!(unlucky.is_err());
}

#[test]
fn a_handler_at_every_instruction_of_a_call_calls_traced_functions() {
    let _turn = turn();
    std::panic::set_hook(Box::new(|_| ()));
    let stubs = STUBS.get_or_init(stubs);
    let hits = counter();
    let at_each = gtramp::link()
        .functions(site!(at_each_step))
        .fentry(move |_: &Entry| count(hits))
        .attach()
        .expect("it takes any probe");
    let before = STEPS.load(Ordering::Relaxed);
    // Metadata found in each way; sleepable callers; and another link beside it.
    let callers = [
        (Lookup::Inline, false, false),
        (Lookup::Hash, false, false),
        (Lookup::Inline, true, false),
        (Lookup::Hash, true, false),
        (Lookup::Inline, false, true),
        (Lookup::Hash, false, true),
    ];
    for (name, probes) in WAYS {
        for (lookup, sleepable, beside) in callers {
            for reenter in [false, true] {
                REENTER.store(reenter, Ordering::Relaxed);
                let link = gtramp::link().functions(site!(stepped)).lookup(lookup);
                let link = probes(link.sleepable(sleepable));
                let link = link.attach().expect("the types are the function's");
                let other = gtramp::link().functions(site!(stepped)).fentry(|_: &Entry| ());
                let other = beside.then(|| other.attach().expect("it takes any probe"));
                // On a thread that is new each time: its registration is stepped through too.
                let thread = std::thread::spawn(|| {
                    step(|| {
                        assert_eq!(stepped(4, 5), 9);
                        let nine = stepped(9, 9);
                        assert!(nine == 90 || nine == 18);
                    });
                });
                thread.join().expect("every result is right");
                call_all();
                assert!(link.info().panic.is_none(), "{name}: {}", link.info());
                drop(other);
                link.detach();
            }
        }
    }
    let _ = std::panic::take_hook();
    let steps = STEPS.load(Ordering::Relaxed) - before;
    assert_eq!(WRONG.load(Ordering::Relaxed), 0);
    assert_eq!(counted(hits) + at_each.info().missed, steps, "one call for each step");
    assert_eq!(at_each.info().missed, 0);
    let of_stub = |stub: &Stub| -> (u64, usize) {
        let seen = stub.seen.iter().map(|seen| seen.load(Ordering::Relaxed));
        (seen.clone().sum(), seen.filter(|seen| *seen > 0).count())
    };
    let stepped: Vec<_> = stubs.iter().map(of_stub).filter(|(steps, _)| *steps > 0).collect();
    let steps_in_stubs: u64 = stepped.iter().map(|(steps, _)| steps).sum();
    let instructions: usize = stepped.iter().map(|(_, instructions)| instructions).sum();
    println!(
        "{steps} signals, {steps_in_stubs} of them inside {} stubs, before each of {instructions} \
         instructions",
        stepped.len()
    );
    assert!(stepped.len() > 5 && instructions > 60, "the handler was led through the stubs");
}

#[test]
#[cfg_attr(debug_assertions, ignore = "a minute's worth of instructions without optimisation")]
fn a_handler_at_every_instruction_of_attaching_and_detaching_calls_traced_functions() {
    let _turn = turn();
    REENTER.store(true, Ordering::Relaxed);
    let hits = counter();
    // The functions are read from the program once, and not in steps.
    let _ = gtramp::functions();
    let at_each = site!(at_each_step).fexit(move |_: &Exit| count(hits)).expect("any probe");
    let before = STEPS.load(Ordering::Relaxed);
    let (first, second) = step(|| {
        let first = site!(stepped).fentry(|_: &Entry| ()).expect("it takes any probe");
        let second = site!(stepped).fexit(|_: &Exit| ()).expect("it takes any probe");
        (first, second)
    });
    assert_eq!(stepped(1, 1), 2);
    step(|| {
        first.disable();
        second.detach();
        first.enable().expect("nothing has changed");
        first.detach();
    });
    assert_eq!(WRONG.load(Ordering::Relaxed), 0);
    let steps = STEPS.load(Ordering::Relaxed) - before;
    // While the thread attaches it runs unprobed, its handlers too.
    assert!(counted(hits) <= steps && counted(hits) > 0);
    println!("{steps} signals during two attaches and detaches");
    drop(at_each);
}
