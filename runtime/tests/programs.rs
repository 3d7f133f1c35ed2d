//! Whole programs that have to hold: each file of `programs/` is built, in the profile in which the tests are,
//! and exits with success when gtramp does right.
//!
//! A program is a crate of its own because what it is about often is: lints for the whole crate, names at its
//! root, macros of its own, all functions that it has.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A change of this file takes cargo to build all programs anew, so one that is as it was is left alone.
fn write(path: &Path, text: &str) {
    if !fs::read_to_string(path).is_ok_and(|present| present == text) {
        fs::write(path, text).unwrap();
    }
}

#[test]
fn every_program_holds() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut programs: Vec<_> = fs::read_dir(package.join("tests/programs"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    programs.sort();
    assert!(!programs.is_empty());
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs");
    fs::create_dir_all(&folder).unwrap();
    let mut manifest = format!(
        "[package]\nname = \"programs\"\nedition = \"2024\"\nautobins = false\n\n[workspace]\n\n\
         [features]\nnever = []\n\n[dependencies]\ngtramp = {{ path = {package:?} }}\n\n\
         [profile.dev]\ndebug = false\n"
    );
    for path in &programs {
        manifest += &format!("\n[[bin]]\nname = {:?}\npath = {path:?}\n", name(path));
    }
    write(&folder.join("Cargo.toml"), &manifest);
    // The versions that are on this machine already.
    let lock = folder.join("Cargo.lock");
    if !lock.exists() {
        fs::copy(package.join("../Cargo.lock"), lock).unwrap();
    }

    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--offline", "--quiet", "--bins", "--keep-going"]);
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
    for path in &programs {
        let name = name(path);
        let ran = Command::new(target.join(profile).join(&name)).output().unwrap();
        if !ran.status.success() {
            let errors = String::from_utf8_lossy(&ran.stderr);
            failed.push(format!("{name}: {}\n{errors}", ran.status));
        }
    }
    assert!(failed.is_empty(), "{} of {}\n{}", failed.len(), programs.len(), failed.join("\n"));
}
