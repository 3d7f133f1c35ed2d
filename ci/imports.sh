#!/usr/bin/env bash
# Files import from each other in no circle, and inside runtime/src a module imports only from its own row and the
# rows above it: see "Modules" in ARCHITECTURE.md, and the rows in codegen/tests/imports.rs.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo test --quiet --locked --package gtramp-codegen --features workspace --test imports
