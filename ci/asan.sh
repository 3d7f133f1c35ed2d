#!/usr/bin/env bash
# The runtime's tests built with AddressSanitizer, on the installed nightly. Tests that are about the
# program's memory as a whole, its signals at every instruction or its debugger are left out.
#
# `ci/asan.sh quick`: what is done within two minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/asan
export RUSTFLAGS="-Zsanitizer=address"
export ASAN_OPTIONS=detect_leaks=${DETECT_LEAKS:-0}:detect_stack_use_after_return=0
export GTRAMP_CYCLES=${GTRAMP_CYCLES:-500}
if [[ ${1:-} == quick ]]; then
    cargo +nightly test --locked --target x86_64-unknown-linux-gnu --package gtramp --lib --test poke
    exit
fi
cargo +nightly test --locked --target x86_64-unknown-linux-gnu --package gtramp --lib \
    --test stress
# Unit tests leak what they give the life of a program. These leave nothing behind but what is kept on purpose,
# which can still be reached.
ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=1 \
    cargo +nightly test --locked --target x86_64-unknown-linux-gnu --package gtramp \
    --test shapes --test poke
cargo +nightly test --locked --target x86_64-unknown-linux-gnu --package gtramp \
    --test life -- forks exits registers --skip a_child_frees_lists
