//! x86-64.
//!
//! ```text
//! off     switch:   a9 <rel32>     test eax, imm32   5 bytes, changes flags alone
//! armed   switch:   e9 <rel32>     jmp armed         the same length
//!
//! off     entry:    e9 <rel32>     jmp body          5 bytes of one aligned quadword
//! armed   entry:    a9 <rel32>     test eax, imm32   the same length, changes flags alone
//!         entry+5:  4c 8b 0d ..    mov r9, [rip + site]   the metadata, after three prefixes
//!         entry+15: e9 <rel32>     jmp caller             or 0, to what follows
//!         entry+20: 41 ff 21       jmp [r9]               its first word: the selected caller
//! ```
//!
//! A function of six slots or more has its sixth in `r9`; its metadata travels in `r11`.
//!
//! In a build with `slot` entries, a switch tests a byte of data that is 1 while it is armed, and an entry is the `mov` and the last `jmp` alone, and off, it jumps
//! through a word that holds the body: no code is ever written.
//!
//! One byte tells the two states apart. Both are whole instructions of the same length at the
//! same place, so a thread that fetches the entry sees one or the other, whenever it does.
//!
//! The jump to the caller is a short cut for the one behind it, which costs a call two cycles more: a
//! processor follows a direct jump before it has read what a jump through memory reads. Its distance is
//! an aligned word of four bytes, so it is seen whole as well. It is never needed: a distance of 0 is
//! right, and so is that of a caller selected earlier, which goes on where it finds another's list.

use core::arch::asm;
use core::ops::Range;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

/// What is written at a switch or an entry: its first byte.
pub(crate) type Patch = u8;

/// The bytes of a switch. In a build with `slot` entries, its byte of data.
pub(crate) const SWITCH_LEN: usize = if cfg!(gtramp_slot) { 1 } else { 5 };

/// The bytes of an entry, armed or not, up to its end.
pub(crate) const ENTRY_LEN: usize = if cfg!(gtramp_slot) { 10 } else { AIM.end + 3 };

/// Where an entry says how far its caller is. Nothing in a build with `slot` entries.
pub(crate) const AIM: Range<usize> = if cfg!(gtramp_slot) { 0..0 } else { 16..20 };

/// `jmp` with a distance of four bytes.
const JUMP: Patch = 0xe9;

/// Its bytes.
const JUMP_LEN: usize = 5;

/// How far into an entry what an armed one executes begins.
const SELECTED: usize = if cfg!(gtramp_slot) { 0 } else { JUMP_LEN };

/// `test` of `eax` with as many bytes.
const TEST: Patch = 0xa9;

/// `ds`, which does nothing to an address relative to `rip`: so often that the word at [`AIM`] is
/// aligned.
const NO_PREFIX: [u8; 3] = [0x3e; 3];

/// What belongs at the switch at `code`, which leads to `target` when it is armed.
pub(crate) fn switch_patch(_code: usize, _target: usize, armed: bool) -> Patch {
    match (cfg!(gtramp_slot), armed) {
        (true, _) => armed.into(),
        (false, true) => JUMP,
        (false, false) => TEST,
    }
}

/// Where a jump to `target` comes to in the end: past the unconditional jumps that it finds there. If that
/// is `entry`, behind its first instruction, which is for those that enter it while it is off.
///
/// # Safety
///
/// `target` is code that nobody changes, up to `entry`.
pub(crate) unsafe fn destination(target: usize, entry: usize) -> usize {
    /// `jmp` with a distance of one byte.
    const SHORT_JUMP: u8 = 0xeb;
    /// What armed switches lead to is a jump to a function that is a jump to the stub.
    const JUMPS: usize = 4;
    let mut target = target;
    for _ in 0..JUMPS {
        if target == entry {
            return entry + SELECTED;
        }
        let code = core::ptr::with_exposed_provenance::<u8>(target);
        let distance = code.wrapping_add(1);
        // SAFETY: the caller's promise.
        let opcode = unsafe { code.read() };
        target = match opcode {
            JUMP => {
                // SAFETY: as above: it is a whole instruction.
                let distance = unsafe { distance.cast::<i32>().read_unaligned() };
                (target + JUMP_LEN).wrapping_add_signed(distance as isize)
            }
            SHORT_JUMP => {
                // SAFETY: as above.
                let distance = unsafe { distance.cast::<i8>().read() };
                (target + 2).wrapping_add_signed(distance.into())
            }
            _ => break,
        };
    }
    target
}

/// How far behind `target` [`shorten`] may write.
pub(crate) const SHORTENED: usize = 8 * 3 + JUMP_LEN;

