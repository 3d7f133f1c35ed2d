//! Callers against a transaction, in every order.

use std::sync::atomic::{AtomicU64 as StdU64, Ordering as StdOrdering};

use loom::cell::UnsafeCell;
use loom::thread;

use crate::grace::{Named, Published, Thread, is_held, is_marked, wait_for_marks_of};
use crate::grace::{enter_place, leave, leave_and_wake, recheck};
use crate::probe::Sole;
use crate::selected::Selected;
use crate::sync::{AtomicBool, Ordering};
use crate::sys;
use crate::table::{LOOKING, Table, TableState};

/// What a list is to the protocols: something that is freed, and a row that can be dead.
#[repr(C, align(8))]
struct List {
    row: u64,
    dead: AtomicBool,
    /// Written when the list is freed, read by whoever uses it: loom reports the race.
    memory: UnsafeCell<u64>,
    /// As `memory`, of the link: its closure.
    link: UnsafeCell<u64>,
    number: u64,
}

impl Named for List {
    fn entering(list: *mut Self) -> *mut () {
        list.cast::<u8>().wrapping_add(2).cast()
    }

    fn entered(&self) -> *mut () {
        self.row_mark()
    }
}

const ALIVE: u64 = 1;
const FREED: u64 = 2;

impl List {
    fn new(number: u64) -> *mut Self {
        Box::into_raw(Box::new(Self {
            row: 0,
            dead: AtomicBool::new(false),
            memory: UnsafeCell::new(ALIVE),
            link: UnsafeCell::new(ALIVE),
            number,
        }))
    }

    fn row_mark(&self) -> *mut () {
        core::ptr::from_ref(self).cast_mut().cast::<u8>().wrapping_add(1).cast()
    }

    fn addresses(&self) -> core::ops::Range<usize> {
        let start = core::ptr::from_ref(self).addr();
        start..start + size_of::<Self>()
    }

    fn read_memory(&self) {
        // SAFETY: loom checks that nobody writes at the same time.
        self.memory.with(|memory| assert_eq!(unsafe { *memory }, ALIVE, "the list was freed"));
    }

    /// Runs the probe.
    fn run(&self) {
        // SAFETY: loom checks that nobody writes at the same time.
        self.link.with(|link| assert_eq!(unsafe { *link }, ALIVE, "the closure was dropped"));
    }

    fn free_memory(&self) {
        // SAFETY: loom checks that nobody reads at the same time.
        self.memory.with_mut(|memory| unsafe { *memory = FREED });
    }

    fn drop_link(&self) {
        // SAFETY: loom checks that nobody reads at the same time.
        self.link.with_mut(|link| unsafe { *link = FREED });
    }
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn record() -> &'static Thread {
    leak(Thread::new(core::ptr::null_mut()))
}

/// A caller of entry probes that do not block: `caller/run.rs`, `entry`.
fn call_entry(published: &Published<List>, thread: &'static Thread) {
    let mark = thread.outermost();
    let list = published.enter(mark);
    list.read_memory();
    if list.number == 1 {
        list.run();
    }
    leave(thread, mark);
}

/// What a caller marks that was made for the lists of one link: something that lives for ever.
static OWNER: u64 = 0;

fn owner() -> *mut () {
    core::ptr::from_ref(&OWNER).cast_mut().cast()
}

/// The caller that serves every list, and one that was made for lists of a link alone: every link's, as if
/// all had probes of one type.
static FULL: u64 = 0;
static OWN: u64 = 0;

fn full() -> *const () {
    core::ptr::from_ref(&FULL).cast()
}

fn own() -> *const () {
    core::ptr::from_ref(&OWN).cast()
}

/// A caller made for one link: `caller/specialised.rs`. The calls of others go on elsewhere.
fn call_own(selected: &Selected<List>, thread: &'static Thread) -> Option<Sole> {
    let mark = thread.outermost();
    enter_place(mark, owner());
    let sole = (selected.caller() == own()).then(|| {
        // SAFETY: loom checks that it is there.
        let list = unsafe { selected.list() };
        list.read_memory();
        list.run();
        let sole = selected.alone();
        assert_eq!(sole.link(), list.number, "whose exit probe runs later");
        sole
    });
    leave(thread, mark);
    sole
}

