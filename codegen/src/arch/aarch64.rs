//! Linux on aarch64: the procedure call standard of the Arm architecture.

use super::{Arch, Constants};

pub(super) const ARCH: Arch = Arch {
    name: "aarch64",
    ported: true,
    slot_bytes: 8,
    slot_registers: &["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"],
    // Not x16 or x17, which a linker's veneers use, nor x8, which may point at a result.
    scratch_register: "x9",
    stack_align: 16,
    // A call instruction leaves the return address in x30; x29 is the frame pointer.
    pushed_by_call: 0,
    link_record: 16,
    md_record: 8,
    entry_align: 16,
    caller_align: 32,
    code_line: 64,
    record_field: 4,
    constants: Constants(&[
        // `hint` with this number is `bti jc`.
        ("landing_pad", "38"),
    ]),
    switch_template: include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/templates/aarch64/switch.tera"
    )),
    entry_template: include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/templates/aarch64/entry.tera"
    )),
    caller_template: include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/templates/aarch64/caller.tera"
    )),
    single_template: None,
    rows_template: None,
};
