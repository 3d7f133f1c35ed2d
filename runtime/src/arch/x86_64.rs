//! x86-64.
//!
//! ```text
//! off     switch:   a9 <rel32>     test eax, imm32   5 bytes, changes flags alone
//! armed   switch:   e9 <rel32>     jmp armed         the same length
//!
//!         entry:    0f 1f ..       nop, twice              room for moves, see `way`
//!         entry+12: 4c 8b 0d ..    mov r9, [rip + site]    the metadata
//!         entry+19: e9 <rel32>     jmp caller              or 0, to what follows
//!         entry+24: 41 ff 21       jmp [r9]                its first word: the selected caller
//! ```
//!
//! A function of six slots or more has its sixth in `r9`; its metadata travels in `r11`.
//!
//! In a build with `slot` entries, a switch tests a byte of data that is 1 while it is armed, and an entry is
//! the `mov` and the last `jmp` alone: no code is ever written.
//!
//! One byte tells the two states of a switch apart. Both are whole instructions of the same length at the
//! same place, so a thread that fetches it sees one or the other, whenever it does.
//!
//! The jump to the caller is a short cut for the one behind it, which costs a call two cycles more: a
//! processor follows a direct jump before it has read what a jump through memory reads. Its distance is
//! an aligned word of four bytes, so it is seen whole as well. It is never needed: a distance of 0 is
//! right, and so is that of a caller selected earlier, which goes on where it finds another's list.

use core::arch::asm;
use core::ops::Range;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

mod way;

pub(crate) use way::{SHORTENED, destination, is_room_of, shorten};

/// What is written at a switch: its first byte.
pub(crate) type Patch = u8;

/// The bytes of a switch. In a build with `slot` entries, its byte of data.
pub(crate) const SWITCH_LEN: usize = if cfg!(gtramp_slot) { 1 } else { 5 };

/// How many of an entry's first bytes are room for moves between registers.
pub(crate) const ROOM: usize = if cfg!(gtramp_slot) { 0 } else { way::VACANT.len() };

/// The bytes of an entry, up to its end.
pub(crate) const ENTRY_LEN: usize = if cfg!(gtramp_slot) { 10 } else { AIM.end + 3 };

/// Where an entry says how far its caller is. Nothing in a build with `slot` entries.
pub(crate) const AIM: Range<usize> = if cfg!(gtramp_slot) { 0..0 } else { 20..24 };

/// `jmp` with a distance of four bytes.
const JUMP: Patch = 0xe9;

/// Its bytes.
const JUMP_LEN: usize = 5;

/// `test` of `eax` with as many bytes.
const TEST: Patch = 0xa9;

/// What belongs at the switch at `code`, which leads to `target` when it is armed.
pub(crate) fn switch_patch(_code: usize, _target: usize, armed: bool) -> Patch {
    match (cfg!(gtramp_slot), armed) {
        (true, _) => armed.into(),
        (false, true) => JUMP,
        (false, false) => TEST,
    }
}

/// Nobody's function, with a switch: 0 while that is off, 1 while it is armed. See `crate::poke`.
#[unsafe(naked)]
pub(crate) extern "C" fn trial() -> u32 {
    core::arch::naked_asm!(
        ".byte 0xa9",
        ".long 2f - . - 4",
        "xor eax, eax",
        "ret",
        "2: mov eax, 1",
        "ret"
    )
}

/// How far into [`trial`] its switch leads.
pub(crate) const TRIAL: usize = 8;

/// Whether the code is a breakpoint's, whose place is where it differs from what belongs there.
pub(crate) fn is_breakpoint(found: &[u8], differs_at: usize) -> bool {
    const INT3: u8 = 0xcc;
    found[differs_at] == INT3
}

/// The bytes of the switch at `code`, which leads to `target` when it is armed.
pub(crate) fn switch_bytes(code: usize, target: usize, armed: bool) -> [u8; SWITCH_LEN] {
    #[expect(clippy::cast_possible_truncation, reason = "the linker checked the distance")]
    let distance = target.wrapping_sub(code + SWITCH_LEN) as u32;
    let mut bytes = [switch_patch(code, target, armed); SWITCH_LEN];
    bytes[1..].copy_from_slice(&distance.to_le_bytes()[..SWITCH_LEN - 1]);
    bytes
}

/// Writes a switch. Every core that fetches it finds the old one or this, and this when it has been told by
/// [`crate::sys::sync_core`].
///
/// # Safety
///
/// `place` is one that can be written, and `patch` is what [`switch_patch`] says of it.
pub(crate) unsafe fn write(place: *const (), patch: Patch) {
    // SAFETY: it can be written, and threads that fetch it meanwhile are safe, see `crate::poke`.
    let place = unsafe { &*place.cast::<AtomicU8>() };
    // Release: a core that runs the armed switch sees what was stored before. The caches of
    // instructions follow those of data.
    place.store(patch, Ordering::Release);
}

/// Says in an entry where its caller is; null: through the metadata. Cores see it as they see a switch.
///
/// # Safety
///
/// `entry` is one that can be written, and `caller` is one for functions of as many slots.
pub(crate) unsafe fn aim(entry: *const (), caller: *const ()) {
    let distance = distance(entry.addr(), caller.addr());
    let place = entry.cast::<u8>().wrapping_add(AIM.start).cast::<AtomicU32>();
    // SAFETY: the entry can be written, and threads that fetch it meanwhile are safe, see
    // `crate::poke`; entries are aligned to 32, so the word is aligned.
    let place = unsafe { &*place };
    // Written only if it changes: every core that has the line would have to fetch it anew.
    if place.load(Ordering::Relaxed) != distance {
        place.store(distance, Ordering::Release);
    }
}

