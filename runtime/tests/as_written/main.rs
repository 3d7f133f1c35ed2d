//! Clippy, the compiler and rustdoc say of a traceable function what they say of a plain one, line by line. Where
//! they do not is in [`DIFFERENCES`].
//!
//! The fixture is read with tracing switched on and off, each time as two modules: with the attribute on every
//! function, and with one on the whole module.

#[path = "../support/files.rs"]
mod files;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use cargo_metadata::Message;
use cargo_metadata::diagnostic::DiagnosticLevel;

use files::write;

/// Probes and a replacement of a function with such arguments as clippy would have otherwise.
const PROBES: &str = include_str!("probes.rs");

const FIXTURE: &str = include_str!("fixture.rs");
const ATTRIBUTE: &str = "#[traceable]";

/// Lints of clippy beside those that are on by themselves, of which some are errors.
const CLIPPY: [&str; 4] =
    ["clippy::all", "clippy::pedantic", "clippy::nursery", "clippy::restriction"];

/// Lints of the compiler beside those that are on by themselves, but for the transitions to other editions.
const RUSTC: [&str; 24] = [
    "ambiguous_negative_literals",
    "elided_lifetimes_in_paths",
    "explicit_outlives_requirements",
    "let_underscore_drop",
    "macro_use_extern_crate",
    "missing_copy_implementations",
    "missing_debug_implementations",
    "missing_docs",
    "non_ascii_idents",
    "redundant_imports",
    "redundant_lifetimes",
    "single_use_lifetimes",
    "trivial_casts",
    "trivial_numeric_casts",
    "unit_bindings",
    "unnameable_types",
    "unreachable_pub",
    "unsafe_code",
    "unused_extern_crates",
    "unused_import_braces",
    "unused_lifetimes",
    "unused_qualifications",
    "unused_results",
    "variant_size_differences",
];

/// What the compiler says by itself of one and not of the other, and why.
const DIFFERENCES: [(&str, &str); 3] = [
    ("- alone endless+1 unconditional_recursion", "the way through an armed switch returns"),
    ("- alone unused_mutable_self+1 unused_mut", "a name that begins with `_` may be `mut`"),
    ("- whole endless+1 unconditional_recursion", "the way through an armed switch returns"),
];

/// Where the fixture is. It is written once.
fn fixture() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(write_fixture);
    &FOLDER
}

fn write_fixture() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("as_written");
    let gtramp = env!("CARGO_MANIFEST_DIR");
    let manifest = format!(
        "[package]\nname = \"fixture\"\nedition = \"2024\"\n\n[features]\nenabled = [\"gtramp/enabled\"]\n\n\
         [dependencies]\ngtramp = {{ path = {gtramp:?}, default-features = false }}\n\n[workspace]\n"
    );
    write(&folder.join("Cargo.toml"), &manifest);
    let lints = [&CLIPPY[..], &RUSTC[..]].concat().join(", ");
    write(
        &folder.join("src/lib.rs"),
        &format!("#![warn({lints})]\n\nmod alone;\nmod probes;\nmod whole;\n"),
    );
    write(&folder.join("src/probes.rs"), PROBES);
    // Every function keeps its line.
    write(&folder.join("src/alone.rs"), &format!("use gtramp::traceable; {FIXTURE}"));
    let whole = FIXTURE.replace(ATTRIBUTE, "");
    write(&folder.join("src/whole.rs"), &format!("#[gtramp::traceable] mod inner {{ {whole} }}"));
    // The versions that are on this machine already.
    let lock = folder.join("Cargo.lock");
    if !lock.exists() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        fs::copy(workspace, lock).unwrap();
    }
    folder
}

/// The function that a line of the fixture belongs to, and which of its lines it is.
fn place(line: usize) -> String {
    let lines: Vec<&str> = FIXTURE.lines().take(line).collect();
    let Some(start) = lines.iter().rposition(|line| line.trim() == ATTRIBUTE) else {
        return format!("line {line}");
    };
    let signature =
        FIXTURE.lines().skip(start).find_map(|line| line.split_once("fn ")).expect("a function");
    let name: String = signature.1.chars().take_while(|c| !"(<".contains(*c)).collect();
    format!("{name}+{}", line - start - 1)
}

/// A command of cargo about the fixture.
fn cargo(command: &str, enabled: bool) -> Command {
    let folder = fixture();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([command, "--offline", "--quiet"]);
    cargo.current_dir(folder).env("CARGO_TARGET_DIR", folder.join("target"));
    for inherited in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "GTRAMP_CONFIG"]
    {
        cargo.env_remove(inherited);
    }
    if enabled {
        cargo.args(["--features", "enabled"]);
    }
    cargo.stderr(Stdio::inherit());
    cargo
}