/// What such a caller does when the body has returned.
fn end_own(selected: &Selected<List>, thread: &'static Thread, sole: Sole) {
    let mark = thread.outermost();
    enter_place(mark, owner());
    if selected.sole() == sole {
        // SAFETY: loom checks that it is there.
        let list = unsafe { selected.list() };
        list.read_memory();
        list.run();
        assert_eq!(list.number, sole.link());
    }
    leave(thread, mark);
}

/// Attaches this link, alone: `Md::publish`. Whether it could move in: `link/transaction.rs`.
fn attach_own(selected: &Selected<List>, thread: &'static Thread, link: u64) -> Option<&'static List> {
    if ![0, link].contains(&selected.tenant()) {
        sys::barrier();
        if is_marked(&[thread], owner()) {
            return None;
        }
    }
    let list = List::new(link);
    selected.announce(list, Sole::new(link, 1, 0, 1));
    selected.select(own());
    // SAFETY: the model leaks every list.
    Some(unsafe { &*list })
}

/// Another link joins it, or it goes: what it was alone in is retired.
fn retire_own(selected: &Selected<List>) {
    selected.announce(core::ptr::null_mut(), Sole::NOBODY);
    selected.select(full());
}

/// Drops a link which was retired, and frees its list if nobody has it.
fn detach_own(selected: &Selected<List>, thread: &'static Thread, list: &'static List) {
    sys::barrier();
    wait_for_marks_of(&[thread], |mark| mark == owner() && selected.tenant() == list.number);
    list.drop_link();
    selected.vacate(list.number);
    free_own(thread, list);
}

/// Frees a list that was retired before, unless a thread has the mark of such lists.
fn free_own(thread: &'static Thread, list: &'static List) {
    sys::barrier();
    if !is_marked(&[thread], owner()) {
        list.free_memory();
    }
}

/// A caller with an exit probe: `caller/origin.rs` and `run_row` of `caller/run.rs`.
fn call_origin(published: &Published<List>, thread: &'static Thread) {
    let (list, pin) = published.pin(thread);
    list.read_memory();
    // The origin is here.
    if list.number == 1 {
        run_row(list, thread);
    }
    pin.release(thread);
}

fn run_row(list: &List, thread: &Thread) {
    let mark = thread.outermost();
    let is_dead = || !cfg!(gtramp_mutation = "dead") && list.dead.load(Ordering::Relaxed);
    if recheck(mark, list.row_mark(), is_dead) {
        list.run();
    }
    leave(thread, mark);
}

/// Detaches what is in the first list, which callers hold through a mark until they have run it.
fn detach_entry(published: &Published<List>, thread: &'static Thread) {
    let busy = |old: &List, mark: *mut ()| old.addresses().contains(&mark.addr());
    free(withdraw(published, thread, busy), thread);
}

/// Detaches what is in the first list, which callers hold through a pin and run row by row.
fn detach_pinned(published: &Published<List>, thread: &'static Thread) {
    free(withdraw(published, thread, |old, mark| mark == old.row_mark()), thread);
}

/// What every detach does: `link/detach.rs`. `busy` says which marks it waits for.
fn withdraw(
    published: &Published<List>,
    thread: &'static Thread,
    busy: impl Fn(&List, *mut ()) -> bool,
) -> &'static List {
    let old = published.replace(List::new(2));
    // SAFETY: the model leaks every list.
    let old: &'static List = unsafe { &*old };
    old.dead.store(true, Ordering::Relaxed);
    sys::barrier();
    wait_for_marks_of(&[thread], |mark| busy(old, mark));
    old.drop_link();
    sys::barrier();
    old
}

/// Frees a list, unless it is held.
fn free(list: &List, thread: &'static Thread) {
    if !is_held(&[thread], list.addresses()) {
        list.free_memory();
    }
}

/// A list that is published, and the record of the thread that will call.
fn world() -> (&'static Published<List>, &'static Thread) {
    (leak(Published::new(List::new(1))), record())
}

