//! Notes which compiler made the program, and with which flags, for the record.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("-V").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let version = version.unwrap_or_else(|_| "unknown compiler".to_owned());
    let flags = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    // Set to nothing where there are none.
    let flags: String = flags
        .split('\u{1f}')
        .filter(|flag| !flag.is_empty())
        .map(|flag| format!(" {flag}"))
        .collect();
    println!("cargo::rustc-env=GTRAMP_BENCH_TOOLCHAIN={version}{flags}");
}
