#!/usr/bin/env bash
# Coverage-guided fuzzing of what takes input or sequences of operations, each target for FUZZ_SECONDS
# (default 60), with AddressSanitizer, on the installed nightly. Installs cargo-fuzz if it is missing.
#
# Usage: ci/fuzz.sh [target..]      (links table glob config; more options of libFuzzer in FUZZ_OPTIONS)
#
# Inputs are kept in runtime/fuzz/corpus, and those that fail in runtime/fuzz/artifacts; both are
# ignored by git. The same functions run on stable with random bytes: `GTRAMP_RUNS=100000 cargo test
# --release --package gtramp --lib fuzz`, and `cargo test --package gtramp-codegen --test config`.
set -euo pipefail
cd "$(dirname "$0")/../runtime/fuzz"
cargo fuzz --version > /dev/null 2>&1 || cargo install --locked cargo-fuzz
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../../target}/fuzz
targets=("$@")
(($#)) || targets=(links table glob config)
for target in "${targets[@]}"; do
    echo "==> $target"
    mkdir -p "corpus/$target"
    # shellcheck disable=SC2086
    cargo +nightly fuzz run --fuzz-dir . "$target" -- \
        -max_total_time="${FUZZ_SECONDS:-60}" -max_len=512 -print_final_stats=1 -verbosity=0 \
        ${FUZZ_OPTIONS:-}
done
