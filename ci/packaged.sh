#!/usr/bin/env bash
# Builds and runs a program that depends on gtramp as a user's would: on the packaged crates, from
# outside the workspace, into an empty target folder. Prints how long the first build took.
#
# Usage: ci/packaged.sh      (CARGO_TARGET_DIR is respected for the packages alone)
set -euo pipefail
cd "$(dirname "$0")/.."

# Tells `--allow-dirty` from a clean clone: there nothing is dirty, and cargo checks that.
dirty=()
git diff --quiet HEAD 2>/dev/null || dirty=(--allow-dirty)

cargo package --workspace --no-verify --quiet "${dirty[@]}"
packages=${CARGO_TARGET_DIR:-target}/package

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for crate in gtramp gtramp-macros gtramp-codegen; do
    tar -xzf "$packages/$crate-"[0-9]*.crate -C "$scratch"
    mv "$scratch/$crate-"[0-9]* "$scratch/$crate"
    for file in README.md LICENSE-MIT LICENSE-APACHE; do
        test -s "$scratch/$crate/$file" || { echo "$crate: no $file in the package" >&2; exit 1; }
    done
done

mkdir -p "$scratch/user/src"
cat > "$scratch/user/Cargo.toml" <<'TOML'
[package]
name = "user"
version = "0.0.0"
edition = "2024"

[dependencies]
gtramp = "0.1"

[patch.crates-io]
gtramp = { path = "../gtramp" }
gtramp-macros = { path = "../gtramp-macros" }
gtramp-codegen = { path = "../gtramp-codegen" }
TOML
cat > "$scratch/user/src/main.rs" <<'RUST'
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use gtramp::{Entry, ModRet, fentry, site, traceable};

static SEEN: AtomicU64 = AtomicU64::new(0);

#[traceable]
fn fee(account: &str, amount: u64) -> u64 {
    amount / 100 + account.len() as u64
}

#[fentry("user::*")]
fn count(ctx: &Entry, account: &str, amount: u64) {
    assert_eq!((ctx.function().path(), account), ("user::fee", "ann"));
    SEEN.fetch_add(amount, Relaxed);
}

fn main() -> Result<(), gtramp::Error> {
    assert_eq!(fee("ann", 500), 8);
    let link = count::attach()?;
    assert_eq!(fee("ann", 500), 8);
    let waived = site!(fee).fmod_ret(|_: &ModRet, _: &str, _: &u64| ControlFlow::Break(0))?;
    assert_eq!(fee("ann", 500), 0);
    println!("{}", link.info());
    drop((link, waived));
    assert_eq!(fee("ann", 500), 8);
    assert_eq!(SEEN.load(Relaxed), 1000);
    Ok(())
}
RUST

cd "$scratch/user"
export CARGO_TARGET_DIR=$scratch/target
cargo fetch --quiet
crates=$(cargo tree --quiet --edges normal,build --prefix none --no-dedupe | cut -d' ' -f1 | sort -u | grep -cvx user)
for profile in dev release; do
    echo "first build of $crates crates on $(nproc) cores, profile $profile:"
    TIMEFORMAT='    %R s (%U s of processor time)'
    time cargo build --quiet --profile "$profile"
    cargo run --quiet --profile "$profile"
done
