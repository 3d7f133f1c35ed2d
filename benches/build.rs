//! Notes which compiler made the program, for the record.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("-V").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    println!(
        "cargo::rustc-env=GTRAMP_BENCH_TOOLCHAIN={}",
        version.unwrap_or_else(|_| "unknown compiler".to_owned())
    );
}
