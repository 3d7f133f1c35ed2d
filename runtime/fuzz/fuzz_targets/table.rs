//! The hash table against the standard library's.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gtramp::__fuzz::table::run(data));
