//! The way from an armed switch to its stub: fewer jumps than the compiler wrote.
//!
//! What the compiler leaves behind a switch moves the arguments to where a call has them, and jumps to a
//! function that makes them slots and jumps to the stub. Each jump costs a call two cycles. If there is nothing
//! but moves between registers and jumps on the way, the moves are copied in front of what the stub does, where
//! it has room for them, and the switch leads straight there:
//!
//! ```text
//! as compiled   switch -> mov rdi, rax; jmp armed -> jmp stub -> stub: nop; mov r9, [..]; jmp caller
//! in the end    switch -> stub + 9: mov rdi, rax; mov r9, [..]; jmp caller
//! ```
//!
//! A stub has room for the moves of one copy of its function. A copy whose moves are others keeps its own
//! and jumps from there past the room.

use super::{ENTRY_LEN, JUMP, JUMP_LEN, ROOM, switch_bytes};
use core::sync::atomic::{AtomicU8, Ordering};

/// What is at the start of an entry that holds no moves: what an assembler calls `nop`, of eight bytes and of four.
pub(super) const VACANT: [u8; 12] = [0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, 0x0f, 0x1f, 0x40, 0];

/// `jmp` with a distance of one byte.
const SHORT_JUMP: u8 = 0xeb;

/// Its bytes. An entry that holds moves begins with one, for calls that come to its start.
const SHORT_JUMP_LEN: usize = 2;

/// How many bytes of moves there is room for. None in a build with `slot` entries, whose switches are never
/// rewritten.
const MOST: usize = ROOM.saturating_sub(SHORT_JUMP_LEN);

/// The moves on a way, which ends with a jump.
struct Moves {
    bytes: [u8; MOST],
    len: usize,
    /// The last jump.
    jump: usize,
    /// Whether all moves are in one piece of code that ends with that jump.
    in_one: bool,
}

impl Moves {
    /// The moves from `target` to `entry`, if there is nothing else but jumps.
    ///
    /// # Safety
    ///
    /// `target` is code that nobody changes, up to `entry`.
    unsafe fn between(target: usize, entry: usize) -> Option<Self> {
        /// What armed switches lead to is a jump to a function that is a jump to the stub.
        const JUMPS: usize = 4;
        let mut moves = Self { bytes: [0; MOST], len: 0, jump: 0, in_one: true };
        let (mut at, mut jumps) = (target, 0);
        while at != entry && at != entry + ROOM {
            // SAFETY: the caller's promise: code can be read, one whole instruction after another.
            let next = unsafe { Instruction::at(at) }?;
            at = match next {
                Instruction::Jump(to) if jumps < JUMPS => {
                    jumps += 1;
                    moves.jump = at;
                    to
                }
                Instruction::Jump(_) => return None,
                Instruction::Move(len) => {
                    let end = moves.len + len;
                    let place = moves.bytes.get_mut(moves.len..end)?;
                    let from = core::ptr::with_exposed_provenance::<u8>(at);
                    for (offset, byte) in place.iter_mut().enumerate() {
                        // SAFETY: the instruction is so long.
                        *byte = unsafe { from.wrapping_add(offset).read() };
                    }
                    moves.in_one &= jumps == 0;
                    moves.len = end;
                    at + len
                }
            };
        }
        Some(moves)
    }

    /// Where a switch leads if the start of its entry is this.
    fn within(&self, room: &[u8; ROOM], entry: usize) -> Option<usize> {
        let start = ROOM - self.len;
        let has_them = room.first() == Some(&SHORT_JUMP) && room[start..] == self.bytes[..self.len];
        (self.len == 0 || has_them).then_some(entry + start)
    }

    /// The start of an entry that holds them.
    fn room(&self) -> [u8; ROOM] {
        let mut room = vacant();
        if self.len > 0 {
            #[expect(clippy::cast_possible_truncation, reason = "it is 10 or nothing")]
            room[..SHORT_JUMP_LEN].copy_from_slice(&[SHORT_JUMP, MOST as u8]);
            room[ROOM - self.len..].copy_from_slice(&self.bytes[..self.len]);
        }
        room
    }
}

/// The start of an entry that holds no moves.
fn vacant() -> [u8; ROOM] {
    let mut room = [0; ROOM];
    room.copy_from_slice(&VACANT[..ROOM]);
    room
}

/// What may be on the way.
enum Instruction {
    /// Where to.
    Jump(usize),
    /// Between registers; its bytes.
    Move(usize),
}

