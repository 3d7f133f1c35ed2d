//! x86-64.
//!
//! ```text
//! off     entry:    e9 <rel32>     jmp body          5 bytes of one aligned quadword
//! armed   entry:    a9 <rel32>     test eax, imm32   the same length, changes flags alone
//!         entry+5:  4c 8b 0d ..    mov r9, [rip + site]   the metadata
//!                   41 ff 21       jmp [r9]               its first word: the selected caller
//! ```
//!
//! A function of six slots or more has its sixth in `r9`; its metadata travels in `r11`.
//!
//! In a build with `slot` entries, an entry is the second half alone, and off, it jumps through a word
//! that holds the body: no code is ever written.
//!
//! One byte tells the two states apart. Both are whole instructions of the same length at the
//! same place, so a thread that fetches the entry sees one or the other, whenever it does.

/// The bytes of an entry, armed or not, up to its end.
pub(crate) const ENTRY_LEN: usize = SELECTED + 10;

/// Where the jump through the site's data begins: after the one that is patched, if it is.
const SELECTED: usize = if cfg!(gtramp_slot) { 0 } else { 5 };

const OFF: u8 = 0xe9;
const ARMED: u8 = 0xa9;

/// The first byte of an entry: the only one that is ever written.
pub(crate) const fn switch(armed: bool) -> u8 {
    if armed { ARMED } else { OFF }
}

/// Slots that are passed in registers.
const SLOT_REGISTERS: usize = 6;

/// What belongs at `entry`, given its slots and where its body and its data are.
pub(crate) fn entry_bytes(
    entry: usize,
    slots: usize,
    body: usize,
    data: usize,
    armed: bool,
) -> [u8; ENTRY_LEN] {
    // The register fields of the two instructions' operands.
    let (mov, jmp) = if slots < SLOT_REGISTERS { (0x0d, 0x21) } else { (0x1d, 0x23) };
    let relative = |target: usize, next: usize| {
        #[expect(clippy::cast_possible_truncation, reason = "the linker checked the distance")]
        let offset = target.wrapping_sub(entry + next) as u32;
        offset.to_le_bytes()
    };
    let mut bytes = [0; ENTRY_LEN];
    if SELECTED > 0 {
        bytes[0] = switch(armed);
        bytes[1..5].copy_from_slice(&relative(body, 5));
    }
    let selected = &mut bytes[SELECTED..];
    selected[..3].copy_from_slice(&[0x4c, 0x8b, mov]);
    selected[3..7].copy_from_slice(&relative(data, SELECTED + 7));
    selected[7..].copy_from_slice(&[0x41, 0xff, jmp]);
    bytes
}
