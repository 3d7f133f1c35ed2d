//! Linux on x86-64: the System V calling convention.

use super::{Arch, Constants};

pub(super) const ARCH: Arch = Arch {
    name: "x86_64",
    ported: true,
    slot_bytes: 8,
    slot_registers: &["rdi", "rsi", "rdx", "rcx", "r8", "r9"],
    scratch_register: "r11",
    stack_align: 16,
    pushed_by_call: 8,
    link_record: 0,
    md_record: 8,
    entry_align: 32,
    caller_align: 32,
    code_line: 64,
    record_field: 4,
    constants: Constants(&[
        // jmp rel32, and the bytes of the displacement after the opcode.
        ("jump_opcode", "0xe9"),
        // test eax, imm32: as long, and without effect but on flags.
        ("switch_off", "0xa9"),
        ("jump_displacement", "4"),
        // nop, of eight bytes and of four.
        ("entry_room", "0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, 0x0f, 0x1f, 0x40, 0"),
    ]),
    switch_template: include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/templates/x86_64/switch.tera"
    )),
    entry_template: include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/templates/x86_64/entry.tera"
    )),
    caller_template: include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/templates/x86_64/caller.tera"
    )),
    single_template: Some(include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/templates/x86_64/single.tera"
    ))),
    rows_template: Some(include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/templates/x86_64/rows.tera"
    ))),
};
