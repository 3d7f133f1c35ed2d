//! What `#[traceable]` costs a build: a crate with 1,000 annotated functions of about 20 lines
//! against the same crate without the attribute.
//!
//! ```text
//! cargo run --release -p gtramp-codegen --example build_cost
//! ```
//!
//! Each crate is built alone, its dependencies before, three times in turn, without incremental
//! compilation. The time is the processor time of the compiler and the linker, the least of the three.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const FUNCTIONS: usize = 1000;
/// How many functions stand in one module, with one that calls them.
const MODULE: usize = 50;
const ROUNDS: usize = 3;

/// Types of arguments, and what the calls pass.
const ARGS: [(&str, &str); 5] = [
    ("u64", "x"),
    ("u32", "x as u32"),
    ("&str", "\"word\""),
    ("&[u64]", "&[x, 2]"),
    ("String", "x.to_string()"),
];
/// Types of results, and how the bodies make them.
const RETURNS: [(&str, &str); 4] = [
    ("u64", "total"),
    ("bool", "total > words.len() as u64"),
    ("Vec<String>", "words"),
    ("(u64, usize)", "(total, words.len())"),
];

fn main() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = env::temp_dir().join(format!("gtramp-build-cost-{}", std::process::id()));
    let crates = [("plain", ""), ("traced", "#[gtramp::traceable]\n")];
    for (name, attribute) in crates {
        write_crate(&repository, &folder.join(name), name, attribute);
    }
    println!("{FUNCTIONS} functions                  plain      traced   ratio");
    for profile in ["dev", "release"] {
        let mut seconds = [f64::INFINITY; 2];
        for _ in 0..=ROUNDS {
            for (index, (name, _)) in crates.iter().enumerate() {
                seconds[index] = seconds[index].min(build(&folder, name, profile));
            }
        }
        row(&format!("{profile}: processor seconds"), seconds);
        row(
            &format!("{profile}: bytes of the program"),
            crates.map(|(name, _)| size(&folder, name, profile)),
        );
    }
    fs::remove_dir_all(&folder).expect("the folder is ours");
}

fn row(what: &str, [plain, traced]: [f64; 2]) {
    let digits = if plain < 1000.0 { 2 } else { 0 };
    println!("{what:<28} {plain:>10.digits$} {traced:>10.digits$} {:>7.2}", traced / plain);
}

fn write_crate(repository: &Path, folder: &Path, name: &str, attribute: &str) {
    fs::create_dir_all(folder.join("src")).expect("a folder can be made");
    let write =
        |file: &str, text: &str| fs::write(folder.join(file), text).expect("a file can be written");
    let runtime = repository.join("runtime");
    write(
        "Cargo.toml",
        &format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n[dependencies]\ngtramp = {{ path = {runtime:?} }}\n[workspace]\n"
        ),
    );
    fs::copy(repository.join("Cargo.lock"), folder.join("Cargo.lock")).expect("there is one");
    let (library, program) = sources(name, attribute);
    write("src/lib.rs", &library);
    write("src/main.rs", &program);
}

/// The texts of the library, which has the functions, and of the program, which calls them. In a
/// program alone, the compiler would put each of the plain functions into its only caller.
fn sources(name: &str, attribute: &str) -> (String, String) {
    let mut text = String::new();
    let mut calls = String::new();
    let (mut modules, mut main) = (String::new(), String::new());
    for i in 0..FUNCTIONS {
        let args: Vec<_> = (0..i % 5).map(|k| ARGS[(i * 7 + k * 3) % ARGS.len()]).collect();
        let (ret, result) = RETURNS[i / 5 % RETURNS.len()];
        let params = args.iter().enumerate().map(|(k, (ty, _))| format!("a{k}: {ty}, "));
        let params: String = params.collect();
        let values: String = args.iter().map(|(_, value)| format!("{value}, ")).collect();
        writeln!(text, "{attribute}pub fn f{i}({params}) -> {ret} {{").expect("a string takes it");
        writeln!(text, "    let mut total: u64 = {i};\n    let mut words = Vec::<String>::new();")
            .expect("as before");
        for k in 0..4 {
            writeln!(
                text,
                "    for step in 0..{} {{\n        total = total.wrapping_mul({}).wrapping_add(step ^ {});\n        if total % {} == 0 {{ words.push(format!(\"{{total}}-{k}\")); }}\n    }}",
                3 + k, 31 + k, i % 17, 5 + k
            )
            .expect("as before");
        }
        for (k, (ty, _)) in args.iter().enumerate() {
            let line = match *ty {
                "u64" => format!("total = total.wrapping_add(a{k});"),
                "u32" => format!("total ^= u64::from(a{k});"),
                "&str" => format!("total += a{k}.len() as u64;"),
                "&[u64]" => format!("total += a{k}.iter().sum::<u64>();"),
                _ => format!("words.push(a{k});"),
            };
            writeln!(text, "    {line}").expect("as before");
        }
        writeln!(text, "    {result}\n}}").expect("as before");
        writeln!(calls, "    std::hint::black_box(f{i}({values}));").expect("as before");
        if (i + 1) % MODULE == 0 {
            let (functions, calls) = (std::mem::take(&mut text), std::mem::take(&mut calls));
            writeln!(modules, "pub mod m{i} {{\n{functions}pub fn all(x: u64) {{\n{calls}}}\n}}")
                .expect("as before");
            writeln!(main, "    {name}::m{i}::all(x);").expect("as before");
        }
    }
    let main = format!("fn main() {{\n    let x = std::env::args().count() as u64;\n{main}}}\n");
    (format!("#![allow(unused)]\n{modules}"), main)
}

/// Builds a crate again; the processor seconds it took.
fn build(folder: &Path, name: &str, profile: &str) -> f64 {
    let source = folder.join(name).join("src/lib.rs");
    let text = fs::read(&source).expect("it was written");
    fs::write(&source, text).expect("it can be written again");
    let before = children_seconds();
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--offline", "--profile", profile])
        .current_dir(folder.join(name))
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("CARGO_INCREMENTAL", "0")
        .env_remove("RUSTFLAGS")
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the {name} crate does not build");
    children_seconds() - before
}

fn size(folder: &Path, name: &str, profile: &str) -> f64 {
    let out: PathBuf = folder.join("target").join(if profile == "dev" { "debug" } else { profile });
    let bytes = fs::metadata(out.join(name)).expect("it was built").len();
    u32::try_from(bytes).map_or(f64::INFINITY, f64::from)
}

/// User time of all children so far: field 16 of `/proc/self/stat`, in hundredths.
fn children_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("this is Linux");
    let mut fields = stat.rsplit_once(')').expect("the name ends").1.split_whitespace();
    let ticks: u32 = fields.nth(13).expect("it is there").parse().expect("a number");
    f64::from(ticks) / 100.0
}
