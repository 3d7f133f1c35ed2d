//! aarch64.
//!
//! ```text
//! off     switch:   d503201f       nop               one aligned instruction
//! armed   switch:   14.. | imm26   b armed
//!
//!         entry:                   adrp x16, data
//!                                  ldr x7, [x16, lo12(data)]     the metadata
//!                                  ldr x16, [x7]     its first word: the selected caller
//!                                  br x16
//! ```
//!
//! A function of eight slots or more has its eighth in `x7`; its metadata travels in `x9`.
//!
//! In a build with `slot` entries, a switch tests a byte of data that is 1 while it is armed: no code is ever
//! written.
//!
//! `B` and `NOP` are among the few instructions that one core may replace by one another while
//! others execute them (Arm Architecture Reference Manual, B2.2.5): each executes one or the
//! other.

use core::arch::asm;
use core::ops::Range;
use core::sync::atomic::{AtomicU32, Ordering};

/// What is written at a switch: an instruction.
pub(crate) type Patch = u32;

/// The bytes of a switch. In a build with `slot` entries, its byte of data.
pub(crate) const SWITCH_LEN: usize = if cfg!(gtramp_slot) { 1 } else { 4 };

/// The bytes of an entry, up to its end.
pub(crate) const ENTRY_LEN: usize = 16;

/// How many of its first bytes are room for moves between registers: none.
pub(crate) const ROOM: usize = 0;

/// Where an entry says how far its caller is: it does not.
pub(crate) const AIM: Range<usize> = 0..0;

const NOP: u32 = 0xd503_201f;

/// What no switch has: an instruction that is undefined for ever.
const UDF: u32 = 0;

/// Slots that are passed in registers.
const SLOT_REGISTERS: usize = 8;

/// What belongs at the switch at `code`, which leads to `target` when it is armed.
pub(crate) fn switch_patch(code: usize, target: usize, armed: bool) -> Patch {
    match (cfg!(gtramp_slot), armed) {
        (true, _) => armed.into(),
        (false, true) => branch(code, target),
        (false, false) => NOP,
    }
}

/// Nobody's function, with a switch: 0 while that is off, 1 while it is armed. See `crate::poke`.
#[unsafe(naked)]
pub(crate) extern "C" fn trial() -> u32 {
    core::arch::naked_asm!("nop", "mov w0, #0", "ret", "mov w0, #1", "ret")
}

/// How far into [`trial`] its switch leads.
pub(crate) const TRIAL: usize = 12;

/// Whether the code is a breakpoint's, whose place is where it differs from what belongs there.
pub(crate) fn is_breakpoint(found: &[u8], differs_at: usize) -> bool {
    const BRK: u32 = 0xd420_0000;
    // Its operand tells a debugger's from the kernel's.
    const OPERAND: u32 = 0xffff << 5;
    let instruction = found[differs_at & !3..].first_chunk();
    instruction.is_some_and(|&bytes| u32::from_le_bytes(bytes) & !OPERAND == BRK)
}

/// Where a jump to `target` comes to in the end: there. What is written to arm a switch says it anyway.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn destination(target: usize, _: usize) -> usize {
    target
}

/// How far behind `target` [`shorten`] may write.
pub(crate) const SHORTENED: usize = 0;

/// Does nothing: what is written to arm a switch says where it leads.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn shorten(_: *const (), _: usize, _: usize) -> bool {
    false
}

/// There is no room.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn is_room_of(_: &[u8], _: usize, _: usize) -> bool {
    true
}

/// The bytes of the switch at `code`, which leads to `target` when it is armed.
pub(crate) fn switch_bytes(code: usize, target: usize, armed: bool) -> [u8; SWITCH_LEN] {
    let mut bytes = [0; SWITCH_LEN];
    bytes.copy_from_slice(&switch_patch(code, target, armed).to_le_bytes()[..SWITCH_LEN]);
    bytes
}

/// `b`. A switch leads to code of its own function, which is in reach.
fn branch(from: usize, to: usize) -> u32 {
    #[expect(clippy::cast_possible_wrap, reason = "the sign of the distance is what is asked for")]
    let distance = to.wrapping_sub(from) as isize;
    if !(-(1 << 27)..1 << 27).contains(&distance) {
        return UDF;
    }
    0x1400_0000 | field(distance >> 2, 26)
}

/// `adrp x16`.
fn page(from: usize, to: usize) -> u32 {
    let pages = (to >> 12).wrapping_sub(from >> 12).cast_signed();
    0x9000_0010 | field(pages, 2) << 29 | field(pages >> 2, 19) << 5
}

/// The lower bits of a number.
fn field(value: isize, bits: u32) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the upper bits go: the linker checked the distance"
    )]
    let lower = value as u32;
    lower & ((1 << bits) - 1)
}

/// What belongs at `entry`, given its slots and where its data are.
pub(crate) fn entry_bytes(entry: usize, slots: usize, data: usize, _: usize) -> [u8; ENTRY_LEN] {
    let md = if slots < SLOT_REGISTERS { 7 } else { 9 };
    let low = field((data & 0xfff).cast_signed() >> 3, 12);
    let instructions = [
        page(entry, data),
        // ldr md, [x16, #low], counted in words of eight bytes
        0xf940_0200 | low << 10 | md,
        // ldr x16, [md]
        0xf940_0010 | md << 5,
        // br x16
        0xd61f_0200,
    ];
    let mut bytes = [0; ENTRY_LEN];
    for (place, instruction) in bytes.chunks_exact_mut(4).zip(instructions) {
        place.copy_from_slice(&instruction.to_le_bytes());
    }
    bytes
}

