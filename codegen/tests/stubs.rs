//! The stubs as machine code: read back from a linked program with an independent disassembler.
#![cfg(all(target_os = "linux", target_arch = "x86_64", not(miri)))]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use gimli::{BaseAddresses, CfaRule, EhFrame, LittleEndian, Register as Saved, RegisterRule};
use gimli::{UnwindContext, UnwindSection as _, UnwindTableRow};
use gtramp_codegen::config::EntryMode;
use gtramp_codegen::{Arch, Caller, Config, Place, Plan, Rows, Single};
use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};
use support::{Numbers, build, config, render};

/// A linked program, whole in memory.
struct Program {
    plan: Plan,
    bytes: Vec<u8>,
}

impl Program {
    fn new(config: &Config, optimised: bool) -> Program {
        let dir = tempfile::tempdir().unwrap();
        let (plan, files) = render("x86_64", config);
        let path = build(dir.path(), &files, &plan, optimised);
        let status = Command::new(&path).status().unwrap();
        assert!(status.success(), "{config:?}");
        Program { plan, bytes: fs::read(&path).unwrap() }
    }

    fn file(&self) -> object::File<'_> {
        object::File::parse(self.bytes.as_slice()).unwrap()
    }

    /// Address and code of the functions called `name`.
    fn functions(&self, name: &str) -> Vec<(u64, Vec<u8>)> {
        let segment = format!("{}{name}", name.len());
        let file = self.file();
        file.symbols()
            .filter(|symbol| {
                let symbol = symbol.name().unwrap();
                symbol.match_indices(&segment).any(|(at, _)| {
                    let after = symbol[at + segment.len()..].chars().next();
                    !symbol[..at].ends_with(|c: char| c.is_ascii_digit())
                        && after.is_none_or(|c| c != '_')
                })
            })
            .map(|symbol| (symbol.address(), self.at(symbol.address(), symbol.size())))
            .collect()
    }

    /// Where the entry of the body at `address` is to hand its site on.
    fn md_register(&self, address: u64) -> &'static str {
        let file = self.file();
        let mut symbols = file.symbols().filter(|symbol| symbol.address() == address);
        symbols
            .find_map(|symbol| {
                let name = symbol.name().unwrap();
                let mut entries = self.plan.calls.iter().flat_map(|call| &call.entries);
                // Mangled names have the length of a segment before it.
                entries.find(|entry| {
                    let segment = format!("body_{}", entry.suffix);
                    name.contains(&format!("{}{segment}", segment.len()))
                })
            })
            .unwrap()
            .md_register
    }

    fn at(&self, address: u64, len: u64) -> Vec<u8> {
        let file = self.file();
        let section = file
            .sections()
            .find(|section| {
                section.address() != 0
                    && (section.address()..section.address() + section.size()).contains(&address)
            })
            .unwrap();
        section.data_range(address, len).unwrap().unwrap().to_vec()
    }

    /// What the unwind tables say of `address`: the frame address as an offset from rsp.
    fn cfa(&self, address: u64) -> i64 {
        match self.unwind_row(address).cfa() {
            CfaRule::RegisterAndOffset { register, offset } if *register == gimli::X86_64::RSP => {
                *offset
            }
            other => panic!("{other:?}"),
        }
    }

    /// How far from the frame address they say that a register is saved; `None` if it is not.
    fn saved(&self, address: u64, register: Saved) -> Option<i64> {
        match self.unwind_row(address).register(register) {
            Some(RegisterRule::Offset(offset)) => Some(offset),
            None | Some(RegisterRule::Undefined | RegisterRule::SameValue) => None,
            other => panic!("{other:?}"),
        }
    }

    fn unwind_row(&self, address: u64) -> UnwindTableRow<usize> {
        let file = self.file();
        let section = file.section_by_name(".eh_frame").unwrap();
        let frames = EhFrame::new(section.data().unwrap(), LittleEndian);
        let bases = BaseAddresses::default().set_eh_frame(section.address());
        frames
            .unwind_info_for_address(
                &bases,
                &mut UnwindContext::new(),
                address,
                EhFrame::cie_from_offset,
            )
            .unwrap()
            .clone()
    }
}

