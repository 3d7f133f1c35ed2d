//! The one lock under which functions change, and what is left to free.

use core::cell::Cell;
use std::sync::Arc;

use crate::caller::{CallAbi, TABLE, choose};
use crate::error::Error;
use crate::grace::abandon_marks_of_the_gone;
use crate::grace::wait_for_marks;
use crate::grace::{Held, IgnoreGuard, Marked, held, ignore_current_thread, marked, records};
use crate::md::{LOOKING, Md, Replaced, TableState};
use crate::poke::{Expected, Writable, is_known};
use crate::probe::{LinkState, List, ListBox, Needs, Row, discard, drop_caught};
use crate::site::{Function, Record};
use crate::sync::{Mutex, MutexGuard, Ordering, lock};
use crate::sys::{self, OutOfMemory};

use super::child;
use super::core::{Fate, LinkCore, Member};
use super::line::{Errand, Line, Turn};
use super::rows::{any_hashed, is_of, lookup_of};

/// Everything that changes under the lock and is not at a site.
pub(crate) struct State {
    pub(crate) table: TableState<Md>,
    pub(crate) attaches: u64,
    /// Whether code that is written was found to be run.
    pub(crate) is_tried: bool,
    /// How many passes were given to sites.
    passes: usize,
    /// Lists that were replaced and that a call may still hold. All of them are here, or among the
    /// next, until they are freed: detaching a link has to find every row of it.
    retired: Vec<Retired>,
    /// Those of them that a thread had a mark of when a link was taken out of them: somebody may be
    /// waiting for it, and looks at them without the lock.
    awaited: Vec<Arc<Retired>>,
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
    /// Tells calls that hold the list to skip the rows of `link`.
    pub(crate) fn kill(&self, link: &LinkCore) {
        self.list.rows().iter().filter(|row| is_of(row, link)).for_each(Row::kill);
    }

    /// Whether a thread may still be using it.
    fn is_held(&self, held: &Held) -> bool {
        // Futures last: see there.
        held.has_mark(self.md.mark())
            || held.any_in(self.list.addresses())
            || self.list.has_futures()
    }
}

/// A detached link of which a probe was still running.
struct Leaving {
    state: Arc<LinkState>,
    /// The link itself, if it is dropped with this. Where somebody has it, nobody else may, not even for
    /// a moment: when it has been detached, it is to be gone.
    link: Option<Arc<LinkCore>>,
    /// Its [`LinkState::installs`] then.
    installs: u64,
    members: Vec<Member>,
    lists: Vec<Arc<Retired>>,
}

/// Who may lock the state. Nobody else does, so whoever has the turn never waits for it.
static LINE: Line = Line::new();

static STATE: Mutex<State> = Mutex::new(State {
    table: TableState::new(&TABLE),
    attaches: 0,
    is_tried: false,
    passes: 0,
    retired: Vec::new(),
    awaited: Vec::new(),
    replaced: Vec::new(),
    leaving: Vec::new(),
});

/// The lock, held. Its thread runs unprobed: a probe that attached or detached in turn would
/// wait for itself.
pub(crate) struct Transaction {
    state: MutexGuard<'static, State>,
    /// What threads had marked, some time after it had begun, once somebody has asked.
    marked: Option<Marked>,
    /// Whether a barrier has come after the last change.
    is_settled: bool,
    /// The last list that was to have a shared caller, what calls it was for, and the caller.
    selected: Option<(ListBox, CallAbi, *const ())>,
    /// Whether links that were left to a later transaction are left to a later one than this.
    keeps_links: bool,
    /// After the guard of the lock, so that they are dropped after it, in this order.
    _turn: Turn<'static>,
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
    _lists: Vec<Retired>,
    _awaited: Vec<Arc<Retired>>,
    _arrays: Replaced<Md>,
    links: Vec<Arc<LinkCore>>,
}

impl Drop for Garbage {
    /// A panic in the drop of what a link has captured, which somebody has left behind, ends here:
    /// whoever finds it is in the midst of something else. The panic hook has reported it.
    fn drop(&mut self) {
        self.links.drain(..).filter_map(|link| drop_caught(link).err()).for_each(discard);
    }
}

