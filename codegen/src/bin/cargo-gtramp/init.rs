//! `cargo gtramp init`: the first lines of gtramp in a crate.

use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cargo_metadata::MetadataCommand;
use gtramp_codegen::config::CONFIG_VARIABLE;
use gtramp_codegen::{Config, Error};
use similar::{ChangeTag, TextDiff};
use toml_edit::{DocumentMut, InlineTable, Item, Table, value};

use crate::common::{BAD, CONFIG_FILE, DIM, GOOD, HEAD, Outcome, say};

/// Adds gtramp to a crate: dependency, configuration and a first example. Shows the changes first
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Path to the crate's Cargo.toml
    #[arg(long, value_name = "PATH", default_value = "Cargo.toml")]
    manifest_path: PathBuf,
    /// Depend on the gtramp in this folder rather than on the published one
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
    /// Make the changes without asking
    #[arg(short, long)]
    yes: bool,
    /// Only show the changes
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

/// A file as it is to be.
struct Change {
    path: PathBuf,
    old: String,
    new: String,
}

impl Change {
    fn make(&self) -> std::io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.path, &self.new)
    }
}

pub(crate) fn run(args: &Args) -> Outcome {
    let folder = args.manifest_path.parent().unwrap_or(Path::new(""));
    let root = workspace_root(&args.manifest_path)?;
    let changes: Vec<_> =
        [manifest(args)?, cargo_config(&root)?, configuration(&root), example(folder)]
            .into_iter()
            .filter(|change| change.old != change.new)
            .collect();
    if changes.is_empty() {
        say!("{GOOD}nothing to do{GOOD:#}: gtramp is set up here");
        return Ok(ExitCode::SUCCESS);
    }
    changes.iter().for_each(print);
    if args.dry_run || !(args.yes || confirmed()?) {
        say!("nothing was changed");
        return Ok(ExitCode::SUCCESS);
    }
    for change in &changes {
        change
            .make()
            .map_err(|error| format!("cannot write {}: {error}", change.path.display()))?;
        say!("{GOOD}wrote{GOOD:#} {}", change.path.display());
    }
    say!("try it: {HEAD}cargo run --example traced{HEAD:#}");
    Ok(ExitCode::SUCCESS)
}

/// The folder of the workspace: cargo is run there, and there it looks for its configuration.
fn workspace_root(manifest_path: &Path) -> Result<PathBuf, Error> {
    let metadata = MetadataCommand::new().manifest_path(manifest_path).no_deps().exec();
    let root =
        metadata.map_err(|source| Error::Metadata { source })?.workspace_root.into_std_path_buf();
    // A path as short as the one that was given, where it is the same folder.
    let given = manifest_path.parent().unwrap_or(Path::new(""));
    let same = given.join(".").canonicalize().is_ok_and(|given| given == root);
    Ok(if same { given.to_owned() } else { root })
}

fn manifest(args: &Args) -> Result<Change, Box<dyn std::error::Error>> {
    let path = &args.manifest_path;
    let old = fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let mut document = parse(path, &old)?;
    let dependencies = document.entry("dependencies").or_insert(Item::Table(Table::new()));
    let table = dependencies
        .as_table_like_mut()
        .ok_or_else(|| format!("{}: `dependencies` is not a table", path.display()))?;
    if !table.contains_key("gtramp") {
        let version =
            concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));
        let item = match &args.path {
            None => value(version),
            Some(folder) => {
                let mut inline = InlineTable::new();
                inline.insert("path", folder.display().to_string().into());
                value(inline)
            }
        };
        table.insert("gtramp", item);
    }
    Ok(Change { path: path.clone(), new: document.to_string(), old })
}

fn cargo_config(folder: &Path) -> Result<Change, Box<dyn std::error::Error>> {
    let path = folder.join(".cargo/config.toml");
    let old = fs::read_to_string(&path).unwrap_or_default();
    let mut document = parse(&path, &old)?;
    let table = document.entry("env").or_insert(Item::Table(Table::new()));
    let table = table
        .as_table_like_mut()
        .ok_or_else(|| format!("{}: `env` is not a table", path.display()))?;
    if !table.contains_key(CONFIG_VARIABLE) {
        let mut inline = InlineTable::new();
        inline.insert("value", CONFIG_FILE.into());
        inline.insert("relative", true.into());
        table.insert(CONFIG_VARIABLE, value(inline));
    }
    Ok(Change { new: document.to_string(), path, old })
}

fn configuration(folder: &Path) -> Change {
    let path = folder.join(CONFIG_FILE);
    let old = fs::read_to_string(&path).unwrap_or_default();
    let text = format!(
        "# What gtramp generates. `cargo gtramp plan` shows what is needed.\n{}",
        Config::default().to_toml()
    );
    Change { new: if path.exists() { old.clone() } else { text }, path, old }
}

fn example(folder: &Path) -> Change {
    let path = folder.join("examples/traced.rs");
    let old = fs::read_to_string(&path).unwrap_or_default();
    Change { new: if path.exists() { old.clone() } else { EXAMPLE.to_owned() }, path, old }
}

const EXAMPLE: &str = r#"//! A traceable function and a probe on it.

use gtramp::{Entry, fentry, traceable};

#[traceable]
fn greet(name: &str, times: u32) -> usize {
    name.len() * times as usize
}

#[fentry("*::greet")]
fn watch(ctx: &Entry, name: &str, times: u32) {
    println!("{}: {name}, {times} times", ctx.function().path());
}

fn main() -> Result<(), gtramp::Error> {
    greet("nobody watches", 1);
    let link = watch::attach()?;
    greet("somebody watches", 2);
    drop(link);
    greet("nobody watches again", 3);
    Ok(())
}
"#;

fn parse(path: &Path, text: &str) -> Result<DocumentMut, Box<dyn std::error::Error>> {
    Ok(text.parse().map_err(|error| format!("{}: {error}", path.display()))?)
}

fn print(change: &Change) {
    say!("{HEAD}{}{HEAD:#}", change.path.display());
    for change in TextDiff::from_lines(&change.old, &change.new).iter_all_changes() {
        let (sign, style) = match change.tag() {
            ChangeTag::Delete => ("-", BAD),
            ChangeTag::Insert => ("+", GOOD),
            ChangeTag::Equal => (" ", DIM),
        };
        say!("{style}{sign} {}{style:#}", change.value().trim_end_matches('\n'));
    }
    say!("");
}

fn confirmed() -> Result<bool, Box<dyn std::error::Error>> {
    if !std::io::stdin().is_terminal() {
        say!("--yes makes these changes");
        return Ok(false);
    }
    print!("make these changes? [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
