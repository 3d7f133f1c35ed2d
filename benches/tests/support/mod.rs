//! What the tests that look at machine code share: callgrind, which runs the program `trigger`, and the
//! record that they compare with.

pub(crate) mod callgrind;

use std::path::{Path, PathBuf};

/// Where the record is of what was found.
pub(crate) fn record() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("record/x86_64-unknown-linux-gnu")
}

/// Whether to write down what is found instead of comparing with it.
pub(crate) fn blessing() -> bool {
    std::env::var_os("GTRAMP_BLESS").is_some()
}
