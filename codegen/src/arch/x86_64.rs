//! Linux on x86-64: the System V calling convention.

use super::Arch;

pub(super) const ARCH: Arch = Arch {
    name: "x86_64",
    slot_bytes: 8,
    slot_registers: &["rdi", "rsi", "rdx", "rcx", "r8", "r9"],
    scratch_register: "r11",
    stack_align: 16,
    pushed_by_call: 8,
    // The site, which arrives in a register that `run` does not keep.
    entry_record: 8,
    origin_record: 0,
    entry_align: 8,
    caller_align: 32,
    entry_opcode: "0xe9",
    entry_displacement: 4,
    site_words: 3,
    record_field: 4,
    entry_template: include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/templates/x86_64/entry.tera"
    )),
    caller_template: include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/templates/x86_64/caller.tera"
    )),
};
