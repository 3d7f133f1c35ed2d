//! A plugin with gtramp in it, which is loaded by a program that knows nothing of it, and closed.

use std::path::{Path, PathBuf};

use super::{cargo, write};

/// Builds the plugin and the program that loads it; where they are.
fn build() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugin");
    let gtramp = env!("CARGO_MANIFEST_DIR");
    let manifest = format!(
        "[package]\nname = \"plugin\"\nedition = \"2024\"\n\n[lib]\ncrate-type = [\"cdylib\"]\n\n\
         [dependencies]\ngtramp = {{ path = {gtramp:?} }}\n\n[workspace]\n"
    );
    write(&folder.join("Cargo.toml"), &manifest);
    write(&folder.join("src/lib.rs"), include_str!("fixture/plugin.rs"));
    write(&folder.join("src/main.rs"), include_str!("fixture/host.rs"));
    let lock = folder.join("Cargo.lock");
    if !lock.exists() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        std::fs::copy(workspace, lock).unwrap();
    }
    // As the other programs are built, which share the crates below.
    let (target, triple) = (folder.join("../builds/target"), "x86_64-unknown-linux-gnu");
    let mut cargo = cargo(&folder, &target);
    let output =
        cargo.args(["build", "--offline", "--quiet", "--target", triple]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    target.join(triple).join("debug")
}

#[test]
fn a_plugin_is_loaded_and_closed_a_hundred_times_while_threads_that_ran_its_probes_live_on() {
    let built = build();
    let host = std::process::Command::new(built.join("plugin"))
        .arg(built.join("libplugin.so"))
        .output()
        .unwrap();
    let (out, errors) =
        (String::from_utf8_lossy(&host.stdout), String::from_utf8_lossy(&host.stderr));
    assert!(host.status.success(), "{}\n{out}\n{errors}", host.status);
    assert_eq!(out, "100 rounds\n");
}
