//! System calls that are refused, in a process of its own.

use std::io;

// Offsets into `seccomp_data`: the number, and the low half of an argument.
pub(crate) const NUMBER: u32 = 0;

pub(crate) const fn argument(index: u32) -> u32 {
    16 + 8 * index
}

fn statement(code: u32, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: u16::try_from(code).unwrap(), jt: 0, jf: 0, k }
}

pub(crate) fn jump(test: u32, k: u32, jt: u8, jf: u8) -> libc::sock_filter {
    libc::sock_filter { jt, jf, ..statement(libc::BPF_JMP | test | libc::BPF_K, k) }
}

pub(crate) fn load(offset: u32) -> libc::sock_filter {
    statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset)
}

pub(crate) fn mask(bits: u32) -> libc::sock_filter {
    statement(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, bits)
}

pub(crate) fn answer(with: u32) -> libc::sock_filter {
    statement(libc::BPF_RET | libc::BPF_K, with)
}

pub(crate) fn number(number: libc::c_long) -> u32 {
    u32::try_from(number).unwrap()
}

pub(crate) fn bits(bits: libc::c_int) -> u32 {
    u32::try_from(bits).unwrap()
}

/// Asks this filter about every later system call of the calling thread.
pub(crate) fn install(filter: &mut [libc::sock_filter]) {
    let program =
        libc::sock_fprog { len: u16::try_from(filter.len()).unwrap(), filter: filter.as_mut_ptr() };
    // SAFETY: takes numbers alone.
    let status = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(status, 0, "{}", io::Error::last_os_error());
    // SAFETY: the program is a valid filter of `len` statements, which the kernel copies.
    let status =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    assert_eq!(status, 0, "{}", io::Error::last_os_error());
}