fn decode(address: u64, code: &[u8]) -> Vec<Instruction> {
    Decoder::with_ip(64, code, address, DecoderOptions::NONE).into_iter().collect()
}

/// Follows a caller from its first instruction to its last.
fn check_caller(program: &Program, caller: &Caller) {
    let name = &caller.name;
    let functions = program.functions(name);
    assert_eq!(functions.len(), 1, "{name}");
    let whole = decode(functions[0].0, &functions[0].1);
    let all_lists = whole.iter().position(|one| one.mnemonic() == Mnemonic::Endbr64);
    let (before, instructions) = whole.split_at(all_lists.unwrap());
    match &caller.rows {
        Some(rows) => check_rows(program, caller, rows, before, instructions[0].ip()),
        None => assert!(before.is_empty(), "{name}: a landing pad"),
    }
    let mut frame: i64 = 0; // bytes below the return address
    let mut calls = 0;
    let mut moving = None; // where rax was loaded from
    let mut saved: BTreeMap<u64, Place> = BTreeMap::new();
    let mut restored: BTreeMap<u64, Register> = BTreeMap::new();
    for one in instructions {
        assert_eq!(program.cfa(one.ip()), frame + 8, "{name}: unwind row at {:#x}", one.ip());
        let on_stack =
            |operand| one.op_kind(operand) == OpKind::Memory && one.memory_base() == Register::RSP;
        match one.mnemonic() {
            Mnemonic::Sub => frame += one.immediate(1).cast_signed(),
            Mnemonic::Add => frame -= one.immediate(1).cast_signed(),
            Mnemonic::Call => {
                assert_eq!((frame + 8) % 16, 0, "{name}: stack alignment at the call");
                calls += 1;
            }
            Mnemonic::Mov if on_stack(0) => {
                let place = match (one.op1_register(), moving.take()) {
                    (Register::RAX, Some(offset)) => Place::Stack { offset },
                    (register, _) => Place::Register(register_name(register)),
                };
                assert!(
                    one.memory_displacement64() < frame.cast_unsigned(),
                    "{name}: stores stay in the frame"
                );
                assert_eq!(
                    saved.insert(one.memory_displacement64(), place),
                    None,
                    "{name}: saved once"
                );
            }
            Mnemonic::Mov if on_stack(1) && one.op0_register() == Register::RAX => {
                moving = Some(usize::try_from(one.memory_displacement64()).unwrap());
            }
            Mnemonic::Mov if on_stack(1) => {
                restored.insert(one.memory_displacement64(), one.op0_register());
            }
            _ => {}
        }
    }
    assert_eq!((frame, calls), (0, 1), "{name}: balanced, one call");
    let last = instructions.last().unwrap().mnemonic();
    assert_eq!(last, if caller.shape.origin { Mnemonic::Ret } else { Mnemonic::Jmp }, "{name}");

    let arch = Arch::named("x86_64").unwrap();
    if !caller.shape.origin {
        let record = u64::try_from(caller.frame.md).unwrap();
        let site = Place::Register(caller.md_register);
        assert_eq!(saved.remove(&record), Some(site), "{name}: the site");
        let back = restored.remove(&record).map(register_name);
        assert_eq!(back, Some(caller.md_register), "{name}: the site again");
    }
    assert_eq!(saved.len(), caller.shape.slots, "{name}: every slot is saved");
    for save in &caller.frame.saves {
        let offset = u64::try_from(save.slot * arch.slot_bytes).unwrap();
        assert_eq!(saved.get(&offset), Some(&save.place), "{name}: slot {}", save.slot);
        let back = restored.get(&offset).copied().map(register_name);
        let expected = arch.slot_registers.get(save.slot).copied().filter(|_| !caller.shape.origin);
        assert_eq!(back, expected, "{name}: slot {} is restored if the body follows", save.slot);
    }
}