/// Of metadata of which no link is alone, what callers made for lone links look at, and the record of the
/// thread that will call.
fn alone() -> (&'static Selected<List>, &'static Thread) {
    (leak(Selected::new(full())), record())
}

/// Other threads make calls while this one does something else.
fn meanwhile<const N: usize>(others: [impl FnOnce() + 'static; N], this: impl FnOnce()) {
    let others = others.map(thread::spawn);
    this();
    others.into_iter().for_each(|other| other.join().expect("it ends"));
}

static EXECUTIONS: StdU64 = StdU64::new(0);

fn check(model: impl Fn() + Sync + Send + 'static) {
    check_with(0, model);
}

/// With at least so many interruptions.
fn check_with(interruptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let before = EXECUTIONS.load(StdOrdering::Relaxed);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.map(|bound| bound.max(interruptions));
    builder.check(move || {
        EXECUTIONS.fetch_add(1, StdOrdering::Relaxed);
        model();
    });
    let name = std::thread::current().name().unwrap_or("a model").to_owned();
    println!("{name}: {} executions", EXECUTIONS.load(StdOrdering::Relaxed) - before);
}

#[test]
fn an_entry_probe_never_runs_after_its_detach() {
    check(|| {
        let (published, thread) = world();
        let calls = move || {
            call_entry(published, thread);
            call_entry(published, thread);
        };
        meanwhile([calls], || detach_entry(published, thread));
    });
}

#[test]
fn a_probe_with_a_caller_of_its_own_never_runs_after_its_detach() {
    check(|| {
        let (selected, thread) = alone();
        let calls = move || {
            let sole = call_own(selected, thread);
            sole.into_iter().for_each(|sole| end_own(selected, thread, sole));
        };
        let list = attach_own(selected, thread, 1).expect("nobody is there");
        meanwhile([calls], || {
            retire_own(selected);
            detach_own(selected, thread, list);
        });
    });
}

#[test]
fn a_list_that_follows_another_at_the_same_place_is_kept_by_the_mark_that_kept_the_first() {
    check(|| {
        let (selected, thread) = alone();
        let calls = move || {
            let sole = call_own(selected, thread);
            sole.into_iter().for_each(|sole| end_own(selected, thread, sole));
        };
        let first = attach_own(selected, thread, 1).expect("nobody is there");
        meanwhile([calls], || {
            retire_own(selected);
            detach_own(selected, thread, first);
            let second = attach_own(selected, thread, 2).expect("the first has gone");
            retire_own(selected);
            detach_own(selected, thread, second);
        });
    });
}

#[test]
fn a_link_moves_in_where_another_was_when_no_call_can_take_it_for_the_other() {
    check(|| {
        let (selected, thread) = alone();
        let calls = move || {
            let sole = call_own(selected, thread);
            sole.into_iter().for_each(|sole| end_own(selected, thread, sole));
        };
        let first = attach_own(selected, thread, 1).expect("nobody is there");
        meanwhile([calls], || {
            // The second joins the first, and is alone when the first has gone.
            retire_own(selected);
            let second = attach_own(selected, thread, 2);
            detach_own(selected, thread, first);
            if let Some(second) = second {
                retire_own(selected);
                detach_own(selected, thread, second);
            }
        });
    });
}

#[test]
fn a_list_of_a_link_that_is_alone_again_stays_for_a_call_that_found_it_before() {
    check(|| {
        let (selected, thread) = alone();
        let calls = move || {
            let sole = call_own(selected, thread);
            sole.into_iter().for_each(|sole| end_own(selected, thread, sole));
        };
        let first = attach_own(selected, thread, 1).expect("nobody is there");
        meanwhile([calls], || {
            retire_own(selected);
            let again = attach_own(selected, thread, 1).expect("it is its own");
            free_own(thread, first);
            again.read_memory();
        });
    });
}

#[test]
fn an_exit_probe_never_runs_after_its_detach_and_its_list_stays_while_it_is_pinned() {
    check(|| {
        let (published, thread) = world();
        let calls = move || {
            call_origin(published, thread);
            call_origin(published, thread);
        };
        meanwhile([calls], || detach_pinned(published, thread));
    });
}

#[test]
fn a_list_stays_for_calls_that_are_deeper_than_the_pins() {
    // The model's records have one pin, and one more in a piece of memory; what is deeper has none.
    for depth in [1, 2] {
        check(move || {
            let (published, thread) = world();
            let calls = move || {
                let outer: Vec<_> = (0..depth).map(|_| published.pin(thread)).collect();
                call_origin(published, thread);
                outer.into_iter().rev().for_each(|(list, pin)| {
                    list.read_memory();
                    pin.release(thread);
                });
            };
            meanwhile([calls], || detach_pinned(published, thread));
        });
    }
}

#[test]
fn a_pin_beyond_the_record_is_seen_when_it_is_taken_again() {
    check(|| {
        let (published, thread) = world();
        let calls = move || {
            let (outer, held) = published.pin(thread);
            for _ in 0..2 {
                let (list, pin) = published.pin(thread);
                list.read_memory();
                pin.release(thread);
            }
            outer.read_memory();
            held.release(thread);
        };
        meanwhile([calls], || detach_pinned(published, thread));
    });
}

#[test]
fn a_pin_that_names_another_list_has_let_the_first_one_go() {
    // What it is about takes four.
    check_with(4, || {
        let (published, thread) = world();
        let calls = move || {
            for _ in 0..2 {
                let (list, pin) = published.pin(thread);
                list.read_memory();
                pin.release(thread);
            }
        };
        meanwhile([calls], || detach_pinned(published, thread));
    });
}

#[test]
fn a_pin_that_was_let_go_on_another_thread_is_taken_again() {
    check(|| {
        let (published, thread) = world();
        let (list, pin) = published.pin(thread);
        // A coroutine that began on the record's thread ends on another.
        let elsewhere = move || {
            list.read_memory();
            pin.release(record());
        };
        let calls = move || {
            let (list, pin) = published.pin(thread);
            list.read_memory();
            pin.release(thread);
        };
        meanwhile([elsewhere], || meanwhile([calls], || detach_pinned(published, thread)));
    });
}

#[test]
fn a_record_passes_from_a_thread_that_exits_to_one_that_begins() {
    check(|| {
        let (published, thread) = world();
        let life = move || {
            if thread.claim() {
                call_entry(published, thread);
                thread.give_back();
            }
        };
        meanwhile([life, life], || detach_entry(published, thread));
    });
}

#[test]
fn a_lookup_finds_its_own_value_or_none_while_the_table_changes() {
    check(|| {
        let table: &'static Table<usize> = leak(Table::new());
        let mut state = TableState::new(table);
        let mut replaced = Vec::new();
        let (first, second) = (leak(16_usize), leak(32_usize));
        state.reserve(1, &mut replaced).expect("there is memory");
        state.insert(*first, first);
        let thread = record();
        let reads = move || {
            let mark = thread.outermost();
            for key in [16, 32] {
                if let Some(value) = table.find(key, mark) {
                    assert_eq!(*value, key);
                }
                leave(thread, mark);
            }
        };
        meanwhile([reads], || {
            state.remove(*first);
            state.reserve(1, &mut replaced).expect("there is memory");
            state.insert(*second, second);
            state.reserve(16, &mut replaced).expect("there is memory");
            sys::barrier();
            let looking = LOOKING.addr()..LOOKING.addr() + 1;
            if is_held(&[thread], looking) {
                // Left for the next transaction.
                std::mem::forget(replaced);
            } else {
                drop(replaced);
            }
        });
    });
}

/// `grace/wait.rs`, `Pause`: who has said that he waits sleeps only if the mark still stands.
#[test]
fn who_sleeps_until_a_mark_is_let_go_is_woken() {
    check(|| {
        let thread = record();
        let mark = thread.outermost();
        mark.store(owner(), Ordering::Relaxed);
        let ends = move || leave_and_wake(thread, thread.outermost());
        let sleeps = std::cell::Cell::new(false);
        meanwhile([ends], || {
            thread.await_marks();
            sys::barrier();
            sleeps.set(is_marked(&[thread], owner()));
        });
        assert!(!sleeps.get() || !thread.is_awaited(), "nobody wakes it");
    });
}