impl Transaction {
    /// `None` in a child that was made without the handlers for forks, while another thread of its
    /// parent had the lock: nobody will ever release it there, nor end what it was doing.
    pub(crate) fn begin(errand: Errand) -> Option<Self> {
        let unprobed = ignore_current_thread();
        let under_way = UnderWay::begin();
        if !child::is_at_home(|| LINE.is_taken()) {
            return None;
        }
        let turn = LINE.wait(errand);
        Some(Self {
            state: lock(&STATE),
            marked: None,
            is_settled: false,
            selected: None,
            keeps_links: false,
            _turn: turn,
            _under_way: under_way,
            _unprobed: unprobed,
        })
    }

    /// Whether the calling thread is in one.
    pub(crate) fn is_under_way() -> bool {
        UNDER_WAY.get()
    }

    /// In the child of a fork that has begun it: nobody else waits there.
    pub(crate) fn is_alone() {
        LINE.forget_others();
    }

    /// Lets its end drop nothing of what links have captured.
    pub(crate) fn drop_no_links(&mut self) {
        self.keeps_links = true;
    }

    pub(crate) fn state(&mut self) -> &mut State {
        &mut self.state
    }

    /// Gives the sites of a function that is off a pass that none has had before.
    pub(crate) fn renew_pass(&mut self, function: &Function) {
        self.state.passes += 1;
        let pass = self.state.passes;
        function.sites().iter().for_each(|site| site.data().set_pass(pass));
    }

    /// The caller for a list that is to be published at `md`.
    pub(crate) fn select(&mut self, md: &Md, list: &mut ListBox) -> *const () {
        if !self.may_move_in(md, list.sole().link()) {
            list.share();
        }
        if let Some(own) = list.specialised() {
            return own;
        }
        let abi = CallAbi::at(md);
        // Neighbours often have one list, of which every row says something.
        if let Some((last, of, caller)) = &self.selected
            && core::ptr::eq::<List>(&**last, &**list)
            && *of == abi
        {
            return *caller;
        }
        let shared = choose::shared(list.needs(), lookup_of(any_hashed(list)), abi);
        let caller = shared.expect("attach() has checked that it exists").code();
        self.selected = Some((list.clone(), abi, caller));
        caller
    }

    /// Replaces a site's list and its caller, which was selected for it. The old list, if there were
    /// probes in it, is kept until no call can hold it.
    pub(crate) fn publish(
        &mut self,
        md: &'static Md,
        list: ListBox,
        caller: *const (),
    ) -> Option<&Retired> {
        self.is_settled = false;
        let old = md.publish(list, caller);
        if old.is_empty() {
            return None;
        }
        self.state.retired.push(Retired { list: old, md });
        self.state.retired.last()
    }

    /// Whether a list of this link alone may have a caller of its own at `md`: unless a thread may be
    /// running probes of another link under a mark that does not tell them apart.
    pub(super) fn may_move_in(&mut self, md: &Md, link: u64) -> bool {
        let tenant = md.tenant();
        if link == 0 || tenant == 0 || tenant == link {
            return true;
        }
        if md.current().specialised().is_some() {
            // Its list goes only in this transaction: a thread may set such a mark and find it.
            return false;
        }
        // The tenant's last list was replaced in an earlier transaction. So a thread that sets such a
        // mark after this barrier does not find it.
        let marked = self.marked.get_or_insert_with(|| {
            sys::barrier();
            marked()
        });
        !marked.has(md.mark())
    }

    /// Tells calls that hold a list which was replaced at one of these metadata to skip the rows of `link`.
    pub(super) fn kill_at(&mut self, link: &LinkCore, left: &Left) {
        self.is_settled = false;
        self.replaced_at(left).for_each(|old| old.kill(link));
    }

    /// The lists that were replaced at one of these metadata.
    pub(super) fn replaced_at<'t>(&'t self, left: &'t Left) -> impl Iterator<Item = &'t Retired> {
        let awaited = self.state.awaited.iter().map(|old| &**old);
        self.state.retired.iter().chain(awaited).filter(|old| left.has(old.md))
    }

    /// Makes room for so many lists that will be replaced, and in the hash table for so many
    /// functions.
    pub(crate) fn reserve(&mut self, lists: usize, hashed: usize) -> Result<(), OutOfMemory> {
        let state = &mut *self.state;
        sys::reserve(&mut state.retired, lists)?;
        if hashed > 0 {
            self.is_settled = false;
            state.table.reserve(hashed, &mut state.replaced)?;
        }
        Ok(())
    }

