//! A function without a probe, entered as in a build with `slot` entries: through a word of data
//! that leads to one with the body's address.
//!
//! Entries of the other mode are chosen for a whole build, so this is one by hand: the very
//! instructions and data of `entries-slot.rs` among the generator's expected files.

use core::arch::global_asm;

use gtramp_bench::row::{Can, Row};

use crate::check;
use crate::target::calls;

use super::patched::target;

target!(slot_body);

global_asm!(
    ".pushsection .text.gtramp_bench_off_slot,\"ax\",@progbits",
    ".balign 16",
    // The loops that call it may be compiled apart from it.
    ".globl gtramp_bench_off_slot",
    ".hidden gtramp_bench_off_slot",
    "gtramp_bench_off_slot:",
    "mov r9, qword ptr [rip + 4f]",
    "jmp qword ptr [r9]",
    ".pushsection .data.gtramp_bench_off_slot,\"aw\",@progbits",
    ".balign 8",
    "4: .quad 5f, 0",
    "5: .quad {body}",
    ".popsection",
    ".popsection",
    body = sym slot_body,
);

unsafe extern "C" {
    #[link_name = "gtramp_bench_off_slot"]
    safe fn entry(a: u64, b: u64) -> u64;
}

pub(super) const ROWS: &[Row] = &[Row {
    name: "off-slot",
    floor: "plain",
    can: Can::GTRAMP,
    setup: || Ok(check::nothing(calls!(entry; a b), ())),
}];