/// Does nothing: every entry finds its caller in the metadata.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn aim(_: *const (), _: *const ()) {}

/// Writes a switch. Every core that fetches it finds the old one or this, and this when it has been told by
/// [`crate::sys::sync_core`].
///
/// # Safety
///
/// `code` is one that can be written, and `patch` is what [`switch_patch`] says of it.
pub(crate) unsafe fn write(code: *const (), patch: Patch) {
    // SAFETY: it can be written and is an aligned instruction, and threads that fetch it
    // meanwhile are safe, see `crate::poke`.
    let place = unsafe { &*code.cast::<AtomicU32>() };
    place.store(patch, Ordering::Release);
    // The instruction caches of all cores do not follow the data caches by themselves: the line is
    // written to where both meet, then taken out of them (Arm Architecture Reference Manual, the
    // example in "Synchronization and coherency issues between data and instruction accesses").
    // SAFETY: these change nothing in memory or registers. Linux allows them to programs.
    unsafe {
        asm!(
            "dc cvau, {code}",
            "dsb ish",
            "ic ivau, {code}",
            "dsb ish",
            "isb",
            code = in(reg) code,
            options(nostack, preserves_flags),
        );
    }
}

/// This thread's variable `gtramp_current`.
///
/// Asked anew at each call. The offset comes from the global offset table, which the linker
/// replaces by a constant in programs (initial-exec, ELF for the Arm 64-bit Architecture).
#[inline(always)]
pub(crate) fn current() -> *const () {
    let value;
    // SAFETY: reads eight bytes that every thread has.
    unsafe {
        asm!(
            "adrp {offset}, :gottprel:gtramp_current",
            "ldr {offset}, [{offset}, :gottprel_lo12:gtramp_current]",
            "mrs {value}, tpidr_el0",
            "ldr {value}, [{value}, {offset}]",
            offset = out(reg) _,
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
            "adrp {offset}, :gottprel:gtramp_current",
            "ldr {offset}, [{offset}, :gottprel_lo12:gtramp_current]",
            "mrs {thread}, tpidr_el0",
            "add {thread}, {thread}, {offset}",
            "str {value}, [{thread}, {at}]",
            offset = out(reg) _,
            thread = out(reg) _,
            value = in(reg) value,
            at = const AT,
            options(nostack, preserves_flags),
        );
    }
}

/// The data of an entry: what its `adrp` and its first `ldr` say.
///
/// # Safety
///
/// It is one.
#[inline(always)]
pub(crate) unsafe fn data_of(entry: *const ()) -> *const () {
    let adrp = entry.cast::<u32>();
    // SAFETY: code can be read, and instructions are aligned.
    let page = unsafe { adrp.read() };
    // SAFETY: as above.
    let load = unsafe { adrp.wrapping_add(1).read() };
    // The immediate's upper and lower bits, and its sign.
    let pages = ((page << 8).cast_signed() >> 13 << 2) as isize | (page >> 29 & 3) as isize;
    let low = (load >> 10 & 0xfff) as usize * 8;
    let base = adrp.addr() & !0xfff;
    entry.with_addr(base.wrapping_add_signed(pages << 12) + low)
}

/// The thread's pass: see `crate::site`.
#[inline(always)]
pub(crate) fn pass() -> usize {
    let value;
    // SAFETY: reads eight bytes that every thread has.
    unsafe {
        asm!(
            "adrp {offset}, :gottprel:gtramp_current",
            "ldr {offset}, [{offset}, :gottprel_lo12:gtramp_current]",
            "mrs {value}, tpidr_el0",
            "add {value}, {value}, {offset}",
            "ldr {value}, [{value}, {at}]",
            offset = out(reg) _,
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
                concat!("adrp {start}, :got:__start_", $name),
                concat!("ldr {start}, [{start}, :got_lo12:__start_", $name, "]"),
                concat!("adrp {stop}, :got:__stop_", $name),
                concat!("ldr {stop}, [{stop}, :got_lo12:__stop_", $name, "]"),
                start = out(reg) start,
                stop = out(reg) stop,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        [start, stop]
    }};
}

pub(super) use section;

#[cfg(test)]
mod tests {
    use super::{UDF, branch, entry_bytes};

    /// As binutils assembles and links it.
    #[test]
    fn an_entry_is_what_an_assembler_makes_of_it() {
        let (entry, data) = (0x1_0000, 0x101_0018);
        let words = |slots| {
            let bytes = entry_bytes(entry, slots, data, 0);
            let words = bytes.chunks_exact(4).map(|word| word.try_into().expect("four bytes"));
            words.map(u32::from_le_bytes).collect::<Vec<_>>()
        };
        assert_eq!(words(7), [0x9000_8010, 0xf940_0e07, 0xf940_00f0, 0xd61f_0200]);
        assert_eq!(words(8), [0x9000_8010, 0xf940_0e09, 0xf940_0130, 0xd61f_0200]);
    }

    #[test]
    fn what_is_out_of_reach_of_a_branch_is_never_taken_for_its_target() {
        const REACH: usize = 1 << 27;
        let code = 0x5000_0000;
        assert_eq!(branch(code, code + REACH), UDF);
        assert_eq!(branch(code, code - REACH - 4), UDF);
        assert_eq!(branch(code, code + REACH - 4), 0x15ff_ffff);
        assert_eq!(branch(code, code - REACH), 0x1600_0000);
    }
}
