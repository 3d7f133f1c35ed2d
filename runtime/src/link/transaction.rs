//! The one lock under which functions change, and what is left to free.

use core::cell::Cell;
use std::sync::Arc;

use crate::caller::{Lookup, Shape, TABLE, Variant};
use crate::caller::{fullest, select, single_caller, specialised_name, variant_at};
use crate::grace::{Held, IgnoreGuard, held, ignore_current_thread, wait_for_marks};
use crate::md::{LOOKING, Md, Replaced, TableState};
use crate::probe::{ListBox, Needs};
use crate::site::{Function, Record};
use crate::sync::{Mutex, MutexGuard, lock};
use crate::sys::{self, OutOfMemory};

use super::core::LinkCore;
use super::rows::{any_hashed, is_of};

/// Everything that changes under the lock and is not at a site.
pub(crate) struct State {
    pub(crate) table: TableState<Md>,
    pub(crate) attaches: u64,
    /// Lists that were replaced and that a call may still hold. All of them are here until they
    /// are freed: detaching a link has to find every row of it.
    retired: Vec<Arc<Retired>>,
    /// Arrays of the table that were replaced.
    replaced: Replaced<Md>,
    /// Links detached from inside one of their own probes, or without waiting.
    leaving: Vec<Leaving>,
}

/// A list that was replaced, and where.
pub(crate) struct Retired {
    pub(crate) list: ListBox,
    pub(crate) md: &'static Md,
}

impl Retired {
    /// Whether a thread may still be using it.
    fn is_held(&self, held: &Held) -> bool {
        held.has_mark(self.md.mark()) || held.any_in(self.list.addresses())
    }
}

/// A detached link of which a probe was still running.
struct Leaving {
    link: Arc<LinkCore>,
    lists: Vec<Arc<Retired>>,
}

static STATE: Mutex<State> = Mutex::new(State {
    table: TableState::new(&TABLE),
    attaches: 0,
    retired: Vec::new(),
    replaced: Vec::new(),
    leaving: Vec::new(),
});

/// The lock, held. Its thread runs unprobed: a probe that attached or detached in turn would
/// wait for itself.
pub(crate) struct Transaction {
    state: MutexGuard<'static, State>,
    /// What threads held, some time after it had begun, once somebody has asked.
    held: Option<Held>,
    /// After the guard of the lock, so that they are dropped after it.
    _under_way: UnderWay,
    _unprobed: IgnoreGuard,
}

std::thread_local! {
    /// Whether the thread is in a transaction.
    static UNDER_WAY: Cell<bool> = const { Cell::new(false) };
}

/// Says so, until it is dropped.
struct UnderWay;

impl UnderWay {
    fn begin() -> Self {
        UNDER_WAY.set(true);
        Self
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.set(false);
    }
}

/// What is to be dropped when the lock is free again: users' closures among it.
#[derive(Default)]
struct Garbage {
    _lists: Vec<Arc<Retired>>,
    _arrays: Replaced<Md>,
    _links: Vec<Arc<LinkCore>>,
}

impl Transaction {
    pub(crate) fn begin() -> Self {
        let unprobed = ignore_current_thread();
        let under_way = UnderWay::begin();
        Self { state: lock(&STATE), held: None, _under_way: under_way, _unprobed: unprobed }
    }

    /// Whether the calling thread is in one.
    pub(crate) fn is_under_way() -> bool {
        UNDER_WAY.get()
    }

    pub(crate) fn state(&mut self) -> &mut State {
        &mut self.state
    }

    /// Replaces a site's list and selects its caller. The old list is kept until no call can hold it.
    pub(crate) fn publish(&mut self, md: &'static Md, mut list: ListBox) {
        if !self.may_move_in(md, list.sole().link()) {
            list.share();
        }
        let caller = list.specialised().unwrap_or_else(|| caller_for(md, &list).code());
        let old = md.publish(list, caller);
        if !old.is_empty() {
            self.state.retired.push(Arc::new(Retired { list: old, md }));
        }
    }

    /// Whether a list of this link alone may have a caller of its own at `md`: unless a thread may be
    /// running probes of another link under a mark that does not tell them apart.
    fn may_move_in(&mut self, md: &Md, link: u64) -> bool {
        let tenant = md.tenant();
        if link == 0 || tenant == 0 || tenant == link {
            return true;
        }
        // The tenant's last list was replaced in an earlier transaction. So a thread that sets such a
        // mark after this barrier does not find it.
        let held = self.held.get_or_insert_with(|| {
            sys::barrier();
            held()
        });
        !held.has_mark(md.mark())
    }

    /// Makes room for `more` lists that will be replaced, and in the hash table for as many
    /// functions if they are `hashed`.
    pub(crate) fn reserve(&mut self, more: usize, hashed: bool) -> Result<(), OutOfMemory> {
        let state = &mut *self.state;
        sys::reserve(&mut state.retired, more)?;
        if hashed {
            state.table.reserve(more, &mut state.replaced)?;
        }
        Ok(())
    }

