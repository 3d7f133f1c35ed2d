//! Globs against a matcher that tries everything.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gtramp::__fuzz::glob::run(data));
