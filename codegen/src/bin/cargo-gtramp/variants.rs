//! `cargo gtramp variants`: what the callers became.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use iced_x86::{Instruction, Mnemonic, Register};
use object::Architecture;
use serde_json::json;

use crate::common::{Outcome, count, print_json, say};
use crate::machine::Image;
use crate::table::Table;

/// Lists the callers in a built program with their sizes
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The program or library, not stripped
    binary: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

struct Variant {
    key: Key,
    name: String,
    code: u64,
    frame: u64,
    instructions: usize,
}

/// What a caller's name says, in the order in which callers are listed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// `caller_2_sleep_origin_hash`: shared by all functions of a shape. `caller_2_single_hash`: as long as
    /// one entry probe is all they have.
    Shared { hash: bool, slots: usize, sleepable: bool, origin: bool, single: bool },
    /// `specialised_2`: one copy for each probe type.
    Specialised { slots: usize },
}

impl Key {
    fn of(name: &str) -> Option<Key> {
        if let Some(slots) = name.strip_prefix("specialised_") {
            return Some(Key::Specialised { slots: slots.parse().ok()? });
        }
        let mut words = name.strip_prefix("caller_")?.split('_');
        let slots = words.next()?.parse().ok()?;
        let rest: Vec<_> = words.collect();
        let has = |word| rest.contains(&word);
        let known = rest.iter().all(|word| ["sleep", "origin", "hash", "single"].contains(word));
        known.then(|| Key::Shared {
            hash: has("hash"),
            slots,
            sleepable: has("sleep"),
            origin: has("origin"),
            single: has("single"),
        })
    }

    fn is_shared(self) -> bool {
        matches!(self, Key::Shared { .. })
    }
}

pub(crate) fn run(args: &Args) -> Outcome {
    let image = Image::read(&args.binary)?;
    if image.architecture != Architecture::X86_64 {
        return Err(
            format!("{}: only x86-64 code can be taken apart", args.binary.display()).into()
        );
    }
    let variants = variants(&image);
    if variants.is_empty() {
        return Err(format!(
            "{} has no callers: it is stripped, or nothing in it attaches a probe",
            args.binary.display()
        )
        .into());
    }
    if args.json {
        let row = |one: &Variant| json!({ "name": one.name, "specialised": !one.key.is_shared(), "code_bytes": one.code, "frame_bytes": one.frame, "instructions": one.instructions });
        print_json(&variants.iter().map(row).collect::<Vec<_>>())?;
    } else {
        print(&variants);
    }
    Ok(ExitCode::SUCCESS)
}

/// Every caller of the program, in order; a specialised one as often as it was compiled.
fn variants(image: &Image) -> Vec<Variant> {
    let functions = image.functions(|name| Key::of(name).is_some());
    let variant = |(name, address, code): (&str, u64, u64)| {
        let instructions = image.instructions(address);
        Some(Variant {
            key: Key::of(name)?,
            name: name.to_owned(),
            code,
            frame: frame(&instructions),
            instructions: instructions.len(),
        })
    };
    let mut variants: Vec<_> = functions.into_iter().filter_map(variant).collect();
    variants.sort_by_key(|one| (one.key, one.code, one.frame, one.instructions));
    variants
}

/// How many bytes of stack a caller takes. One that has two ways, of which the second begins with a landing
/// pad, takes the stack of one of them.
fn frame(instructions: &[Instruction]) -> u64 {
    let ways = instructions.split(|one| one.mnemonic() == Mnemonic::Endbr64);
    ways.map(|way| way.iter().map(stack_taken).sum()).max().unwrap_or(0)
}

/// How many bytes of stack an instruction takes.
fn stack_taken(one: &Instruction) -> u64 {
    match one.mnemonic() {
        Mnemonic::Sub if one.op0_register() == Register::RSP => one.immediate(1),
        Mnemonic::Push => 8,
        _ => 0,
    }
}

fn print(variants: &[Variant]) {
    let shared = variants.iter().filter(|one| one.key.is_shared());
    let mut table =
        Table::new(&["caller", "code bytes", "frame bytes", "instructions"], &[1, 2, 3]);
    for one in shared.clone() {
        table.row([
            one.name.clone(),
            one.code.to_string(),
            one.frame.to_string(),
            one.instructions.to_string(),
        ]);
    }
    table.print();
    let bytes: u64 = shared.clone().map(|one| one.code).sum();
    say!("\n{}, {bytes} bytes of code", count(shared.count(), "caller"));
    specialised(variants);
}

/// The specialised callers: those for one slot count in one row.
fn specialised(variants: &[Variant]) {
    let mut by_name: BTreeMap<Key, Vec<&Variant>> = BTreeMap::new();
    for one in variants.iter().filter(|one| !one.key.is_shared()) {
        by_name.entry(one.key).or_default().push(one);
    }
    if by_name.is_empty() {
        return;
    }
    let head = ["specialised caller", "probe types", "code bytes", "frame bytes", "instructions"];
    let mut table = Table::new(&head, &[1, 2, 3, 4]);
    for copies in by_name.values() {
        table.row([
            copies[0].name.clone(),
            copies.len().to_string(),
            range(copies.iter().map(|one| one.code)),
            range(copies.iter().map(|one| one.frame)),
            range(copies.iter().map(|one| one.instructions)),
        ]);
    }
    say!("");
    table.print();
    let all: Vec<_> = by_name.into_values().flatten().collect();
    let bytes: u64 = all.iter().map(|one| one.code).sum();
    say!("\n{}, {bytes} bytes of code", count(all.len(), "specialised caller"));
}

/// `24`, or `24 to 40`.
fn range<N: Copy + Ord + std::fmt::Display>(numbers: impl Iterator<Item = N> + Clone) -> String {
    match (numbers.clone().min(), numbers.max()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most}"),
        (Some(least), _) => least.to_string(),
        (None, _) => String::new(),
    }
}