/// Follows what a caller runs lists with: what it pushes, it pops, each row has its turn, and every way out but
/// that to the body leads to what serves all lists.
fn check_rows(
    program: &Program,
    caller: &Caller,
    rows: &Rows,
    instructions: &[Instruction],
    all_lists: u64,
) {
    let name = &caller.name;
    let begin = instructions[0].ip();
    assert_eq!(begin % 64, 0, "{name}: begins a line of code");
    let kept = [(Register::RBX, gimli::X86_64::RBX), (Register::RBP, gimli::X86_64::RBP)];
    let mut pushed = Vec::new();
    let (mut calls, mut ways_on, mut restored) = (0, 0, Vec::new());
    for one in instructions {
        let frame = pushed.len() as u64 * 8;
        assert_eq!(program.cfa(one.ip()), frame.cast_signed() + 8, "{name}: {:#x}", one.ip());
        for (register, number) in kept {
            let place = pushed.iter().position(|&one| one == register);
            // Below the frame address and the return address.
            let offset = place.map(|place| -8 - (place as i64 + 1) * 8);
            assert_eq!(program.saved(one.ip(), number), offset, "{name}: {:#x}", one.ip());
        }
        match one.mnemonic() {
            Mnemonic::Push => pushed.push(one.op0_register()),
            Mnemonic::Pop => restored.push((pushed.pop().unwrap(), one.op0_register())),
            Mnemonic::Call => {
                assert_eq!((frame + 8) % 16, 0, "{name}: stack alignment at the call");
                assert_eq!(one.memory_base(), Register::RBX, "{name}: the row's code");
                calls += 1;
            }
            Mnemonic::Jne if one.near_branch_target() < one.ip() => {
                // Back to where the next row is named: all is as it was there.
                let next =
                    decode(one.near_branch_target(), &program.at(one.near_branch_target(), 4));
                assert_eq!(next[0].mnemonic(), Mnemonic::Mov, "{name}: the mark");
                assert_eq!(next[0].op1_register(), Register::RBX, "{name}: the mark");
                assert_eq!(
                    program.cfa(one.near_branch_target()),
                    frame.cast_signed() + 8,
                    "{name}: the loop keeps its frame"
                );
            }
            Mnemonic::Jne | Mnemonic::Je => {
                assert_eq!(frame, 0, "{name}: nothing is left for what serves all lists");
                // Once the mark says something, it is cleared on the way.
                let marked = instructions.iter().find(|one| {
                    one.mnemonic() == Mnemonic::Mov && one.op0_kind() == OpKind::Memory
                });
                let way = if one.ip() > marked.unwrap().ip() { 4 } else { 0 };
                assert_eq!(one.near_branch_target() + way, all_lists, "{name}: {:#x}", one.ip());
            }
            Mnemonic::Jmp => {
                assert_eq!(frame, 0, "{name}: a frame is left");
                assert_eq!(register_name(one.memory_base()), caller.md_register, "{name}");
                ways_on += 1;
            }
            Mnemonic::Mov if one.memory_base() == Register::RSP => {
                let md =
                    pushed.iter().rev().position(|&one| register_name(one) == caller.md_register);
                assert_eq!(one.memory_displacement64(), md.unwrap() as u64 * 8, "{name}: metadata");
                assert_eq!(rows.md, md.unwrap() * 8, "{name}: metadata");
            }
            Mnemonic::Cmp | Mnemonic::Test => {}
            _ => assert!(one.op0_register() != Register::RSP, "{name}: only pushes and pops"),
        }
    }
    assert_eq!((calls, ways_on, pushed.len()), (1, 1, 0), "{name}");
    let same = restored.iter().filter(|(from, to)| from == to).count();
    assert_eq!(same, rows.registers.len() + kept.len() + 1, "{name}: restored");
    let others = restored.len() - same;
    assert_eq!(others, usize::from(rows.padding), "{name}: nothing else is pushed");
}

fn register_name(register: Register) -> &'static str {
    let names = ["rdi", "rsi", "rdx", "rcx", "r8", "r9", "r11"];
    let registers = [
        Register::RDI,
        Register::RSI,
        Register::RDX,
        Register::RCX,
        Register::R8,
        Register::R9,
        Register::R11,
    ];
    registers.iter().position(|one| *one == register).map_or("another", |at| names[at])
}

