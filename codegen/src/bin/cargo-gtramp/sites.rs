//! `cargo gtramp sites`: the sites recorded in a built program, read without running it.
//!
//! A record names the function that would describe its site. That function does nothing but put
//! constants together, so the constants are found in the operands of its instructions.

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use gtramp_codegen::{function_path, trait_path};
use iced_x86::{FlowControl, OpKind};
use object::Architecture;
use serde::Serialize;

use crate::common::{BAD, GOOD, Outcome, count, print_json, progress, say};
use crate::machine::Image;
use crate::table::Table;

/// Lists the sites recorded in a built program, without running it
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The program or library; with --diff, the older one and the newer one
    #[arg(required = true, num_args = 1..=2, value_name = "BINARY")]
    binaries: Vec<PathBuf>,
    /// Compare two programs
    #[arg(long)]
    diff: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A site, from what its record leads to.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Site {
    path: String,
    /// The compiler's name, with generic arguments.
    instance: String,
    /// The trait whose method it is. `plan`, which knows no types, names a trait's default method by it.
    #[serde(rename = "trait")]
    of_trait: Option<String>,
    /// `2`, or `2_out` where the last slot is the address for the result; unknown in a stripped file.
    shape: Option<String>,
    args: usize,
    file: String,
    line: u32,
    address: u64,
    /// How many copies of the function lead to it when they are armed: the function itself, and wherever the
    /// compiler has made it a part of a caller.
    copies: usize,
}

/// A site's record: four fields of four bytes.
const RECORD: u64 = 16;
/// A switch's record: three fields.
const SWITCH: u64 = 12;
/// How deep calls are followed from a describing function.
const DEPTH: usize = 4;

pub(crate) fn run(args: &Args) -> Outcome {
    match (args.diff, &*args.binaries) {
        (false, [binary]) => list(binary, args.json),
        (true, [old, new]) => diff(old, new, args.json),
        (true, _) => Err("--diff compares two programs".into()),
        (false, _) => Err("one program at a time; --diff compares two".into()),
    }
}

fn list(binary: &Path, json: bool) -> Outcome {
    let sites = read(binary)?;
    if json {
        print_json(&sites)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&["function", "copies", "shape", "address", "where"], &[1]);
    for site in &sites {
        table.row([
            site.path.clone(),
            site.copies.to_string(),
            site.shape.clone().unwrap_or_else(|| site.args.to_string()),
            format!("{:#x}", site.address),
            format!("{}:{}", site.file, site.line),
        ]);
    }
    table.print();
    let functions: BTreeSet<_> = sites.iter().map(|site| &site.path).collect();
    let copies: usize = sites.iter().map(|site| site.copies).sum();
    say!(
        "\n{} of {}, {} in all",
        count(sites.len(), "site"),
        count(functions.len(), "function"),
        if copies == 1 { "1 copy".to_owned() } else { format!("{copies} copies") }
    );
    Ok(ExitCode::SUCCESS)
}

fn diff(old: &Path, new: &Path, json: bool) -> Outcome {
    let key = |site: Site| (site.path, site.instance, site.shape, site.args);
    let old: BTreeSet<_> = read(old)?.into_iter().map(key).collect();
    let new: BTreeSet<_> = read(new)?.into_iter().map(key).collect();
    let names = |from: &BTreeSet<_>, other: &BTreeSet<_>| -> Vec<String> {
        let changed = from.difference(other);
        changed
            .map(|(_, instance, shape, _): &(String, String, Option<String>, usize)| {
                shape
                    .as_ref()
                    .map_or_else(|| instance.clone(), |shape| format!("{instance} ({shape})"))
            })
            .collect()
    };
    let (gone, come) = (names(&old, &new), names(&new, &old));
    if json {
        print_json(&serde_json::json!({ "removed": gone, "added": come }))?;
    } else {
        for name in &gone {
            say!("{BAD}-{BAD:#} {name}");
        }
        for name in &come {
            say!("{GOOD}+{GOOD:#} {name}");
        }
        say!("{} removed, {} added", gone.len(), come.len());
    }
    Ok(ExitCode::SUCCESS)
}

