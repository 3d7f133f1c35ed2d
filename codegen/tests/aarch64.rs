//! The stubs for aarch64: assembled, linked and taken apart again with the GNU tools for that
//! architecture (Debian's `binutils-aarch64-linux-gnu`). Where they are missing, nothing is tested.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use gimli::{BaseAddresses, CfaRule, EhFrame, LittleEndian, RegisterRule, UnwindContext};
use gimli::{UnwindSection as _, UnwindTableRow};
use gtramp_codegen::{Caller, Config, Place, Plan};
use object::{Object as _, ObjectSection as _};
use support::{config, render};

/// A stub out of the rendered text: its lines of assembly, operands put in.
struct Stub {
    name: String,
    lines: Vec<String>,
}

/// Every naked function of `text`.
fn stubs(text: &str) -> Vec<Stub> {
    let mut stubs = Vec::new();
    let mut name = String::new();
    let mut lines: Vec<String> = Vec::new();
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if let Some((_, after)) = line.split_once("extern \"C-unwind\" fn ") {
            let end = after.find(['<', '(']).unwrap();
            name = after[..end].to_owned();
        } else if line.contains("naked_asm!(") {
            inside = true;
        } else if !inside {
            continue;
        } else if let Some(asm) = line.strip_prefix('"') {
            lines.push(asm.trim_end_matches("\",").replace("\\\"", "\""));
        } else if let Some((operand, symbol)) = line.split_once(" = sym ") {
            // Each instance is a function of its own; here all are one.
            let symbol = symbol.split("::<").next().unwrap().trim_end_matches(',');
            for line in &mut lines {
                *line = line.replace(&format!("{{{operand}}}"), symbol);
            }
        } else if line == ")" {
            inside = false;
            stubs.push(Stub { name: name.clone(), lines: std::mem::take(&mut lines) });
        }
    }
    stubs
}

/// One disassembled instruction.
struct Instruction {
    address: u64,
    mnemonic: String,
    operands: String,
}

struct Program {
    plan: Plan,
    bytes: Vec<u8>,
    functions: BTreeMap<String, Vec<Instruction>>,
}

fn tool(name: &str, dir: &Path, args: &[&str]) -> Option<String> {
    let output =
        Command::new(format!("aarch64-linux-gnu-{name}")).args(args).current_dir(dir).output();
    let Ok(output) = output else {
        eprintln!("skipped: there is no aarch64-linux-gnu-{name}");
        assert!(env::var_os("GTRAMP_AARCH64").is_none(), "GTRAMP_AARCH64 asks for this test");
        return None;
    };
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

impl Program {
    /// `None` without the tools.
    fn new(config: &Config) -> Option<Program> {
        let (plan, files) = render("aarch64", config);
        let mut source = String::new();
        let all = [stubs(&files.entries), stubs(&files.callers)].concat_all();
        let mut function = |name: &str, lines: &[String]| {
            let lines = lines.join("\n");
            source.push_str(&format!(
                ".section .text.{name},\"ax\",@progbits\n.balign 4\n.globl {name}\n.type {name},%function\n{name}:\n{lines}\n.size {name}, . - {name}\n"
            ));
        };
        for stub in &all {
            function(&stub.name, &stub.lines);
        }
        let others = plan.calls.iter().flat_map(|call| {
            let bodies = call.entries.iter().map(|entry| format!("body_{}", entry.suffix));
            bodies.chain([format!("describe_{}", call.args.len())])
        });
        for name in others.chain(["run_entry", "run_origin", "run_patched"].map(str::to_owned)) {
            function(&name, &["ret".to_owned()]);
        }
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("stubs.s"), source).unwrap();
        tool("as", dir.path(), &["-o", "stubs.o", "stubs.s"])?;
        tool("ld", dir.path(), &["-e", "0", "--no-gc-sections", "-o", "stubs", "stubs.o"])?;
        let text = tool("objdump", dir.path(), &["-d", "--no-show-raw-insn", "stubs"])?;
        let bytes = fs::read(dir.path().join("stubs")).unwrap();
        Some(Program { plan, bytes, functions: functions(&text) })
    }

    /// What the unwind tables say of `address`.
    fn unwind(&self, address: u64) -> UnwindTableRow<usize> {
        let file = object::File::parse(self.bytes.as_slice()).unwrap();
        let section = file.section_by_name(".eh_frame").unwrap();
        let mut frames = EhFrame::new(section.data().unwrap(), LittleEndian);
        frames.set_address_size(8);
        let bases = BaseAddresses::default().set_eh_frame(section.address());
        let mut context = UnwindContext::new();
        let row =
            frames.unwind_info_for_address(&bases, &mut context, address, EhFrame::cie_from_offset);
        row.unwrap().clone()
    }
}

