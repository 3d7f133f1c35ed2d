//! What the command finds in an example that is built: what `plan` finds in its sources, and the
//! callers that were planned.
#![cfg(all(target_os = "linux", target_arch = "x86_64", not(miri)))]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use gtramp_codegen::{Caller, Config, Plan};
use serde_json::Value;
use support::{expect_file, render};

const FOLDER: &str = "runtime/examples/census/";

/// The folder of the workspace. `None` where there is only the package.
fn workspace() -> Option<&'static Path> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    workspace.join(FOLDER).is_dir().then_some(workspace)
}

/// Builds the example as `cargo test` does; the program.
fn build(workspace: &Path) -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--offline", "--package", "gtramp", "--example", "census"])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(workspace)
        .env_remove("GTRAMP_CONFIG")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8(output.stdout).unwrap();
    let messages = messages.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let programs = messages.filter(|message| message["target"]["name"] == "census");
    programs.filter_map(|message| Some(message["executable"].as_str()?.into())).next().unwrap()
}

fn gtramp(workspace: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-gtramp"))
        .arg("gtramp")
        .args(args)
        .current_dir(workspace)
        .env_remove("GTRAMP_CONFIG")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(workspace: &Path, args: &[&str]) -> Value {
    serde_json::from_str(&gtramp(workspace, args)).unwrap()
}

fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap()
}

/// Where a function is written, and how many arguments it takes.
type Place<'v> = (&'v str, u64, u64);

fn by_place<'v>(rows: &'v Value) -> BTreeMap<Place<'v>, Vec<&'v Value>> {
    let mut places: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows.as_array().unwrap() {
        let number = |key: &str| row[key].as_u64().unwrap();
        let place = (text(row, "file"), number("line"), number("args"));
        places.entry(place).or_default().push(row);
    }
    places.retain(|(file, ..), _| file.starts_with(FOLDER));
    places
}

/// The name by which `plan` knows the function of a site. A trait's default method has a site for
/// each type that uses it; the sources have one method, whose path is the trait's.
fn written_path(site: &Value, is_default: bool) -> String {
    match site["trait"].as_str().filter(|_| is_default) {
        Some(of_trait) => {
            let (_, name) = text(site, "path").rsplit_once("::").unwrap();
            format!("{of_trait}::{name}")
        }
        None => text(site, "path").to_owned(),
    }
}

#[test]
fn the_sources_and_the_built_program_tell_of_the_same_functions() {
    let Some(workspace) = workspace() else {
        return;
    };
    let program = build(workspace);
    let plan = json(workspace, &["plan", "--json", "--offline", "--package", "gtramp"]);
    let sites = json(workspace, &["sites", "--json", program.to_str().unwrap()]);
    let (written, built) = (by_place(&plan["workspace"]["functions"]), by_place(&sites));
    for site in sites.as_array().unwrap() {
        let is_inlined = text(site, "path").ends_with("::Properties::has");
        let least = if is_inlined { 2 } else { 1 };
        assert!(site["copies"].as_u64() >= Some(least), "what leads to every site: {site}");
    }
    // Place and argument count first, so that a function that only one side has is named.
    assert!(written.len() > 70, "{} functions", written.len());
    let only = |some: &BTreeMap<Place<'_>, Vec<&Value>>, others: &BTreeMap<_, _>| {
        let only = some.iter().filter(|(place, _)| !others.contains_key(*place));
        only.map(|(_, rows)| text(rows[0], "path").to_owned()).collect::<Vec<_>>()
    };
    let neither: [Vec<String>; 2] = Default::default();
    assert_eq!(
        [only(&written, &built), only(&built, &written)],
        neither,
        "only one side has these"
    );
    let mut defaults = 0;
    for (place, functions) in &written {
        assert_eq!(functions.len(), 1, "one function at {place:?}");
        let path = text(functions[0], "path");
        for site in &built[place] {
            let is_default = text(site, "path") != path;
            defaults += usize::from(is_default);
            assert_eq!(written_path(site, is_default), path, "{site}");
            let shape = text(site, "shape").trim_end_matches("_out");
            assert_eq!(shape.parse(), Ok(place.2), "{path}: a slot for each argument");
        }
    }
    assert_eq!(defaults, 3, "three types use the one default method of a trait");
}

