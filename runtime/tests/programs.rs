//! Whole programs that have to hold: each file of `programs/` is built, in the profile in which the tests are,
//! and exits with success when gtramp does right.
//!
//! A program is a crate of its own because what it is about often is: lints for the whole crate, names at its
//! root, macros of its own, all functions that it has. Those in a folder `edition_..` are of that edition.

#[path = "support/files.rs"]
mod files;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use files::write;

/// The programs in a folder.
fn programs(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut programs: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect();
    programs.sort();
    assert!(!programs.is_empty());
    programs
}

fn name(program: &Path) -> String {
    program.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// Writes a package of these programs.
fn write_package(manifest: &Path, edition: &str, programs: &[PathBuf], more: &str) {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = format!(
        "[package]\nname = \"programs-{edition}\"\nedition = \"{edition}\"\nautobins = false\n\n{more}\
         [features]\nnever = []\n\n[dependencies]\ngtramp = {{ path = {runtime:?} }}\n"
    );
    for path in programs {
        text += &format!("\n[[bin]]\nname = {:?}\npath = {path:?}\n", name(path));
    }
    fs::create_dir_all(manifest.parent().unwrap()).unwrap();
    write(manifest, &text);
}

#[test]
fn every_program_holds() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = programs(&package.join("tests/programs"));
    let of_2021 = programs(&package.join("tests/programs/edition_2021"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs");
    let workspace = "[workspace]\nmembers = [\"edition_2021\"]\n\n[profile.dev]\ndebug = false\n\n";
    write_package(&folder.join("Cargo.toml"), "2024", &all, workspace);
    write_package(&folder.join("edition_2021/Cargo.toml"), "2021", &of_2021, "");
    all.extend(of_2021);
    // The versions that are on this machine already.
    let lock = folder.join("Cargo.lock");
    if !lock.exists() {
        fs::copy(package.join("../Cargo.lock"), lock).unwrap();
    }

    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--offline", "--quiet", "--workspace", "--bins", "--keep-going"]);
    let target = folder.join("target");
    cargo.current_dir(&folder).env("CARGO_TARGET_DIR", &target);
    for inherited in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "GTRAMP_CONFIG"]
    {
        cargo.env_remove(inherited);
    }
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    if profile == "release" {
        cargo.arg("--release");
    }
    let built = cargo.output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));

    let mut failed = Vec::new();
    for path in &all {
        let name = name(path);
        let ran = Command::new(target.join(profile).join(&name)).output().unwrap();
        if !ran.status.success() {
            let errors = String::from_utf8_lossy(&ran.stderr);
            failed.push(format!("{name}: {}\n{errors}", ran.status));
        }
    }
    assert!(failed.is_empty(), "{} of {}\n{}", failed.len(), all.len(), failed.join("\n"));
}