impl Instruction {
    /// The instruction at this address, if it is one of these.
    ///
    /// # Safety
    ///
    /// There is an instruction.
    unsafe fn at(address: usize) -> Option<Self> {
        let byte = |offset: usize| {
            let place = core::ptr::with_exposed_provenance::<u8>(address + offset);
            // SAFETY: code can be read; asked for what the instruction has.
            unsafe { place.read() }
        };
        /// Two registers.
        const REGISTERS: core::ops::RangeInclusive<u8> = 0xc0..=0xff;
        const REX: core::ops::RangeInclusive<u8> = 0x40..=0x4f;
        Some(match byte(0) {
            JUMP => {
                let distance = i32::from_le_bytes([byte(1), byte(2), byte(3), byte(4)]);
                Self::Jump((address + JUMP_LEN).wrapping_add_signed(distance as isize))
            }
            SHORT_JUMP => {
                let distance = byte(1).cast_signed();
                Self::Jump((address + SHORT_JUMP_LEN).wrapping_add_signed(distance.into()))
            }
            // mov r32, r32
            0x89 | 0x8b if REGISTERS.contains(&byte(1)) => Self::Move(2),
            // The same with a prefix for wide or upper registers.
            rex if REX.contains(&rex)
                && matches!(byte(1), 0x89 | 0x8b)
                && REGISTERS.contains(&byte(2)) =>
            {
                Self::Move(3)
            }
            // movq r64, xmm
            0x66 if REX.contains(&byte(1))
                && byte(2) == 0x0f
                && byte(3) == 0x7e
                && REGISTERS.contains(&byte(4)) =>
            {
                Self::Move(5)
            }
            _ => return None,
        })
    }
}

/// The first bytes of an entry.
///
/// # Safety
///
/// It is one.
unsafe fn room_of(entry: usize) -> [u8; ROOM] {
    let room = core::ptr::with_exposed_provenance::<[u8; ROOM]>(entry);
    // SAFETY: an entry is longer, and code can be read.
    unsafe { room.read() }
}

/// Where a thread comes to that follows an armed switch which leads to `target`: there, or if there is nothing
/// else on the way, past jumps and past moves that the stub at `entry` does as well.
///
/// # Safety
///
/// `target` is code that nobody changes, up to `entry`.
pub(crate) unsafe fn destination(target: usize, entry: usize) -> usize {
    // SAFETY: the caller's promise.
    let Some(moves) = (unsafe { Moves::between(target, entry) }) else { return target };
    // SAFETY: the caller's promise.
    let room = unsafe { room_of(entry) };
    moves.within(&room, entry).unwrap_or(target)
}

/// How far behind `target` [`shorten`] may write.
pub(crate) const SHORTENED: usize = MOST + JUMP_LEN;

/// Lets the switch at `code`, which leads to `target`, lead to its stub without detours. Whether there was
/// something to write.
///
/// # Safety
///
/// It is a switch that was never armed, and so is every other that leads to `entry`: nobody executes what lies
/// between. It can be written, and so can the entry and [`SHORTENED`] bytes behind `target`. As for
/// [`destination`].
pub(crate) unsafe fn shorten(code: *const (), target: usize, entry: usize) -> bool {
    // SAFETY: the caller's promise.
    let Some(moves) = (unsafe { Moves::between(target, entry) }) else { return false };
    // SAFETY: the caller's promise.
    let mut room = unsafe { room_of(entry) };
    let installed = moves.len > 0 && room == vacant();
    if installed {
        room = moves.room();
        let place = core::ptr::with_exposed_provenance_mut::<[u8; ROOM]>(entry);
        // SAFETY: the caller's promise: it can be written, and nobody executes it yet.
        unsafe { place.write(room) };
    }
    if let Some(destination) = moves.within(&room, entry) {
        // SAFETY: the caller's promise.
        return unsafe { redirect(code, destination) } || installed;
    }
    if !moves.in_one {
        return false;
    }
    let next = moves.jump + JUMP_LEN;
    let Ok(distance) = i32::try_from((entry + ROOM).wrapping_sub(next).cast_signed()) else {
        return false;
    };
    let jump = core::ptr::with_exposed_provenance_mut::<u8>(moves.jump);
    // SAFETY: the caller's promise.
    if unsafe { jump.read() } != JUMP {
        return false;
    }
    // SAFETY: the caller's promise: it can be written, and nobody executes it yet.
    unsafe { jump.wrapping_add(1).cast::<i32>().write_unaligned(distance) };
    true
}

/// Whether `room` is what the entry at `entry` may begin with, as far as the switch is concerned that leads to
/// `target`.
///
/// # Safety
///
/// As for [`destination`].
pub(crate) unsafe fn is_room_of(room: &[u8], target: usize, entry: usize) -> bool {
    if *room == vacant() {
        return true;
    }
    // SAFETY: the caller's promise.
    let moves = unsafe { Moves::between(target, entry) };
    moves.is_some_and(|moves| *room == moves.room())
}

