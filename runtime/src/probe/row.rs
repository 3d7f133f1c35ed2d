//! Rows: one probe of one function, and what runs it.

use core::mem::{MaybeUninit, offset_of};

use crate::grace::{Errno, Thread};
use crate::site::Slot;
use crate::sync::{AtomicBool, Ordering};

use super::LinkState;
use super::frame::{Outcome, Target, Whose};
use super::polled::PollCall;

/// Runs the entry probe of a row, and keeps `errno` from it: where the row is, the saved slots, the
/// calling thread's `errno`, and whose slots they are. Callers in assembly call it as well, so it has C's calling
/// convention, and takes what they have where they have it: the last is in the register in which an
/// entry hands it over.
///
/// # Safety
///
/// The row's link is alive and stays so: the caller carries a mark that names the row, and has
/// seen that the row is not dead or the list is current. The slots are those of a call of the
/// function whose metadata these are, to which the row's probe was bound.
pub(crate) type EntryThunk = unsafe extern "C" fn(At, *mut Slot, Errno, Unused, Unused, Whose);

/// A register with anything in it.
pub(crate) type Unused = MaybeUninit<usize>;

/// A row, by its distance from the first one: for the first, that is where the list is.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct At(*const ());

impl At {
    #[inline(always)]
    fn new(row: &Row) -> Self {
        Self(core::ptr::from_ref(row).wrapping_byte_sub(Row::FIRST).cast())
    }

    /// # Safety
    ///
    /// The row's list is held for as long as the row is used.
    #[inline(always)]
    pub(crate) unsafe fn row<'r>(self) -> &'r Row {
        let row = self.0.wrapping_byte_add(Row::FIRST).cast::<Row>();
        // SAFETY: the caller's promise.
        unsafe { &*row }
    }
}

/// Runs a probe that may decide the result, and keeps `errno` from it: as an [`EntryThunk`], and where the
/// result is to be. Says whether the call is [`Outcome::Skipped`] now or still [`Outcome::Running`].
///
/// # Safety
///
/// As [`EntryThunk`]. There is room for the result, and none yet.
pub(crate) type ModRetThunk =
    unsafe extern "C" fn(At, *mut Slot, Errno, *mut (), Unused, Whose) -> Outcome;

/// Runs the exit probe of a row, and keeps `errno` from it: the row, the saved slots, whose they are, where
/// the result is, how the call has ended, and the calling thread's `errno`. In registers, because most
/// probes look at little of it.
///
/// # Safety
///
/// As [`EntryThunk`], and the result is there unless the call has unwound.
pub(crate) type ExitThunk = unsafe fn(&Row, *mut Slot, Whose, *mut (), Outcome, Errno);

/// Ends a call that has returned: runs the exit probe of a row as an [`ExitThunk`], lets the calling thread's
/// outermost mark go, and returns the result. It is handed the result, the row, whose slots they are, and
/// the slots themselves; what the function has no slot for is anything. A caller's last act can be to jump
/// there: nothing of its frame is needed. The row comes as an address, because when the mark is gone, the row can
/// be gone as well before this returns.
///
/// # Safety
///
/// As [`ExitThunk`], where the mark is the thread's outermost one; and the function has no more slots than these, and
/// its result travels in one.
pub(crate) type EndThunk = unsafe extern "C" fn(Slot, *const Row, Whose, Slot, Slot, Slot) -> Slot;

/// Runs the poll probe of a row, and keeps `errno` from it.
///
/// # Safety
///
/// The row's link is alive and stays so, as for an [`EntryThunk`]; and the poll is one of the function to which the row's
/// probe was bound.
pub(crate) type PollThunk = unsafe fn(&Row, &PollCall, Errno);

/// How many slots an [`EndThunk`] takes.
pub(crate) const END_SLOTS: usize = 3;

/// What runs an exit probe: among others, or alone at the end of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExitCode {
    pub(super) run: ExitThunk,
    pub(super) end: EndThunk,
}

/// What runs a probe.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Thunk {
    Entry(EntryThunk),
    ModRet(ModRetThunk),
    Exit(&'static ExitCode),
    Poll(PollThunk),
}

/// The code of a row's thunk: which of these it is follows from the row's place in its list.
#[derive(Clone, Copy)]
union Code {
    entry: EntryThunk,
    mod_ret: ModRetThunk,
    exit: &'static ExitCode,
    poll: PollThunk,
}

/// One probe of one function.
#[repr(C)]
pub(crate) struct Row {
    code: Code,
    /// The probe itself, of the type its thunk knows.
    pub(crate) probe: *const (),
    pub(crate) cookie: u64,
    /// Held by the row's list.
    pub(crate) link: *const LinkState,
    /// The caller for this probe alone; null if there is none.
    pub(crate) specialised: *const (),
    /// Bit i: the i-th argument's slot holds the address of what the probe asks for.
    pub(crate) through: u32,
    /// Whether a call that the link misses counts at this row: at one of its rows, not at each.
    pub(crate) counts: bool,
    dead: AtomicBool,
}

impl Thunk {
    /// The row that it runs.
    pub(crate) fn row(
        self,
        probe: *const (),
        cookie: u64,
        link: *const LinkState,
        through: u32,
        specialised: *const (),
    ) -> Row {
        let code = match self {
            Self::Entry(entry) => Code { entry },
            Self::ModRet(mod_ret) => Code { mod_ret },
            Self::Exit(exit) => Code { exit },
            Self::Poll(poll) => Code { poll },
        };
        let dead = AtomicBool::new(false);
        let counts = true;
        Row { code, probe, cookie, link, specialised, through, counts, dead }
    }
}

