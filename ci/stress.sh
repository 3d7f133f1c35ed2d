#!/usr/bin/env bash
# Calls under concurrent attach and detach, and a process's life, for long: CALLS of the stress tests
# (default 10^9), CYCLES of attach and detach with flat memory (default 10^6), THREADS that come and
# go, and as many at once (default 10^4). Prints what was done.
set -euo pipefail
cd "$(dirname "$0")/.."
run() {
    cargo test --locked --release --package gtramp --test "$1" -- --nocapture --test-threads=1 "${@:2}"
}
GTRAMP_STRESS_CALLS=${CALLS:-1000000000} run stress
GTRAMP_CYCLES=${CYCLES:-1000000} run life memory::memory_stays_flat_over_attach_and_detach_cycles
GTRAMP_CYCLES=${THREADS:-10000} run life memory::memory_stays_flat_over_threads_that_come_and_go \
    threads::
run life
