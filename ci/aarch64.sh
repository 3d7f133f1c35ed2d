#!/usr/bin/env bash
# The runtime's tests on Linux aarch64, under the emulator qemu-user where the machine is another.
#
# It installs what it needs with apt, as root or through sudo: a cross linker, the C library and the
# emulator. Where it cannot, it says so and ends with 75, or with GTRAMP_AARCH64=1, which makes it a must, with 1.
#
# What an emulator on x86-64 does not show: weak ordering, and instruction caches that lag behind. What
# is left out, beside what the tests themselves ignore and say why: programs that are built by a test, forks,
# the debugger, the tests that know one processor's registers.
set -euo pipefail
cd "$(dirname "$0")/.."

target=aarch64-unknown-linux-gnu
libraries=/usr/aarch64-linux-gnu
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}

skip() {
    echo "skipped: $1" >&2
    if [[ ${GTRAMP_AARCH64:-} == 1 ]]; then
        exit 1
    fi
    exit 75
}

is_complete() {
    command -v aarch64-linux-gnu-gcc qemu-aarch64 > /dev/null && [[ -e $libraries/lib/libc.so.6 ]]
}

if [[ $(uname -m) != aarch64 ]]; then
    if ! is_complete; then
        root=()
        if [[ $EUID != 0 ]]; then
            root=(sudo -n)
        fi
        "${root[@]}" apt-get update -qq &&
            "${root[@]}" apt-get install -y -qq --no-install-recommends \
                gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user > /dev/null ||
            skip "gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user cannot be installed here"
    fi
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L $libraries"
    qemu-aarch64 --version | head -n 1
fi
rustup target add "$target" 2> /dev/null ||
    skip "the standard library for $target cannot be installed here"

cargo clippy --locked --target "$target" --package gtramp -- -D warnings

# Fewer repetitions than elsewhere: every instruction is translated.
export GTRAMP_RUNS=${GTRAMP_RUNS:-30}
export GTRAMP_STRESS_SECONDS=${GTRAMP_STRESS_SECONDS:-5}
cargo test --locked --target "$target" --package gtramp --lib --test shapes --test behaviour \
    --test refusals --test traceable --test unwind --test life --test poke --test stress --test futures

# Entries that jump through their data: no code is written.
slot=$(mktemp --suffix .toml)
trap 'rm -f "$slot"' EXIT
echo 'entry = "slot"' > "$slot"
GTRAMP_CONFIG=$slot cargo test --locked --target "$target" --package gtramp --test traceable