/// Follows a caller for one probe: what it pushes, it pops, and where it jumps, nothing is left.
fn check_single(program: &Program, single: &Single) {
    let name = &single.name;
    let functions = program.functions(name);
    assert_eq!(functions.len(), 1, "{name}");
    assert_eq!(functions[0].0 % 64, 0, "{name}: begins a line of code");
    let instructions = decode(functions[0].0, &functions[0].1);
    let mut pushed = Vec::new();
    let mut popped = Vec::new();
    let (mut calls, mut jumps_on) = (0, 0);
    let end = functions[0].0 + functions[0].1.len() as u64;
    for one in &instructions {
        let frame = i64::try_from(pushed.len() * 8).unwrap();
        assert_eq!(program.cfa(one.ip()), frame + 8, "{name}: unwind row at {:#x}", one.ip());
        match one.mnemonic() {
            Mnemonic::Push => pushed.push(one.op0_register()),
            Mnemonic::Pop => popped.push((pushed.pop().unwrap(), one.op0_register())),
            Mnemonic::Call => {
                assert_eq!((frame + 8) % 16, 0, "{name}: stack alignment at the call");
                calls += 1;
            }
            Mnemonic::Jne => {
                let target = one.near_branch_target();
                assert!((functions[0].0..end).contains(&target), "{name}: a rare way out is near");
            }
            Mnemonic::Jmp if one.op0_kind() == OpKind::Memory => {
                assert_eq!(frame, 0, "{name}: a frame is left");
                assert_eq!(register_name(one.memory_base()), single.md_register);
                jumps_on += 1;
            }
            Mnemonic::Cmp => {}
            _ => assert!(one.op0_register() != Register::RSP, "{name}: only pushes and pops"),
        }
    }
    assert_eq!((calls, jumps_on, pushed.len()), (1, 1, 0), "{name}");
    let slots = single.registers.iter().map(|register| (*register, *register));
    let restored = popped.iter().map(|&(from, to)| (register_name(from), register_name(to)));
    let kept =
        |(from, _): &(&str, &str)| single.registers.contains(from) || *from == single.md_register;
    let restored: Vec<_> = restored.filter(kept).collect();
    let md = (single.md_register, single.md_register);
    let once: Vec<_> = slots.chain([md]).collect();
    assert_eq!(restored, once, "{name}: restored");
    check_look_up(&instructions, single);
}

/// Follows the look into the front: a value is read where the key is the function's address, and nowhere
/// else.
fn check_look_up(instructions: &[Instruction], single: &Single) {
    // As the stand-ins lay them out.
    const ADDRESS: u64 = 48;
    const MASK: u64 = 0x3_ffe0;
    const VALUE: u64 = 8;
    let name = &single.name;
    let place = |what: &str, is: &dyn Fn(&Instruction) -> bool| {
        let place = instructions.iter().position(is);
        place.unwrap_or_else(|| panic!("{name}: no {what}"))
    };
    let is_cell = |one: &Instruction| {
        (one.memory_base(), one.memory_index()) == (Register::RAX, Register::R11)
    };
    let address = place("address", &|one| {
        one.op0_register() == Register::R10
            && register_name(one.memory_base()) == single.md_register
            && one.memory_displacement64() == ADDRESS
    });
    let masked = place("mask", &|one| one.mnemonic() == Mnemonic::And && one.immediate(1) == MASK);
    let front = place("front", &|one| {
        one.op0_register() == Register::RAX && one.is_ip_rel_memory_operand()
    });
    let key = place("key", &|one| {
        one.mnemonic() == Mnemonic::Cmp && is_cell(one) && one.op1_register() == Register::R10
    });
    let value = place("value", &|one| {
        register_name(one.op0_register()) == single.md_register
            && is_cell(one)
            && one.memory_displacement64() == VALUE
    });
    let order = [address, masked, front, key, value];
    assert!(order.is_sorted(), "{name}: {order:?}");
    assert_eq!(instructions[key + 1].mnemonic(), Mnemonic::Jne, "{name}: another key");
    let end = instructions.last().unwrap();
    assert_eq!(
        instructions[key + 1].near_branch_target(),
        end.ip(),
        "{name}: to the shared caller"
    );
    assert!(value < 7, "{name}: more than the look-up may cost");
}