    /// How many lists were replaced and are not free yet.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn retired(&self) -> usize {
        self.state.retired.len() + self.state.awaited.len()
    }

    /// Gives back what the hash table no longer needs.
    pub(crate) fn shrink(&mut self) {
        self.is_settled = false;
        let state = &mut *self.state;
        state.table.shrink(&mut state.replaced);
    }

    /// Tells calls that hold any list that was replaced to skip the rows of `link`.
    pub(crate) fn kill(&mut self, link: &LinkCore) {
        self.is_settled = false;
        let awaited = self.state.awaited.iter().map(|old| &**old);
        self.state.retired.iter().chain(awaited).for_each(|old| old.kill(link));
    }

    /// A barrier, unless nothing was replaced and no row killed since the last one.
    pub(super) fn settle(&mut self) {
        if !core::mem::replace(&mut self.is_settled, true) {
            sys::barrier();
        }
    }

    /// The retired lists with a row of `link` that threads have marks of, sorted by address; and whether one of
    /// its probes may be running, in these or under its own marks.
    ///
    /// A barrier comes first: a mark that appears later on such a list is withdrawn, or names a row that
    /// is found dead.
    pub(crate) fn marked(&mut self, link: &LinkCore) -> (Vec<Arc<Retired>>, bool) {
        self.settle();
        let marked = marked();
        let state = &mut *self.state;
        if marked.any_address() {
            let is_marked = |old: &mut Retired| marked.any_in(&old.list.addresses());
            state.awaited.extend(state.retired.extract_if(.., is_marked).map(Arc::new));
        }
        let is_one = |old: &&Arc<Retired>| {
            marked.any_in(&old.list.addresses())
                && old.list.rows().iter().any(|row| is_of(row, link))
        };
        let mut lists: Vec<_> = state.awaited.iter().filter(is_one).cloned().collect();
        lists.sort_by_key(|old| old.list.addresses().start);
        let is_running = marked.any(|mark| may_run(mark, &link.state, &lists));
        (lists, is_running)
    }

    /// Remembers a link that could not be waited for, of which threads had marks in these lists.
    pub(crate) fn leave(
        &mut self,
        link: &Arc<LinkCore>,
        fate: Fate,
        installs: u64,
        members: Vec<Member>,
        lists: Vec<Arc<Retired>>,
    ) {
        let state = Arc::clone(&link.state);
        let link = (fate == Fate::Goes).then(|| Arc::clone(link));
        self.state.leaving.push(Leaving { state, link, installs, members, lists });
    }

    /// Ends it: frees what no thread holds any more. What users gave us is dropped without the lock.
    pub(crate) fn end(mut self) {
        let garbage = self.sweep();
        drop(self);
        drop(garbage);
    }

    /// Takes out what no thread holds any more. If there is anything to take out, a barrier comes
    /// first, after the last change.
    fn sweep(&mut self) -> Garbage {
        let state = &*self.state;
        if !state.leaving.is_empty() {
            abandon_marks_of_the_gone();
        }
        let retired = state.retired.len() + state.awaited.len();
        let are_many = retired > 0 && FEW_RECORDS + retired * RECORDS >= records();
        if !are_many && state.replaced.is_empty() && state.leaving.is_empty() {
            return Garbage::default();
        }
        self.settle();
        let state = &mut *self.state;
        let marked = marked();
        let (mut lists, mut awaited) = (Vec::new(), Vec::new());
        if are_many {
            let held = held();
            if sys::reserve(&mut lists, state.retired.len()).is_ok() {
                // Without memory for what is freed, a later transaction frees it.
                lists.extend(state.retired.extract_if(.., |old| !old.is_held(&held)));
            }
            awaited.extend(state.awaited.extract_if(.., |old| !old.is_held(&held)));
        }
        let arrays =
            if marked.has(LOOKING) { Vec::new() } else { core::mem::take(&mut state.replaced) };
        let leaving = core::mem::take(&mut state.leaving);
        let (kept, gone): (Vec<_>, Vec<_>) = leaving.into_iter().partition(|leaving| {
            (self.keeps_links && leaving.link.is_some())
                || marked.any(|mark| may_run(mark, &leaving.state, &leaving.lists))
        });
        state.leaving = kept;
        for Leaving { state, installs, members, .. } in &gone {
            // Otherwise its probes were put back meanwhile.
            if state.installs.load(Ordering::Relaxed) == *installs {
                vacate(state, members);
            }
        }
        let links = gone.into_iter().filter_map(|leaving| leaving.link).collect();
        Garbage { _lists: lists, _awaited: awaited, _arrays: arrays, links }
    }
}