    /// How many lists were replaced and are not free yet.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn retired(&self) -> usize {
        self.state.retired.len()
    }

    /// Gives back what the hash table no longer needs.
    pub(crate) fn shrink(&mut self) {
        let state = &mut *self.state;
        state.table.shrink(&mut state.replaced);
    }

    /// Every retired list with a row of `link`, sorted by address.
    pub(crate) fn retired_with(&self, link: &LinkCore) -> Vec<Arc<Retired>> {
        let with_rows = |old: &&Arc<Retired>| old.list.rows().iter().any(|row| is_of(row, link));
        let mut lists: Vec<_> = self.state.retired.iter().filter(with_rows).cloned().collect();
        lists.sort_by_key(|old| old.list.addresses().start);
        lists
    }

    /// Remembers a link that could not be waited for.
    pub(crate) fn leave(&mut self, link: Arc<LinkCore>, lists: Vec<Arc<Retired>>) {
        self.state.leaving.push(Leaving { link, lists });
    }

    /// Ends it: a barrier after the last change, then frees what no thread holds any more. What
    /// users gave us is dropped without the lock.
    pub(crate) fn end(mut self) {
        sys::barrier();
        let garbage = self.sweep();
        drop(self);
        drop(garbage);
    }

    fn sweep(&mut self) -> Garbage {
        let held = held();
        let state = &mut *self.state;
        let retired = core::mem::take(&mut state.retired);
        let (kept, lists) = retired.into_iter().partition(|old| old.is_held(&held));
        state.retired = kept;
        let looking = LOOKING.addr()..LOOKING.addr() + 1;
        let arrays =
            if held.any_in(looking) { Vec::new() } else { core::mem::take(&mut state.replaced) };
        let leaving = core::mem::take(&mut state.leaving);
        let (kept, gone): (Vec<_>, Vec<_>) = leaving.into_iter().partition(|leaving| {
            held.any_mark(|mark| may_run(mark, &leaving.link, &leaving.lists))
        });
        state.leaving = kept;
        for leaving in &gone {
            vacate(&leaving.link, &leaving.lists);
        }
        let links = gone.into_iter().map(|leaving| leaving.link).collect();
        Garbage { _lists: lists, _arrays: arrays, _links: links }
    }
}

/// Waits until no thread runs a probe of `link` that it found in `lists`, which are retired.
pub(crate) fn wait(link: &LinkCore, lists: &[Arc<Retired>]) {
    wait_for_marks(|mark| may_run(mark, link, lists));
}

/// Notes that no thread runs a probe of `link` any more, which it would have found in `lists`.
///
/// Under the transaction lock.
pub(crate) fn vacate(link: &LinkCore, lists: &[Arc<Retired>]) {
    lists.iter().for_each(|old| old.md.vacate(link.state.rank.1));
}

/// Whether a thread with this mark runs, or may come to run, a probe of `link`.
///
/// A caller of entry probes that do not block marks the list and then runs it to its end, so
/// any mark of such a list counts, and so does that of a thread that is just entering a list.
/// Every other caller asks each row whether it is dead, so there only the link's own rows count.
/// A mark of the metadata itself runs probes of the tenant.
fn may_run(mark: *mut (), link: &LinkCore, lists: &[Arc<Retired>]) -> bool {
    if let Some(md) = Md::of_mark(mark) {
        return md.tenant() == link.state.rank.1;
    }
    let mark = mark.addr();
    let at = lists.partition_point(|old| old.list.addresses().start <= mark);
    let Some(list) = at.checked_sub(1).map(|at| &lists[at].list) else { return false };
    list.addresses().contains(&mark)
        && (list.needs() == Needs::NOTHING
            || list.is_entering(mark)
            || list.row_at(mark).is_some_and(|row| is_of(row, link)))
}

/// The caller for a site's list.
pub(crate) fn caller_for(md: &Md, list: &ListBox) -> &'static Variant {
    let needs = list.needs();
    let shape = Shape {
        slots: md.target.slots as usize,
        sleepable: needs.has(Needs::SLEEP),
        origin: needs.has(Needs::ORIGIN),
    };
    let lookup = if any_hashed(list) { Lookup::Hash } else { Lookup::Inline };
    select(shape, lookup).expect("attach() has checked that the shape exists")
}

/// The caller that serves every list of a function; `None` if none was generated.
pub(crate) fn full_caller(function: &Function) -> Option<&'static Variant> {
    fullest(function.slots())
}

/// Whether a site's entry is armed.
pub(crate) fn is_armed(site: &Record) -> bool {
    Md::existing(site.data()).is_some_and(Md::is_armed)
}

/// The symbol name of the caller that serves a site now.
pub(crate) fn caller_name(md: &Md) -> &'static str {
    let code = md.caller();
    let slots = md.target.slots as usize;
    let shared = variant_at(code).map(|variant| variant.name);
    let single = || single_caller(slots).filter(|&(single, _)| single == code);
    let single = || single().map(|(_, name)| name);
    shared.or_else(single).or_else(|| specialised_name(slots)).unwrap_or("")
}