/// If there is nothing at `target` but moves between registers and then a jump that comes to `entry`, lets
/// that jump go there at once. Whether there was something to write.
///
/// # Safety
///
/// `target` is code that can be written, up to [`SHORTENED`] bytes behind it, and that no thread has executed or
/// can be about to. As for [`destination`].
pub(crate) unsafe fn shorten(target: usize, entry: usize) -> bool {
    let mut at = core::ptr::with_exposed_provenance_mut::<u8>(target);
    let end = at.wrapping_add(SHORTENED - JUMP_LEN);
    let jump = loop {
        // SAFETY: the caller's promise: code can be read.
        let bytes = unsafe { at.cast::<[u8; 3]>().read() };
        at = match bytes {
            [JUMP, ..] => break at,
            _ if at >= end => return false,
            // mov between registers, of eight bytes or of the upper ones, and of four.
            [0x40..=0x4f, 0x89 | 0x8b, 0xc0..=0xff] => at.wrapping_add(3),
            [0x89 | 0x8b, 0xc0..=0xff, _] => at.wrapping_add(2),
            _ => return false,
        };
    };
    // SAFETY: the caller's promise.
    let to = unsafe { destination(jump.addr(), entry) };
    if to != entry + SELECTED {
        return false;
    }
    let next = jump.addr() + JUMP_LEN;
    let Ok(distance) = i32::try_from(to.wrapping_sub(next).cast_signed()) else { return false };
    // SAFETY: the caller's promise: nobody executes it yet.
    unsafe { jump.wrapping_add(1).cast::<i32>().write_unaligned(distance) };
    true
}

/// Lets a switch that is off lead to `target` when it is armed. Not seen whole by cores that fetch it
/// meanwhile: for a switch that is off it does not matter what they see, and before it is armed they are to be
/// told by [`crate::sys::sync_core`]. Whether there was something to write.
///
/// # Safety
///
/// `code` is a switch that is off and can be written.
pub(crate) unsafe fn redirect(code: *const (), target: usize) -> bool {
    let bytes = switch_bytes(code.addr(), target, false);
    let mut written = false;
    for (offset, byte) in bytes.into_iter().enumerate().skip(1) {
        let place = code.cast::<u8>().wrapping_add(offset).cast::<AtomicU8>();
        // SAFETY: the caller's promise.
        let place = unsafe { &*place };
        if place.load(Ordering::Relaxed) != byte {
            place.store(byte, Ordering::Relaxed);
            written = true;
        }
    }
    written
}

/// The bytes of the switch at `code`, which leads to `target` when it is armed.
pub(crate) fn switch_bytes(code: usize, target: usize, armed: bool) -> [u8; SWITCH_LEN] {
    #[expect(clippy::cast_possible_truncation, reason = "the linker checked the distance")]
    let distance = target.wrapping_sub(code + SWITCH_LEN) as u32;
    let mut bytes = [switch_patch(code, target, armed); SWITCH_LEN];
    bytes[1..].copy_from_slice(&distance.to_le_bytes()[..SWITCH_LEN - 1]);
    bytes
}

/// What belongs at `entry`, whose function's body is at `body`.
pub(crate) fn entry_patch(_entry: usize, _body: usize, armed: bool) -> Patch {
    if armed { TEST } else { JUMP }
}

/// Writes a switch or an entry's first instruction. Every core that fetches it finds the old one or
/// this, and this when it has been told by [`crate::sys::sync_core`].
///
/// # Safety
///
/// `place` is one that can be written, and `patch` is what [`switch_patch`] or [`entry_patch`] says of it.
pub(crate) unsafe fn write(place: *const (), patch: Patch) {
    // SAFETY: it can be written, and threads that fetch it meanwhile are safe, see `crate::poke`.
    let place = unsafe { &*place.cast::<AtomicU8>() };
    // Release: a core that runs the armed entry sees what was stored before. The caches of
    // instructions follow those of data.
    place.store(patch, Ordering::Release);
}

/// Says in an armed entry, or in one that is about to be armed, where its caller is; null: through the
/// metadata. Cores see it as they see a switch.
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

/// What belongs at `entry`, given its slots and where its body and its data are, and the caller that it
/// was shown last, or null.
pub(crate) fn entry_bytes(
    entry: usize,
    slots: usize,
    body: usize,
    data: usize,
    armed: bool,
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
    if !AIM.is_empty() {
        put(&[entry_patch(entry, body, armed)]);
        put(&relative(body, 5));
        put(&NO_PREFIX);
    }
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
const DATA: Range<usize> = if cfg!(gtramp_slot) { 3..7 } else { 11..15 };

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
