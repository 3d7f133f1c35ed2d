//! The crate `ilhook`: a trampoline that saves all registers and calls a function with them.

use gtramp_bench::row::{Can, Row};
use ilhook::x64::{CallbackOption, HookFlags, HookType, Hooker, Registers};

use crate::check;
use crate::target::calls;

use super::code::make_executable;
use super::maps::mapping;
use super::patched::{store_after, store_before, target};

const CAN: Can = Can { many: true, live: false, ..Can::GTRAMP };

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "ilhook-fentry",
        floor: "hand-fentry",
        can: CAN,
        setup: || {
            let point = hook(entered, HookType::JmpBack(before))?;
            Ok(check::before(calls!(entered; a b), point))
        },
    },
    Row {
        name: "ilhook",
        floor: "hand-fexit",
        can: CAN,
        setup: || {
            let point = hook(wrapped, HookType::Retn(both))?;
            Ok(check::both(calls!(wrapped; a b), point))
        },
    },
];

target!(entered);
target!(wrapped);

type Target = extern "C" fn(u64, u64) -> u64;

fn hook(target: Target, kind: HookType) -> Result<impl Sized, String> {
    make_heap_executable()?;
    let hooker = Hooker::new(target as usize, kind, CallbackOption::None, 0, HookFlags::empty());
    // SAFETY: no other thread runs the function, and its code is padded to the bytes that are
    // overwritten.
    unsafe { hooker.hook() }.map_err(|error| error.to_string())
}

/// The crate puts its trampoline on the heap and makes the page executable on which it begins, but not
/// the one on which it may end.
fn make_heap_executable() -> Result<(), String> {
    // Room for what the crate will allocate.
    let room = vec![0_u8; 1 << 16];
    let address = core::hint::black_box(&room).as_ptr().addr();
    let heap = mapping(address)?.range;
    // SAFETY: a mapping of the allocator's, which stays readable and writable.
    unsafe { make_executable(heap) }
}

unsafe extern "win64" fn before(registers: *mut Registers, _: usize) {
    // SAFETY: the trampoline passes the registers it has saved.
    let registers = unsafe { &*registers };
    store_before(registers.rdi, registers.rsi);
}

unsafe extern "win64" fn both(registers: *mut Registers, original: usize, _: usize) -> usize {
    // SAFETY: the trampoline passes the registers it has saved.
    let registers = unsafe { &*registers };
    let (a, b) = (registers.rdi, registers.rsi);
    store_before(a, b);
    // SAFETY: the trampoline passes the way to the function.
    let original = unsafe { core::mem::transmute::<usize, Target>(original) };
    let ret = original(a, b);
    store_after(a, b, ret);
    #[expect(clippy::cast_possible_truncation, reason = "the crate is for 64 bits alone")]
    let ret = ret as usize;
    ret
}
