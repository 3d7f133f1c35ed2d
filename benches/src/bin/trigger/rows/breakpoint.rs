//! A breakpoint instruction that the process handles itself, as a signal.

use core::ffi::{c_int, c_void};

use gtramp_bench::row::{Can, Row};

use crate::check;
use crate::target::calls;

use super::code::patch;
use super::patched::{store_before, target};

pub(super) const ROWS: &[Row] = &[Row {
    name: "int3",
    floor: "hand-fentry",
    can: Can { arguments: true, many: true, live: true, ..Can::NOTHING },
    setup: || {
        install()?;
        Ok(check::before(calls!(stopped; a b), ()))
    },
}];

target!(stopped);

fn install() -> Result<(), String> {
    const NOP: u8 = 0x90;
    const INT3: u8 = 0xcc;
    let entry = stopped as *const () as usize;
    // SAFETY: the first byte of a function.
    match unsafe { core::ptr::with_exposed_provenance::<u8>(entry).read() } {
        NOP => {}
        INT3 => return Ok(()),
        _ => return Err("the function does not begin with an instruction of one byte".to_owned()),
    }
    // SAFETY: all zero is a valid `sigaction`.
    let mut action: libc::sigaction = unsafe { core::mem::zeroed() };
    action.sa_sigaction = handle as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER;
    // SAFETY: the handler has the signature that `SA_SIGINFO` asks for.
    let status =
        unsafe { libc::sigaction(libc::SIGTRAP, &raw const action, core::ptr::null_mut()) };
    if status != 0 {
        return Err(std::io::Error::last_os_error().to_string());
    }
    // SAFETY: one instruction of one byte in the place of another.
    unsafe { patch(entry, &[INT3]) }
}

extern "C" fn handle(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: `SA_SIGINFO` handlers are handed one.
    let context = unsafe { &*context.cast::<libc::ucontext_t>() };
    let register = |name: c_int| context.uc_mcontext.gregs[name as usize].cast_unsigned();
    // The instruction was one without effect: the function goes on behind it.
    store_before(register(libc::REG_RDI), register(libc::REG_RSI));
}
