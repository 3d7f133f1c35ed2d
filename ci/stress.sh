#!/usr/bin/env bash
# Calls under concurrent attach and detach, and a process's life, for long: SECONDS_EACH (default 60)
# per stress test, CYCLES (default a million) for what is repeated. Prints what was done.
set -euo pipefail
cd "$(dirname "$0")/.."
export GTRAMP_STRESS_SECONDS=${SECONDS_EACH:-60}
cargo test --locked --release --package gtramp --test stress -- --nocapture --test-threads=1
unset GTRAMP_STRESS_SECONDS
GTRAMP_CYCLES=${CYCLES:-1000000} cargo test --locked --release --package gtramp --test life -- \
    --nocapture --test-threads=1 memory::memory_stays_flat_over_attach_and_detach_cycles
cargo test --locked --release --package gtramp --test life -- --nocapture --test-threads=1
