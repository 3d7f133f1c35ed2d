//! A function without a probe whose switch is that of a build with `slot` entries: it tests a byte of data.
//!
//! The mode is chosen for a whole build, so this is a function by hand: its switch has the very instructions of
//! `entries-slot.rs` among the generator's expected files.

use core::arch::global_asm;

use gtramp_bench::row::{Can, Row};

use crate::check;
use crate::target::calls;

global_asm!(
    ".pushsection .text.gtramp_bench_off_slot,\"ax\",@progbits",
    ".balign 64",
    // The loops that call it may be compiled apart from it.
    ".globl gtramp_bench_off_slot",
    ".hidden gtramp_bench_off_slot",
    "gtramp_bench_off_slot:",
    "cmp byte ptr [rip + 2f], 0",
    "jne 3f",
    "lea rax, [rdi + rsi]",
    "ret",
    "3: ud2",
    ".pushsection .data.gtramp_bench_off_slot,\"aw\",@progbits",
    "2: .byte 0",
    ".popsection",
    ".popsection",
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