/// What is said about the fixture by lints: in which module, about which line, which lint.
fn messages(command: &str, enabled: bool) -> Vec<(String, usize, String)> {
    let output = cargo(command, enabled).arg("--message-format=json").output().unwrap();
    let mut found = Vec::new();
    for message in Message::parse_stream(&output.stdout[..]) {
        let Message::CompilerMessage(message) = message.unwrap() else { continue };
        if message.target.name != "fixture" {
            continue;
        }
        let (text, message) = (&message.message.message, &message.message);
        assert!(
            message.level != DiagnosticLevel::Error,
            "{}",
            message.rendered.as_deref().unwrap_or(text)
        );
        let Some(code) = &message.code else { continue };
        let Some(span) = message.spans.iter().find(|span| span.is_primary) else { continue };
        let module = span.file_name.trim_start_matches("src/").trim_end_matches(".rs");
        let name = code.code.trim_start_matches("clippy::");
        found.push((module.to_owned(), span.line_start, name.to_owned()));
    }
    assert!(output.status.success(), "cargo {command}: {}", output.status);
    found
}

/// What is said about traceable functions, and how many times.
fn lints(command: &str, enabled: bool) -> BTreeSet<String> {
    let mut found = BTreeMap::new();
    for (module, line, name) in messages(command, enabled) {
        if module != "probes" {
            *found.entry(format!("{module} {} {name}", place(line))).or_insert(0) += 1;
        }
    }
    let times = |(lint, times): (String, u32)| {
        if times > 1 { format!("{lint} {times}") } else { lint }
    };
    found.into_iter().map(times).collect()
}

/// Every page about the fixture, by its path.
fn pages(enabled: bool) -> BTreeMap<PathBuf, String> {
    let status =
        cargo("doc", enabled).args(["--no-deps", "--document-private-items"]).status().unwrap();
    assert!(status.success(), "{status}");
    let mut pages = BTreeMap::new();
    let mut folders = vec![fixture().join("target/doc/fixture")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "html") {
                pages.insert(path.clone(), fs::read_to_string(path).unwrap());
            }
        }
    }
    pages
}

/// What differs between the two, one line for each.
fn differences(command: &str) -> Vec<String> {
    let (plain, traceable) = (lints(command, false), lints(command, true));
    // It is about many.
    assert!(plain.len() > 250, "{plain:#?}");
    let lost = plain.difference(&traceable).map(|lint| format!("- {lint}"));
    let new = traceable.difference(&plain).map(|lint| format!("+ {lint}"));
    lost.chain(new).collect()
}

#[test]
fn clippy_says_of_a_traceable_function_what_it_says_of_a_plain_one() {
    assert_eq!(differences("clippy"), [""; 0]);
}

#[test]
fn clippy_gives_no_advice_about_a_signature_that_a_traced_function_has_chosen() {
    const SIGNATURE: [&str; 9] = [
        "borrowed_box",
        "exhaustive_structs",
        "large_types_passed_by_value",
        "missing_const_for_fn",
        "needless_pass_by_value",
        "ptr_arg",
        "too_many_arguments",
        "trivially_copy_pass_by_ref",
        "unnecessary_wraps",
    ];
    let mut of_probes: Vec<_> =
        messages("clippy", true).into_iter().filter(|(module, ..)| module == "probes").collect();
    of_probes.retain(|(_, _, lint)| SIGNATURE.contains(&&**lint));
    // The function that is traced may hear of all of them.
    let traced =
        PROBES.lines().position(|line| line.contains("fn traced")).expect("it is there") + 1;
    assert!(of_probes.len() > 3, "{of_probes:?}");
    assert!(of_probes.iter().all(|(_, line, _)| line.abs_diff(traced) < 9), "{of_probes:?}");
}

#[test]
fn the_compiler_says_of_a_traceable_function_what_it_says_of_a_plain_one() {
    assert_eq!(differences("check"), DIFFERENCES.map(|(difference, _)| difference));
}

#[test]
fn rustdoc_shows_of_a_traceable_function_what_it_shows_of_a_plain_one() {
    // Both are written to the same place.
    let (plain, traceable) = (pages(false), pages(true));
    assert!(plain.len() > 150, "{} pages", plain.len());
    assert!(plain.keys().eq(traceable.keys()));
    for ((path, plain), traceable) in plain.iter().zip(traceable.values()) {
        assert_eq!(plain, traceable, "{}", path.display());
    }
    let pattern =
        plain.iter().find(|(path, _)| path.ends_with("whole/inner/fn.unused_pattern.html"));
    assert!(pattern.is_some_and(|(_, page)| page.contains("((first, second): (")));
}