trait ConcatAll {
    fn concat_all(self) -> Vec<Stub>;
}

impl ConcatAll for [Vec<Stub>; 2] {
    fn concat_all(self) -> Vec<Stub> {
        self.into_iter().flatten().collect()
    }
}

/// objdump's listing, by function.
fn functions(text: &str) -> BTreeMap<String, Vec<Instruction>> {
    let mut functions: BTreeMap<String, Vec<Instruction>> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_suffix(">:").and_then(|line| line.split_once('<')) {
            current = name.1.to_owned();
        } else if let Some((address, rest)) = line.split_once(":\t") {
            let (mnemonic, operands) = rest.split_once('\t').unwrap_or((rest, ""));
            functions.entry(current.clone()).or_default().push(Instruction {
                address: u64::from_str_radix(address.trim(), 16).unwrap(),
                mnemonic: mnemonic.trim().to_owned(),
                operands: operands.split("//").next().unwrap().trim().to_owned(),
            });
        }
    }
    // Padding up to the next function follows the last branch.
    for function in functions.values_mut() {
        let end = function.iter().rposition(|one| ["br", "ret", "b"].contains(&&*one.mnemonic));
        function.truncate(end.map_or(0, |end| end + 1));
    }
    functions
}

/// `x1, [sp, #8]` as register and offset.
fn on_stack(operands: &str) -> Option<(&str, usize)> {
    let (register, memory) = operands.split_once(", [sp")?;
    let offset = memory.trim_end_matches(']').trim_start_matches(", #");
    Some((register, if offset.is_empty() { 0 } else { offset.parse().unwrap() }))
}