#[test]
fn the_callers_of_the_built_program_are_those_that_were_planned() {
    let Some(workspace) = workspace() else {
        return;
    };
    let program = build(workspace);
    let program = program.to_str().unwrap();
    let rows = json(workspace, &["variants", "--json", program]);
    let (specialised, shared): (Vec<_>, Vec<_>) =
        rows.as_array().unwrap().iter().partition(|row| row["specialised"] == true);
    let (Plan { callers, singles, specialised: planned, .. }, _) =
        render("x86_64", &Config::default());
    // The metadata's address is the first that is pushed.
    let pushed = |caller: &Caller| caller.rows.as_ref().map_or(0, |rows| rows.md + 8);
    let frame = |caller: &Caller| caller.frame.bytes.max(pushed(caller)) as u64;
    let mut frames: BTreeMap<_, _> =
        callers.iter().map(|caller| (caller.name.as_str(), frame(caller))).collect();
    let mut singles: BTreeSet<_> = singles.iter().map(|single| single.name.as_str()).collect();
    for row in shared {
        if singles.remove(text(row, "name")) {
            continue;
        }
        let frame = frames.remove(text(row, "name"));
        assert_eq!(frame, row["frame_bytes"].as_u64(), "{row}");
    }
    assert!(frames.is_empty() && singles.is_empty(), "missing: {frames:?} {singles:?}");
    let mut copies = vec![0; planned.len()];
    for row in specialised {
        let slots = text(row, "name").strip_prefix("specialised_").unwrap();
        copies[slots.parse::<usize>().unwrap()] += 1;
        let number = |key: &str| row[key].as_u64().unwrap();
        assert!(number("code_bytes") >= number("instructions") && number("instructions") > 1);
    }
    assert!(copies[0] > 0 && copies.iter().all(|count| *count == copies[0]), "{copies:?}");
    // What the compiler makes of a caller is not for this file to say.
    let listing = gtramp(workspace, &["variants", program]);
    let rows = listing.lines().map(|line| {
        let columns: Vec<_> =
            line.split("  ").map(str::trim).filter(|one| !one.is_empty()).collect();
        let numbers = columns.len().saturating_sub(1);
        let numbered = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
        match columns.first() {
            Some(name) if columns[1..].iter().all(|one| numbered(one)) && numbers > 0 => {
                format!("{name}{}", " #".repeat(numbers))
            }
            Some(total) if numbered(total) => total
                .split(' ')
                .map(|word| if numbered(word) { "#" } else { word })
                .collect::<Vec<_>>()
                .join(" "),
            _ => columns.join(" "),
        }
    });
    let rows: Vec<_> = rows.collect();
    expect_file(
        "cli/variants.txt",
        &format!("$ cargo gtramp variants census\n{}\n", rows.join("\n")),
    );
}

#[test]
fn functions_are_listed_with_the_number_of_their_copies() {
    let Some(workspace) = workspace() else {
        return;
    };
    let program = build(workspace);
    let listing = gtramp(workspace, &["sites", program.to_str().unwrap()]);
    // Where the compiler puts a function, and on which line it is, is not for this file to say.
    let mask = |word: &str| match word.split_once(".rs:") {
        Some((file, _)) => format!("{file}.rs:#"),
        None if word.starts_with("0x") => "0x#".to_owned(),
        None => word.to_owned(),
    };
    let rows = listing.lines().map(|line| {
        let words: Vec<_> = line.split_whitespace().map(mask).collect();
        words.join(" ")
    });
    let rows: Vec<_> = rows.collect();
    expect_file("cli/sites.txt", &format!("$ cargo gtramp sites census\n{}\n", rows.join("\n")));
}