/// Checks every record of the program and the entry it names. Returns their number.
fn check_entries(program: &Program) -> usize {
    let file = program.file();
    let Some(section) = file.section_by_name("gtramp_sites") else {
        return 0;
    };
    let data = section.data().unwrap();
    assert_eq!(data.len() % 16, 0);
    let target = |at: usize| {
        let offset = i32::from_le_bytes(data[at..at + 4].try_into().unwrap());
        section.address().wrapping_add(at as u64).wrapping_add_signed(offset.into())
    };
    let mut registers = BTreeMap::new();
    for entry in program.plan.calls.iter().flat_map(|call| &call.entries) {
        for (body, _) in program.functions(&format!("body_{}", entry.suffix)) {
            registers.insert(body, entry.md_register);
        }
    }
    for record in (0..data.len()).step_by(16) {
        let [entry, site, body, _describe] = [0, 4, 8, 12].map(|field| target(record + field));
        assert_eq!(entry % 32, 0, "the words that are patched are aligned");
        assert_eq!(site % 8, 0);
        let code = program.at(entry, 27);
        let patched = program.plan.entry_mode == EntryMode::Patch;
        let armed = decode(entry, &code);
        let mut armed = armed.iter();
        if patched {
            for length in [8, 4] {
                let room = armed.next().unwrap();
                assert_eq!((room.mnemonic(), room.len()), (Mnemonic::Nop, length));
            }
        }
        let load = armed.next().unwrap();
        let register = load.op0_register();
        assert_eq!(load.mnemonic(), Mnemonic::Mov);
        assert_eq!(register_name(register), program.md_register(body));
        assert_eq!(load.memory_displacement64(), site);
        if patched {
            let short = armed.next().unwrap();
            assert_eq!((short.mnemonic(), short.len()), (Mnemonic::Jmp, 5));
            assert_eq!((short.ip() + 1) % 4, 0, "the distance is a word of its own");
            assert_eq!(short.near_branch_target(), short.next_ip(), "to the long way");
        }
        let long = armed.next().unwrap();
        assert_eq!((long.mnemonic(), long.memory_base()), (Mnemonic::Jmp, register));
        assert_eq!(long.memory_displacement64(), 0);
    }
    data.len() / 16
}

/// Checks every record of a switch, and the switch that it names. Returns how many stubs have one.
fn check_switches(program: &Program) -> usize {
    let file = program.file();
    let Some(section) = file.section_by_name("gtramp_switches") else {
        return 0;
    };
    let data = section.data().unwrap();
    assert_eq!(data.len() % 12, 0);
    let target = |at: usize| {
        let offset = i32::from_le_bytes(data[at..at + 4].try_into().unwrap());
        section.address().wrapping_add(at as u64).wrapping_add_signed(offset.into())
    };
    let mut stubs = BTreeSet::new();
    for record in (0..data.len()).step_by(12) {
        let [switch, armed, stub] = [0, 4, 8].map(|field| target(record + field));
        stubs.insert(stub);
        if program.plan.entry_mode == EntryMode::Slot {
            assert_eq!(program.at(switch, 1), [0], "off");
            continue;
        }
        let mut code = program.at(switch, 5);
        let off = &decode(switch, &code)[0];
        assert_eq!((off.mnemonic(), off.len()), (Mnemonic::Test, 5), "without effect");
        code[0] = 0xe9;
        let jump = &decode(switch, &code)[0];
        assert_eq!((jump.mnemonic(), jump.len()), (Mnemonic::Jmp, 5));
        assert_eq!(jump.near_branch_target(), armed);
    }
    stubs.len()
}

fn check(config: &Config, optimised: bool) {
    let program = Program::new(config, optimised);
    for caller in &program.plan.callers {
        check_caller(&program, caller);
    }
    for single in &program.plan.singles {
        check_single(&program, single);
    }
    // Two samples per argument count; a linker may fold none of them.
    assert_eq!(check_entries(&program), 2 * config.args.len(), "{config:?}");
    assert_eq!(check_switches(&program), 2 * config.args.len(), "{config:?}");
}

#[test]
fn every_default_stub_is_balanced_aligned_and_unwindable() {
    check(&Config::default(), true);
}

#[test]
fn the_largest_stubs_are_too() {
    check(&config("max-args = 32\nentry = \"slot\""), false);
}

#[test]
fn any_configuration_compiles_to_stubs_that_are_too() {
    let mut numbers = Numbers(7);
    for round in 0..4 {
        check(&numbers.config(), round % 2 == 0);
    }
}
