//! How the kernel does it: a trampoline assembled at run time for one function and one probe.
//!
//! The function begins with five bytes of nothing, which become a jump to the trampoline, or a call
//! as the kernel had it until late 2025. The trampoline guards the probe as ours do: a mark of
//! the thread says which list it runs, the list is looked at again after that, and `errno` is
//! kept.

use core::arch::{asm, global_asm};
use core::cell::Cell;
use core::sync::atomic::AtomicUsize;

use gtramp_bench::row::{Armed, Can, Row, Run};
use iced_x86::IcedError;
use iced_x86::code_asm::{CodeAssembler, dword_ptr, ptr, qword_ptr};
use iced_x86::code_asm::{ebx, r11, rax, rbx, rcx, rdi, rsi, rsp};

use crate::cells::hit;
use crate::check;
use crate::target::calls;

use super::code::{page_near, patch};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "jit-dedicated-call",
        floor: "hand-fentry",
        can: Can::GTRAMP,
        setup: || install(gtramp_bench_jit_call, Enter::Call, calls!(by_call; a b)),
    },
    Row {
        name: "jit-dedicated-jmp",
        floor: "hand-fentry",
        can: Can::GTRAMP,
        setup: || install(gtramp_bench_jit_jmp, Enter::Jump, calls!(by_jump; a b)),
    },
];

global_asm!(
    ".pushsection .text.gtramp_bench_jit,\"ax\",@progbits",
    ".balign 16",
    "gtramp_bench_jit_call: .byte 0x0f, 0x1f, 0x44, 0, 0",
    "lea rax, [rdi + rsi]",
    "ret",
    ".balign 16",
    "gtramp_bench_jit_jmp: .byte 0x0f, 0x1f, 0x44, 0, 0",
    "lea rax, [rdi + rsi]",
    "ret",
    ".globl gtramp_bench_jit_call",
    ".hidden gtramp_bench_jit_call",
    ".globl gtramp_bench_jit_jmp",
    ".hidden gtramp_bench_jit_jmp",
    ".popsection",
    ".pushsection .tbss.gtramp_bench_thread,\"awT\",@nobits",
    ".balign 16",
    ".globl gtramp_bench_thread",
    ".hidden gtramp_bench_thread",
    ".type gtramp_bench_thread, @tls_object",
    "gtramp_bench_thread: .fill 16, 1, 0",
    ".popsection",
);

unsafe extern "C" {
    safe fn gtramp_bench_jit_call(a: u64, b: u64) -> u64;
    safe fn gtramp_bench_jit_jmp(a: u64, b: u64) -> u64;
}

fn by_call(a: u64, b: u64) -> u64 {
    gtramp_bench_jit_call(a, b)
}

fn by_jump(a: u64, b: u64) -> u64 {
    gtramp_bench_jit_jmp(a, b)
}

/// What a thread says it runs, and where its `errno` is.
#[repr(C)]
struct Thread {
    mark: Cell<usize>,
    errno: Cell<*mut i32>,
}

/// The calling thread's, and how far it is from where the thread's storage begins.
fn thread() -> (&'static Thread, i32) {
    let (base, thread): (usize, *const Thread);
    // SAFETY: computes the address of this program's thread-local above.
    unsafe {
        asm!(
            "mov {base}, qword ptr fs:[0]",
            "lea {thread}, [{base} + gtramp_bench_thread@tpoff]",
            base = out(reg) base,
            thread = out(reg) thread,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    let offset = thread.addr().wrapping_sub(base).cast_signed();
    // SAFETY: zero is what an empty `Thread` is made of, and only this thread has the address.
    (unsafe { &*thread }, i32::try_from(offset).expect("thread-locals are near"))
}

/// Stands for the list that says which probe runs.
static LIST: AtomicUsize = AtomicUsize::new(64);

extern "C" fn probe(a: u64, b: u64) {
    hit([a, b]);
}

/// How the function enters the trampoline.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Enter {
    Call,
    Jump,
}

fn install(
    target: extern "C" fn(u64, u64) -> u64,
    enter: Enter,
    run: Run,
) -> Result<Armed, String> {
    // SAFETY: has no preconditions.
    let errno = unsafe { libc::__errno_location() };
    let (thread, offset) = thread();
    thread.errno.set(errno);

    let entry = target as usize;
    let page = page_near(entry)?;
    let code = assemble(entry as u64 + 5, enter, offset, page as u64);
    let code = code.map_err(|error| error.to_string())?;
    // SAFETY: a fresh page, which nobody runs yet.
    unsafe { patch_fresh(page, &code) };

    let distance =
        i32::try_from(page as i64 - entry as i64 - 5).map_err(|error| error.to_string())?;
    let mut jump = vec![if enter == Enter::Call { 0xe8 } else { 0xe9 }];
    jump.extend(distance.to_le_bytes());
    // SAFETY: the five bytes at the beginning are there for this.
    unsafe { patch(entry, &jump) }?;
    Ok(check::before(run, ()))
}

/// # Safety
///
/// `page` is a writable page that nobody uses.
unsafe fn patch_fresh(page: usize, code: &[u8]) {
    let to = core::ptr::with_exposed_provenance_mut::<u8>(page);
    // SAFETY: the caller's promise; the code is much shorter than a page.
    unsafe { core::ptr::copy_nonoverlapping(code.as_ptr(), to, code.len()) };
}

fn assemble(body: u64, enter: Enter, thread: i32, page: u64) -> Result<Vec<u8>, IcedError> {
    // Entered by a call, there is one address more on the stack, which is to be aligned to 16.
    let frame = if enter == Enter::Call { 0x18 } else { 0x20 };
    let mut a = CodeAssembler::new(64)?;
    let (mut again, mut done) = (a.create_label(), a.create_label());
    let (mut changed, mut kept) = (a.create_label(), a.create_label());
    a.push(rbx)?;
    a.sub(rsp, frame)?;
    a.mov(qword_ptr(rsp), rdi)?;
    a.mov(qword_ptr(rsp + 8), rsi)?;
    a.cmp(qword_ptr(thread).fs(), 0)?;
    a.jne(done)?;
    a.mov(r11, core::ptr::from_ref(&LIST).addr() as u64)?;
    a.mov(rax, ptr(r11))?;
    a.set_label(&mut again)?;
    a.mov(rcx, rax)?;
    a.lea(rax, ptr(rcx + 1))?;
    a.mov(qword_ptr(thread).fs(), rax)?;
    a.mov(rax, ptr(r11))?;
    a.cmp(rax, rcx)?;
    a.jne(again)?;
    a.mov(rax, qword_ptr(thread + 8).fs())?;
    a.mov(ebx, dword_ptr(rax))?;
    a.call(probe as *const () as usize as u64)?;
    a.mov(rax, qword_ptr(thread + 8).fs())?;
    a.cmp(dword_ptr(rax), ebx)?;
    a.jne(changed)?;
    a.set_label(&mut kept)?;
    a.mov(qword_ptr(thread).fs(), 0)?;
    a.set_label(&mut done)?;
    a.mov(rdi, qword_ptr(rsp))?;
    a.mov(rsi, qword_ptr(rsp + 8))?;
    a.add(rsp, frame)?;
    a.pop(rbx)?;
    match enter {
        Enter::Call => a.ret()?,
        Enter::Jump => a.jmp(body)?,
    }
    a.set_label(&mut changed)?;
    a.mov(dword_ptr(rax), ebx)?;
    a.jmp(kept)?;
    a.assemble(page)
}