/// Lets a switch that is off lead to `target` when it is armed. Whether there was something to write.
///
/// # Safety
///
/// `code` is a switch that is off and can be written.
unsafe fn redirect(code: *const (), target: usize) -> bool {
    let bytes = switch_bytes(code.addr(), target, false);
    let mut written = false;
    // Not seen whole by cores that fetch it meanwhile: for a switch that is off it does not matter what they
    // see, and before it is armed they are told.
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

const _: () = assert!(ROOM < ENTRY_LEN);

#[cfg(all(test, not(gtramp_slot)))]
mod tests {
    use super::{Moves, ROOM, destination, is_room_of, shorten, vacant};

    /// Code that nobody executes: a switch that leads to what is behind it, and at 64 a stub's start.
    #[repr(align(32))]
    struct Code([u8; 96]);

    const TARGET: usize = 5;
    const ENTRY: usize = 64;

    impl Code {
        /// Each `J` among the bytes is a jump to the entry.
        fn new(behind: &[Option<u8>]) -> Self {
            let mut code = Self([0xcc; 96]);
            code.0[..TARGET].copy_from_slice(&[0xa9, 0, 0, 0, 0]);
            let mut at = TARGET;
            for byte in behind {
                if let Some(byte) = byte {
                    code.0[at] = *byte;
                    at += 1;
                } else {
                    code.0[at] = 0xe9;
                    let distance = i32::try_from(ENTRY - at - 5).expect("it is near");
                    code.0[at + 1..at + 5].copy_from_slice(&distance.to_le_bytes());
                    at += 5;
                }
            }
            code.0[ENTRY..ENTRY + ROOM].copy_from_slice(&vacant());
            code
        }

        fn of(moves: &[u8]) -> Self {
            let behind: Vec<_> = moves.iter().copied().map(Some).chain([None]).collect();
            Self::new(&behind)
        }

        fn start(&mut self) -> usize {
            self.0.as_mut_ptr().expose_provenance()
        }

        /// Where the switch leads after it was shortened, from the start.
        fn shortened(&mut self) -> usize {
            let start = self.start();
            let code = core::ptr::with_exposed_provenance::<()>(start);
            // SAFETY: these are readable and writable, and nobody executes them.
            unsafe { shorten(code, start + TARGET, start + ENTRY) };
            let distance = i32::from_le_bytes(self.0[1..5].try_into().expect("four bytes"));
            // SAFETY: as above.
            let destination = unsafe { destination(start + TARGET, start + ENTRY) } - start;
            let led = (5 + usize::try_from(distance).expect("it leads forwards")).max(TARGET);
            assert_eq!(led, destination);
            destination
        }
    }

    const MOVES: [&[u8]; 4] = [
        // mov rdi, rax
        &[0x48, 0x89, 0xc7],
        // mov edi, eax; mov r8, rcx
        &[0x89, 0xc7, 0x49, 0x89, 0xc8],
        // movq rdi, xmm0; movq rsi, xmm1
        &[0x66, 0x48, 0x0f, 0x7e, 0xc7, 0x66, 0x48, 0x0f, 0x7e, 0xce],
        &[],
    ];

    #[test]
    fn moves_go_to_the_end_of_the_stubs_room_and_the_switch_leads_to_the_first() {
        for moves in MOVES {
            let mut code = Code::of(moves);
            assert_eq!(code.shortened(), ENTRY + ROOM - moves.len(), "{moves:x?}");
            assert_eq!(code.0[ENTRY + ROOM - moves.len()..ENTRY + ROOM], *moves);
            let start = code.start();
            let room = code.0[ENTRY..ENTRY + ROOM].to_vec();
            // SAFETY: as in `shortened`.
            let is_right = |room: &[u8]| unsafe { is_room_of(room, start + TARGET, start + ENTRY) };
            assert!(is_right(&room));
            let mut other = room.clone();
            other[ROOM - 1] ^= 1;
            assert!(!is_right(&other));
        }
    }

    #[test]
    fn a_call_that_comes_to_the_start_of_a_stub_does_no_moves() {
        let mut code = Code::of(MOVES[0]);
        code.shortened();
        assert_eq!(code.0[ENTRY..ENTRY + 2], [0xeb, 10], "jmp past the room");
    }

    #[test]
    fn moves_that_differ_from_those_of_another_copy_stay_and_jump_past_the_room() {
        let mut code = Code::of(MOVES[0]);
        let other = Code::of(MOVES[1]);
        // SAFETY: as in `shortened`.
        let moves = unsafe {
            Moves::between(other.0.as_ptr().expose_provenance() + TARGET, {
                other.0.as_ptr().addr() + ENTRY
            })
        };
        let room = moves.expect("there is nothing else").room();
        code.0[ENTRY..ENTRY + ROOM].copy_from_slice(&room);
        assert_eq!(code.shortened(), TARGET);
        assert_eq!(code.0[ENTRY..ENTRY + ROOM], room);
        let jump = TARGET + 3;
        let distance = i32::from_le_bytes(code.0[jump + 1..jump + 5].try_into().expect("four"));
        assert_eq!(jump + 5 + usize::try_from(distance).expect("forwards"), ENTRY + ROOM);
    }

    #[test]
    fn what_is_no_move_is_left_as_it_is() {
        // push rax; mov rdi, [rax]; more moves than there is room for; a loop.
        let long = [0x48, 0x89, 0xc7].repeat(4);
        for bytes in [&[0x50][..], &[0x48, 0x8b, 0x38], &long, &[0xeb, 0xfe]] {
            let mut code = Code::of(bytes);
            let before = code.0;
            assert_eq!(code.shortened(), TARGET, "{bytes:x?}");
            assert_eq!(code.0, before);
        }
    }
}