/// Of so many threads what they hold is asked for one list. To ask takes as long as a short attach if there are
/// thousands of them, and lists can wait for others.
const RECORDS: usize = 64;

/// And of so few, whenever there is a list.
const FEW_RECORDS: usize = 512;

/// Waits until no thread runs a probe of `link` that it found in `lists`, which are retired.
pub(crate) fn wait(link: &LinkState, lists: &[Arc<Retired>]) {
    wait_for_marks(|mark| may_run(mark, link, lists));
}

/// Waits until no thread runs a probe of `link` at the functions that it has left.
pub(super) fn wait_at(link: &LinkState, lists: &[Arc<Retired>], left: &Left) {
    wait_for_marks(|mark| {
        Md::of_mark(mark).is_none_or(|md| left.has(md)) && may_run(mark, link, lists)
    });
}

/// Metadata, sorted by their marks.
pub(super) struct Left(Vec<&'static Md>);

impl Left {
    pub(super) fn new(mut left: Vec<&'static Md>) -> Self {
        left.sort_unstable_by_key(|md| md.mark());
        Self(left)
    }

    pub(super) fn has(&self, md: &Md) -> bool {
        self.0.binary_search_by_key(&md.mark(), |left| left.mark()).is_ok()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'static Md> {
        self.0.iter().copied()
    }
}

/// Notes that no thread runs a probe of `link` any more, which was attached to `members`.
///
/// Under the transaction lock.
pub(crate) fn vacate(link: &LinkState, members: &[Member]) {
    members.iter().flat_map(Member::sites).for_each(|md| md.vacate(link.number));
}

/// Whether a thread with this mark runs, or may come to run, a probe of `link`.
///
/// A caller of entry probes that do not block marks the list and then runs it to its end, so
/// any mark of such a list counts, and so does that of a thread that is just entering a list.
/// Every other caller asks each row whether it is dead, so there only the link's own rows count.
/// A mark of the metadata itself runs probes of the tenant.
fn may_run(mark: *mut (), link: &LinkState, lists: &[Arc<Retired>]) -> bool {
    if let Some(md) = Md::of_mark(mark) {
        return md.tenant() == link.number;
    }
    let mark = mark.addr();
    let at = lists.partition_point(|old| old.list.addresses().start <= mark);
    let Some(list) = at.checked_sub(1).map(|at| &lists[at].list) else { return false };
    list.addresses().contains(&mark)
        && (list.needs() == Needs::NOTHING
            || list.is_entering(mark)
            || list.row_at(mark).is_some_and(|row| core::ptr::eq(row.link, link)))
}

/// What a site's entry should be.
pub(crate) fn expected(site: &Record) -> Expected {
    Md::existing(site.data()).map_or(Expected::NEW, |md| {
        let armed = md.is_armed();
        let shown = if armed { md.caller() } else { core::ptr::null() };
        Expected { armed, aim: (!md.is_astray()).then_some(shown) }
    })
}

/// Lets the entry at `md` follow what was published there. If it cannot be armed, it is as it was; that it
/// cannot be disarmed harms nothing: its calls find nothing to run.
pub(crate) fn follow(md: &'static Md, writable: &mut Writable) -> Result<(), Error> {
    let (site, arm) = (md.site(), md.is_wanted());
    if !arm && !md.is_armed() {
        return Ok(());
    }
    // Until all is written.
    md.set_astray(true);
    if !arm && !is_known(site) {
        // A breakpoint that was set on it meanwhile: who set it will put back what was there before, which
        // is an armed switch. Until the next link goes, calls find nothing to run.
        return Ok(());
    }
    let shown = if arm {
        // Before the switch, so that no call goes the long way.
        let shown = writable.aim(site, md.caller());
        if !md.is_armed() {
            writable.switch(site, true)?;
            md.set_armed(true);
        }
        shown
    } else {
        writable.switch(site, false)?;
        md.set_armed(false);
        // A thread that is past the switch finds the way through the metadata.
        writable.aim(site, core::ptr::null())
    };
    md.set_astray(!shown);
    Ok(())
}
