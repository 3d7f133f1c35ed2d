#!/usr/bin/env bash
# The protocols of the runtime under the model checker loom, in every order of their steps.
# LOOM_MAX_PREEMPTIONS bounds how often a thread is interrupted (default 3).
set -euo pipefail
cd "$(dirname "$0")/../runtime/loom"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../../target}/loom
export LOOM_MAX_PREEMPTIONS=${LOOM_MAX_PREEMPTIONS:-3}
RUSTFLAGS="--cfg loom ${GTRAMP_LOOM_FLAGS:-}" cargo test --locked --release -- --nocapture --test-threads=1 "$@"