/// Follows a caller from its first instruction to its last.
fn check_caller(program: &Program, caller: &Caller) {
    let name = &caller.name;
    let instructions = &program.functions[name];
    let mut frame = 0; // bytes
    let mut linked = false; // x29 and x30 are in the frame
    let mut calls = 0;
    let mut from_stack = None;
    let mut saved: BTreeMap<usize, Place> = BTreeMap::new();
    let mut restored: BTreeMap<usize, String> = BTreeMap::new();
    for one in instructions {
        let row = program.unwind(one.address);
        let sp = gimli::AArch64::SP;
        assert_eq!(
            *row.cfa(),
            CfaRule::RegisterAndOffset { register: sp, offset: frame },
            "{name}: {:#x}",
            one.address
        );
        let record = i64::try_from(caller.frame.record).unwrap() - frame;
        for (register, at) in [(gimli::AArch64::X29, record), (gimli::AArch64::X30, record + 8)] {
            let expected = linked.then_some(RegisterRule::Offset(at));
            let rule =
                row.register(register).filter(|rule| matches!(rule, RegisterRule::Offset(_)));
            assert_eq!(rule, expected, "{name}: {:#x}", one.address);
        }
        let amount = || one.operands.rsplit_once('#').unwrap().1;
        let amount = || i64::from_str_radix(amount().trim_start_matches("0x"), 16).unwrap();
        match one.mnemonic.as_str() {
            "sub" if one.operands.starts_with("sp, sp") => frame += amount(),
            "add" if one.operands.starts_with("sp, sp") => frame -= amount(),
            "stp" => {
                assert_eq!(
                    on_stack(&one.operands),
                    Some(("x29, x30", caller.frame.record)),
                    "{name}"
                );
                linked = true;
            }
            "ldp" => {
                assert_eq!(
                    on_stack(&one.operands),
                    Some(("x29, x30", caller.frame.record)),
                    "{name}"
                );
                linked = false;
            }
            "bl" => {
                assert_eq!(frame % 16, 0, "{name}: stack alignment");
                calls += 1;
            }
            "str" => {
                let (register, offset) = on_stack(&one.operands).unwrap();
                assert!(offset < caller.frame.bytes, "{name}: stores stay in the frame");
                let place = match (register, from_stack.take()) {
                    ("x10", Some(offset)) => Place::Stack { offset },
                    _ => Place::Register(static_name(register)),
                };
                assert_eq!(saved.insert(offset, place), None, "{name}: saved once");
            }
            "ldr" => {
                let (register, offset) = on_stack(&one.operands).unwrap();
                if register == "x10" {
                    from_stack = Some(offset);
                } else {
                    restored.insert(offset, register.to_owned());
                }
            }
            _ => {}
        }
    }
    assert_eq!((frame, linked, calls), (0, false, 1), "{name}: balanced, one call");
    let first = &instructions[0];
    assert!(first.mnemonic == "bti" || first.operands == "#0x26", "{name}: a landing pad");
    let last = instructions.last().unwrap();
    let end = (last.mnemonic.as_str(), last.operands.as_str());
    assert_eq!(end, if caller.shape.origin { ("ret", "") } else { ("br", "x16") }, "{name}");

    if !caller.shape.origin {
        let site = caller.frame.md;
        assert_eq!(
            saved.remove(&site),
            Some(Place::Register(caller.md_register)),
            "{name}: the site"
        );
        assert_eq!(restored.remove(&site).as_deref(), Some(caller.md_register), "{name}: the site");
    }
    assert_eq!(saved.len(), caller.shape.slots, "{name}: every slot is saved");
    for save in &caller.frame.saves {
        assert_eq!(saved.get(&save.offset), Some(&save.place), "{name}: slot {}", save.slot);
        let expected = match save.place {
            Place::Register(register) if !caller.shape.origin => Some(register),
            _ => None,
        };
        assert_eq!(
            restored.get(&save.offset).map(String::as_str),
            expected,
            "{name}: slot {}",
            save.slot
        );
    }
}

fn static_name(register: &str) -> &'static str {
    let names = ["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x9"];
    names.into_iter().find(|name| *name == register).unwrap_or("another")
}

fn check(text: &str) {
    let Some(program) = Program::new(&config(text)) else { return };
    for caller in &program.plan.callers {
        check_caller(&program, caller);
    }
    for entry in program.plan.calls.iter().flat_map(|call| &call.entries) {
        let code = &program.functions[&format!("entry_{}", entry.suffix)];
        assert_eq!(code[0].address % 8, 0);
        let mnemonics: Vec<_> = code.iter().map(|one| one.mnemonic.as_str()).take(4).collect();
        assert_eq!(mnemonics, ["adrp", "ldr", "ldr", "br"]);
        // The runtime compares every byte, so there is nothing here that linkers rewrite.
        assert!(code[0].operands.starts_with("x16, "), "{}", code[0].operands);
        assert!(code[1].operands.starts_with(&format!("{}, [x16", entry.md_register)));
        assert_eq!(code[2].operands, format!("x16, [{}]", entry.md_register));
        assert_eq!(code[3].operands, "x16");
    }
}

#[test]
fn every_stub_is_balanced_aligned_and_unwindable() {
    check("entry = \"patch\"");
}

#[test]
fn the_largest_stubs_are_too() {
    check("max-args = 32\nentry = \"slot\"");
}