/// Runs no probe.
unsafe extern "C" fn nothing(_: At, _: *mut Slot, _: Errno, _: Unused, _: Unused, _: Whose) {}

impl Row {
    /// The row of no probe, which is dead.
    #[expect(clippy::declare_interior_mutable_const, reason = "one static is made of it")]
    pub(super) const NOBODY: Self = Self {
        code: Code { entry: nothing },
        probe: core::ptr::null(),
        cookie: 0,
        link: core::ptr::null(),
        specialised: core::ptr::null(),
        through: 0,
        counts: false,
        dead: AtomicBool::new(true),
    };

    /// Where the code of its thunk is, for callers in assembly.
    #[allow(dead_code, reason = "only some architectures have such callers")]
    pub(crate) const CODE: usize = offset_of!(Self, code);

    /// How far behind its list's address the first row is.
    pub(super) const FIRST: usize = 6 * size_of::<u32>() + 5 * size_of::<usize>();

    /// How far behind its address the mark of a thread that runs it is: odd, to tell it from others.
    pub(crate) const NAMED: usize = 1;

    /// Runs the probe of a row among `List::entries`.
    ///
    /// # Safety
    ///
    /// As [`EntryThunk`].
    #[inline(always)]
    pub(crate) unsafe fn run_entry(
        &self,
        args: *mut Slot,
        target: &'static Target,
        thread: &Thread,
    ) {
        // SAFETY: a row among the entries was made of an entry thunk.
        let thunk = unsafe { self.code.entry };
        let (at, whose, unused) = (At::new(self), Whose::new(target), Unused::uninit());
        // SAFETY: the caller's promise.
        unsafe { thunk(at, args, thread.errno(), unused, unused, whose) };
    }

    /// Runs the probe of a row among `List::mods`.
    ///
    /// # Safety
    ///
    /// As [`ModRetThunk`].
    #[inline(always)]
    pub(crate) unsafe fn run_mod_ret(
        &self,
        args: *mut Slot,
        target: &'static Target,
        ret: *mut (),
        thread: &Thread,
    ) -> Outcome {
        // SAFETY: a row among these was made of such a thunk.
        let thunk = unsafe { self.code.mod_ret };
        let (at, whose, unused) = (At::new(self), Whose::new(target), Unused::uninit());
        // SAFETY: the caller's promise.
        unsafe { thunk(at, args, thread.errno(), ret, unused, whose) }
    }

    /// Runs the probe of a row among `List::exits`.
    ///
    /// # Safety
    ///
    /// As [`ExitThunk`].
    #[inline(always)]
    pub(crate) unsafe fn run_exit(
        &self,
        args: *mut Slot,
        target: &'static Target,
        ret: *mut (),
        outcome: Outcome,
        thread: &Thread,
    ) {
        // SAFETY: a row among these was made of such code.
        let code = unsafe { self.code.exit };
        // SAFETY: the caller's promise.
        unsafe { (code.run)(self, args, Whose::new(target), ret, outcome, thread.errno()) };
    }

    /// Runs the probe of a row among `List::polls`.
    ///
    /// # Safety
    ///
    /// As [`PollThunk`].
    pub(crate) unsafe fn run_poll(&self, call: &PollCall, thread: &Thread) {
        // SAFETY: a row among these was made of such a thunk.
        let thunk = unsafe { self.code.poll };
        // SAFETY: the caller's promise.
        unsafe { thunk(self, call, thread.errno()) };
    }

    /// Runs the probe of a row among `List::exits` at the end of a call, and returns the result.
    ///
    /// # Safety
    ///
    /// As [`EndThunk`].
    #[inline(always)]
    pub(crate) unsafe fn end_call(
        row: *const Self,
        [s0, s1, s2]: [Slot; END_SLOTS],
        target: &'static Target,
        ret: Slot,
    ) -> Slot {
        // SAFETY: the caller's promise: the mark holds it.
        let held = unsafe { &*row };
        // SAFETY: a row among these was made of such code.
        let code = unsafe { held.code.exit };
        // SAFETY: the caller's promise.
        unsafe { (code.end)(ret, row, Whose::new(target), s0, s1, s2) }
    }

    /// Whether its link has been detached. Asked after a mark that names the row was set and
    /// [`crate::sync::light_barrier`] passed; answers for as long as the mark stands.
    #[inline(always)]
    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }

    /// Tells calls that still hold the row's list to skip it. Followed by
    /// [`crate::sys::barrier`] and a wait for the marks that name it.
    pub(crate) fn kill(&self) {
        self.dead.store(true, Ordering::Relaxed);
    }

    /// The mark of a thread that runs it.
    #[inline(always)]
    pub(crate) fn mark(&self) -> *mut () {
        core::ptr::from_ref(self).cast_mut().cast::<u8>().wrapping_add(Self::NAMED).cast()
    }

    /// The row whose mark this is; `None` for any other mark.
    pub(crate) fn of_mark(mark: *mut ()) -> Option<*const Self> {
        let row = mark.cast::<u8>().wrapping_sub(Self::NAMED);
        (mark.addr() & 1 == 1).then(|| row.cast_const().cast())
    }

    /// The same probe in another list.
    pub(crate) fn copy(&self) -> Self {
        Self { dead: AtomicBool::new(false), ..*self }
    }

    /// The same probe in another list, with another cookie.
    pub(super) fn with_cookie(&self, cookie: u64) -> Self {
        Self { cookie, ..self.copy() }
    }
}
