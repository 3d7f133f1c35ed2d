//! Sequences of operations over links, some of which fail, against a model.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gtramp::__fuzz::links::run(data));
