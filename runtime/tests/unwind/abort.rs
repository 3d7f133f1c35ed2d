//! Programs in which a panic ends the process.

use std::path::Path;
use std::process::Command;

const MANIFEST: &str = r#"
[package]
name = "aborts"
edition = "2024"

[dependencies]
gtramp = { path = "RUNTIME" }

[profile.dev]
panic = "abort"
debug = false

[workspace]
"#;

const PROGRAM: &str = r#"
use gtramp::{Entry, Exit, site, traceable};

#[traceable]
fn half(a: u64) -> u64 {
    assert_ne!(a, 13, "unlucky");
    a / 2
}

fn main() {
    let link = gtramp::link()
        .functions(site!(half))
        .fentry(|_: &Entry| println!("entered"))
        .fexit(|ctx: &Exit| println!("exited {}", ctx.unwound()))
        .attach()
        .unwrap();
    assert_eq!(half(4), 2);
    drop(link);
    assert_eq!(half(6), 3);
    let _link = site!(half).fentry(|_: &Entry| ()).unwrap();
    half(13);
}
"#;

#[test]
fn where_panics_abort_probes_run_and_a_panic_ends_the_process() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("aborts");
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::create_dir_all(folder.join("src")).expect("a writable folder");
    let manifest = MANIFEST.replace("RUNTIME", &runtime.display().to_string());
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("a writable folder");
    std::fs::write(folder.join("src/main.rs"), PROGRAM).expect("a writable folder");
    // The versions that the workspace has, which are there already.
    std::fs::copy(runtime.join("../Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo starts");
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(out, "entered\nexited false\n", "{err}");
    assert!(!output.status.success() && err.contains("unlucky"), "{err}");
}
