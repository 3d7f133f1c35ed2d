use std::ops::ControlFlow;

use gtramp::{ModRet, fmod_ret};

#[fmod_ret]
fn nothing(_ctx: &ModRet<'_>) {}

#[fmod_ret]
fn bare(_ctx: &ModRet<'_>) -> u64 {
    3
}

#[fmod_ret]
fn borrowed<'a>(_ctx: &ModRet<'_>, text: &'a str) -> ControlFlow<&'a str> {
    ControlFlow::Break(text)
}

fn main() {}