/// What an entry says of a caller, or of none: null. 0 as well if it is too far away.
fn distance(entry: usize, caller: usize) -> u32 {
    let distance = caller.wrapping_sub(entry + AIM.end).cast_signed();
    let distance = if caller == 0 { 0 } else { i32::try_from(distance).unwrap_or(0) };
    distance.cast_unsigned()
}

/// Slots that are passed in registers.
const SLOT_REGISTERS: usize = 6;

/// What belongs at `entry` but for its [`ROOM`], which is left vacant here, given its slots and where its data
/// are, and the caller that it was shown last, or null.
pub(crate) fn entry_bytes(
    entry: usize,
    slots: usize,
    data: usize,
    caller: usize,
) -> [u8; ENTRY_LEN] {
    // The register fields of the two instructions' operands.
    let (mov, jmp) = if slots < SLOT_REGISTERS { (0x0d, 0x21) } else { (0x1d, 0x23) };
    let relative = |target: usize, next: usize| {
        #[expect(clippy::cast_possible_truncation, reason = "the linker checked the distance")]
        let offset = target.wrapping_sub(entry + next) as u32;
        offset.to_le_bytes()
    };
    let mut bytes = [0; ENTRY_LEN];
    let mut next = 0;
    let mut put = |part: &[u8]| {
        bytes[next..next + part.len()].copy_from_slice(part);
        next += part.len();
        next
    };
    put(&way::VACANT[..ROOM]);
    let loaded = put(&[0x4c, 0x8b, mov]) + 4;
    put(&relative(data, loaded));
    if !AIM.is_empty() {
        put(&[JUMP]);
        put(&distance(entry, caller).to_le_bytes());
    }
    put(&[0x41, 0xff, jmp]);
    bytes
}

/// This thread's variable `gtramp_current`.
///
/// Asked anew at each call, in two instructions. The offset comes from the global offset table,
/// which the linker replaces by a constant in programs (initial-exec, ELF Handling For
/// Thread-Local Storage, 4.1.6).
#[inline(always)]
pub(crate) fn current() -> *const () {
    let value;
    // SAFETY: reads eight bytes that every thread has.
    unsafe {
        asm!(
            "mov {value}, qword ptr [rip + gtramp_current@GOTTPOFF]",
            "mov {value}, qword ptr fs:[{value}]",
            value = out(reg) value,
            options(readonly, nostack, preserves_flags),
        );
    }
    value
}

/// Sets the word so many bytes into this thread's variable `gtramp_current`.
///
/// # Safety
///
/// There is such a word, and the value is one that its owner, `crate::grace`, may find there.
#[inline(always)]
pub(crate) unsafe fn set_current<const AT: usize>(value: *const ()) {
    // SAFETY: writes eight bytes that every thread has.
    unsafe {
        asm!(
            "mov {offset}, qword ptr [rip + gtramp_current@GOTTPOFF]",
            "mov qword ptr fs:[{offset} + {at}], {value}",
            offset = out(reg) _,
            value = in(reg) value,
            at = const AT,
            options(nostack, preserves_flags),
        );
    }
}

/// Where an instruction of the entry says how far its data are, and where that instruction ends.
const DATA: Range<usize> = ROOM + 3..ROOM + 7;

/// The data of an entry.
///
/// # Safety
///
/// It is one.
#[inline(always)]
pub(crate) unsafe fn data_of(entry: *const ()) -> *const () {
    let distance = entry.cast::<u8>().wrapping_add(DATA.start).cast::<i32>();
    // SAFETY: code can be read.
    let distance = unsafe { distance.read_unaligned() };
    entry.cast::<u8>().wrapping_add(DATA.end).wrapping_offset(distance as isize).cast()
}

/// The thread's pass: see `crate::site`.
#[inline(always)]
pub(crate) fn pass() -> usize {
    let value;
    // SAFETY: reads eight bytes that every thread has.
    unsafe {
        asm!(
            "mov {value}, qword ptr [rip + gtramp_current@GOTTPOFF]",
            "mov {value}, qword ptr fs:[{value} + {at}]",
            value = out(reg) value,
            at = const PASS,
            options(readonly, nostack, preserves_flags),
        );
    }
    value
}

/// Sets it.
#[inline(always)]
pub(crate) fn set_pass(pass: usize) {
    // SAFETY: the third word is the thread's pass, which may be any number.
    unsafe { set_current::<PASS>(core::ptr::without_provenance(pass)) };
}

/// How far into a thread's variable `gtramp_current` its pass is.
const PASS: usize = 16;

/// Where a section begins and ends; twice null in a program without any.
macro_rules! section {
    ($name:literal) => {{
        let (start, stop);
        // SAFETY: reads two addresses. They are weak, so that a program without any links,
        // and hidden, so that they are this module's own; the linker defines both or neither.
        unsafe {
            ::core::arch::asm!(
                concat!(".weak __start_", $name),
                concat!(".hidden __start_", $name),
                concat!(".weak __stop_", $name),
                concat!(".hidden __stop_", $name),
                concat!("mov {start}, qword ptr [rip + __start_", $name, "@GOTPCREL]"),
                concat!("mov {stop}, qword ptr [rip + __stop_", $name, "@GOTPCREL]"),
                start = out(reg) start,
                stop = out(reg) stop,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        [start, stop]
    }};
}

pub(super) use section;
