//! `cargo gtramp variants`: what the callers became.

use std::path::PathBuf;
use std::process::ExitCode;

use iced_x86::{Mnemonic, Register};
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
    name: String,
    code: u64,
    frame: u64,
    instructions: usize,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let image = Image::read(&args.binary)?;
    if image.architecture != Architecture::X86_64 {
        return Err(
            format!("{}: only x86-64 code can be taken apart", args.binary.display()).into()
        );
    }
    let mut variants: Vec<_> = image
        .functions(|name| key(name).is_some())
        .into_iter()
        .map(|(name, address, code)| {
            let instructions = image.instructions(address);
            let frames = instructions.iter().filter(|one| {
                one.mnemonic() == Mnemonic::Sub && one.op0_register() == Register::RSP
            });
            Variant {
                name: name.to_owned(),
                code,
                frame: frames.map(|one| one.immediate(1)).sum(),
                instructions: instructions.len(),
            }
        })
        .collect();
    if variants.is_empty() {
        return Err(format!(
            "{} has no callers, or no symbols: it is stripped, or gtramp is not in it",
            args.binary.display()
        )
        .into());
    }
    variants.sort_by_cached_key(|variant| key(&variant.name));
    if args.json {
        let row = |one: &Variant| json!({ "name": one.name, "code_bytes": one.code, "frame_bytes": one.frame, "instructions": one.instructions });
        print_json(&variants.iter().map(row).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table =
        Table::new(&["caller", "code bytes", "frame bytes", "instructions"], &[1, 2, 3]);
    for one in &variants {
        table.row([
            one.name.clone(),
            one.code.to_string(),
            one.frame.to_string(),
            one.instructions.to_string(),
        ]);
    }
    table.print();
    let bytes: u64 = variants.iter().map(|one| one.code).sum();
    say!("\n{}, {bytes} bytes of code", count(variants.len(), "caller"));
    Ok(ExitCode::SUCCESS)
}

/// `caller_2_sleep_origin_hash`, as what it is sorted by.
fn key(name: &str) -> Option<(bool, usize, bool, bool)> {
    let mut words = name.strip_prefix("caller_")?.split('_');
    let slots = words.next()?.parse().ok()?;
    let rest: Vec<_> = words.collect();
    let known = rest.iter().all(|word| ["sleep", "origin", "hash"].contains(word));
    known
        .then(|| (rest.contains(&"hash"), slots, rest.contains(&"sleep"), rest.contains(&"origin")))
}
