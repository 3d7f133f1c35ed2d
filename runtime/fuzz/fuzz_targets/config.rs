//! The reader of `gtramp.toml` against one of all of TOML.
#![no_main]

#[path = "../../../codegen/tests/support/config_text.rs"]
mod config_text;

libfuzzer_sys::fuzz_target!(|data: &[u8]| config_text::run(data));