fn read(binary: &Path) -> Result<Vec<Site>, Box<dyn Error>> {
    let image = Image::read(binary)?;
    let at = binary.display();
    let (start, bytes) = image
        .section("gtramp_sites")
        .ok_or_else(|| format!("{at} has no sites: no traceable function is in it"))?;
    if image.architecture != Architecture::X86_64 {
        return Err(format!("{at}: only x86-64 code can be taken apart").into());
    }
    let copies = copies(&image);
    let bar = progress("sites read");
    let mut sites = Vec::new();
    for record in 0..bytes.len() as u64 / RECORD {
        let address = start + record * RECORD;
        let site = site(&image, address, &copies)
            .ok_or_else(|| format!("{at}: the record at {address:#x} cannot be read"))?;
        sites.push(site);
        bar.inc(1);
    }
    bar.finish_and_clear();
    sites.sort();
    Ok(sites)
}

/// What a field of a record leads to.
fn field(image: &Image, record: u64, field: u64) -> Option<u64> {
    let at = record + field * 4;
    Some(at.wrapping_add_signed(image.half(at)?.cast_signed().into()))
}

/// How many switches lead to each stub.
fn copies(image: &Image) -> HashMap<u64, usize> {
    let mut copies = HashMap::new();
    let Some((start, bytes)) = image.section("gtramp_switches") else { return copies };
    for record in 0..bytes.len() as u64 / SWITCH {
        if let Some(entry) = field(image, start + record * SWITCH, 2) {
            *copies.entry(entry).or_default() += 1;
        }
    }
    copies
}

fn site(image: &Image, record: u64, copies: &HashMap<u64, usize>) -> Option<Site> {
    let target = |number| field(image, record, number);
    let (entry, body, describe) = (target(0)?, target(2)?, target(3)?);
    let mut constants = Constants::default();
    constants.collect(image, describe, DEPTH);
    let source = constants.addresses.iter().find_map(|address| Source::at(image, *address))?;
    let name = constants.addresses.iter().find_map(|address| {
        let mut texts = constants.numbers.iter().filter_map(|len| image.text(*address, *len));
        texts.find_map(|text| {
            let name = text.trim_end_matches("::{{closure}}");
            (name.len() < text.len() && name.contains(source.name)).then_some(name)
        })
    })?;
    let shape = image.symbol(body).and_then(|name| name.strip_prefix("body_")).map(str::to_owned);
    Some(Site {
        path: function_path(name, source.module),
        instance: name.to_owned(),
        of_trait: trait_path(name),
        shape,
        args: source.args,
        file: source.file.to_owned(),
        line: source.line,
        address: entry,
        copies: copies.get(&entry).copied().unwrap_or(0),
    })
}

/// The constants in a function's instructions, and in those of the functions it calls.
#[derive(Default)]
struct Constants {
    addresses: Vec<u64>,
    numbers: BTreeSet<u64>,
    seen: BTreeSet<u64>,
}

impl Constants {
    fn collect(&mut self, image: &Image, function: u64, depth: usize) {
        if !self.seen.insert(function) {
            return;
        }
        for one in image.instructions(function) {
            if one.is_ip_rel_memory_operand() {
                let address = one.ip_rel_memory_address();
                self.addresses.push(address);
                // Through a table of the linker's: what it will hold.
                self.addresses.extend(image.word(address));
            }
            for operand in 0..one.op_count() {
                let immediate = matches!(
                    one.op_kind(operand),
                    OpKind::Immediate32
                        | OpKind::Immediate64
                        | OpKind::Immediate32to64
                        | OpKind::Immediate8to64
                        | OpKind::Immediate8to32
                );
                if immediate {
                    self.numbers.insert(one.immediate(operand));
                }
            }
            let calls =
                matches!(one.flow_control(), FlowControl::Call | FlowControl::UnconditionalBranch);
            if calls && depth > 0 && one.op0_kind() == OpKind::NearBranch64 {
                self.collect(image, one.near_branch_target(), depth - 1);
            }
        }
    }
}

/// The runtime's `Source`, as far as it is needed.
struct Source<'i> {
    name: &'i str,
    module: &'i str,
    file: &'i str,
    line: u32,
    args: usize,
}

impl<'i> Source<'i> {
    /// Reads one, if that is what is there.
    fn at(image: &'i Image, address: u64) -> Option<Source<'i>> {
        let is_path = |text: &&str| {
            !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_:#".contains(c))
        };
        let signature = image.text_at(address)?.lines().next()?;
        let source = Source {
            name: signature.trim_start_matches("r#").split(['<', '(']).next().filter(is_path)?,
            module: image.text_at(address + 16).filter(is_path)?,
            file: image.text_at(address + 32).filter(|file| file.ends_with(".rs"))?,
            line: image.half(address + 48)?,
            // Identities of their types, and that of the result's.
            args: usize::try_from(image.word(address + 56 + 8)?.checked_sub(1)?).ok()?,
        };
        (source.args <= 32).then_some(source)
    }
}
