//! The text of instructions, without what a linker decides.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use iced_x86::{
    Code, Decoder, DecoderOptions, Formatter as _, Instruction, IntelFormatter, Mnemonic, OpKind,
    Register,
};

use crate::program::{Function, Program};

/// The executed part of a function.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listing {
    pub(crate) name: String,
    /// An instruction each, in order of address.
    pub(crate) lines: Vec<String>,
}

/// What is executed, function by function: by name, because a linker orders them otherwise.
pub(crate) fn listings(program: &Program, executed: &[u64]) -> Vec<Listing> {
    let executed: BTreeSet<_> = executed.iter().copied().collect();
    let starts: BTreeSet<_> = executed
        .iter()
        .map(|&at| program.function(at).expect("instructions are in functions").start)
        .collect();
    let functions = starts.iter().filter_map(|&start| program.function(start));
    let mut listings: Vec<_> =
        functions.map(|function| listing(program, function, &executed)).collect();
    listings.sort();
    listings
}

fn listing(program: &Program, function: &Function, executed: &BTreeSet<u64>) -> Listing {
    let decoder = Decoder::with_ip(64, &function.bytes, function.start, DecoderOptions::NONE);
    let run: Vec<_> = decoder.into_iter().filter(|it| executed.contains(&it.ip())).collect();
    let own = run.iter().map(Instruction::near_branch_target);
    let labels: BTreeSet<_> = own.filter(|to| run.iter().any(|it| it.ip() == *to)).collect();
    let label = |address| labels.iter().position(|&label| label == address);
    let mut lines = Vec::new();
    for instruction in &run {
        if let Some(label) = label(instruction.ip()) {
            lines.push(format!(".{label}:"));
        }
        let mut text = plain(program, instruction);
        let target = instruction.near_branch_target();
        if target != 0 {
            text = match label(target) {
                // The distance is written when something is attached.
                _ if target == instruction.next_ip() => format!("{text} <caller>"),
                Some(label) => format!("{text} .{label}"),
                // Every part of it that is run has a label.
                None if function.contains(target) => format!("{text} <rare>"),
                None => format!("{text} {}", place(program, target)),
            };
        }
        // The file has entries as they are while nothing is attached.
        if instruction.mnemonic() == Mnemonic::Jmp && executed.contains(&instruction.next_ip()) {
            text.push_str("  ; off: while armed, what follows is run");
        }
        lines.push(text);
    }
    Listing { name: function.name.clone(), lines }
}

/// An instruction, without the target if it is a branch to an address.
fn plain(program: &Program, instruction: &Instruction) -> String {
    let mut formatter = IntelFormatter::new();
    formatter.options_mut().set_space_after_operand_separator(true);
    formatter.options_mut().set_hex_prefix("0x");
    formatter.options_mut().set_hex_suffix("");
    formatter.options_mut().set_branch_leading_zeros(false);
    let mut text = String::new();
    if instruction.near_branch_target() != 0 {
        formatter.format_mnemonic(instruction, &mut text);
    } else if instruction.op1_kind() == OpKind::Immediate32to64
        && instruction.code() == Code::Mov_rm64_imm32
        && program.is_thread_local(instruction.immediate(1))
    {
        let mut register = String::new();
        // A register: an instruction that stores elsewhere is no load of a constant.
        formatter.format_operand(instruction, &mut register, 0).expect("it has two operands");
        // Writing to a string does not fail.
        let _ = write!(text, "mov {register}, <thread-local>");
    } else {
        formatter.format(instruction, &mut text);
    }
    let Some((open, close)) = text.find('[').zip(text.find(']')) else { return text };
    let operand = open + 1..close;
    if instruction.is_ip_rel_memory_operand() {
        let address = instruction.ip_rel_memory_address();
        let at = program.function(address).map(|_| place(program, address));
        text.replace_range(operand, at.as_deref().unwrap_or("<rip>"));
    } else if is_thread_local(program, instruction) {
        let registers = text[operand.clone()].find('-').unwrap_or(0);
        let plus = if registers > 0 { "+" } else { "" };
        text.replace_range(open + 1 + registers..close, &format!("{plus}<thread-local>"));
    }
    text
}

/// Whether an instruction's operand in memory is so far from the thread's register, or from an address
/// that was read there.
fn is_thread_local(program: &Program, instruction: &Instruction) -> bool {
    // The linker writes distances of four bytes.
    let written = instruction.memory_displ_size() > 1;
    let on_the_stack = matches!(instruction.memory_base(), Register::RSP | Register::RBP);
    written && !on_the_stack && program.is_thread_local(instruction.memory_displacement64())
}

/// An address in another function.
fn place(program: &Program, address: u64) -> String {
    match program.function(address) {
        Some(function) if function.start == address => function.name.clone(),
        Some(function) => format!("<in {}>", function.name),
        None => "<elsewhere>".to_owned(),
    }
}
