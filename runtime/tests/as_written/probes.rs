use std::ops::ControlFlow;

use gtramp::{Entry, Exit, ModRet, fentry, fexit, fmod_ret, fsession, replace, traceable};

#[derive(Clone, Copy, Debug)]
pub struct Small(pub u8);

#[fentry("**::traced")]
pub fn enters(_: &Entry<'_>, list: &Vec<u8>, text: &String, boxed: &Box<u8>, small: &Small) {
    println!("{list:?} {text} {boxed} {small:?}");
}

#[fexit("**::traced")]
pub fn leaves(_: &Exit<'_>, list: *const Vec<u8>, returned: Option<&Result<u64, String>>) {
    println!("{list:?} {returned:?}");
}

#[fmod_ret("**::traced")]
pub fn decides(_: &ModRet<'_>, list: &Vec<u8>) -> ControlFlow<Result<u64, String>> {
    ControlFlow::Break(Ok(u64::from(list[0])))
}

#[replace("**::traced")]
pub fn replaces(
    list: &Vec<u8>,
    text: &String,
    boxed: &Box<u8>,
    small: &Small,
    owned: String,
    large: [u8; 300],
    _six: u8,
    _seven: u8,
) -> Result<u64, String> {
    println!("{list:?} {text} {boxed} {small:?} {owned} {}", large[0]);
    Ok(1)
}

pub struct Session;

#[fsession("**::traced")]
impl Session {
    fn entry(_: &Entry<'_>, list: &Vec<u8>) -> Option<usize> {
        Some(list.len())
    }

    fn exit(_: &Exit<'_>, kept: usize) {
        println!("{kept}");
    }
}

#[traceable]
pub fn traced(
    list: &Vec<u8>,
    text: &String,
    boxed: &Box<u8>,
    small: &Small,
    owned: String,
    large: [u8; 300],
    six: u8,
    seven: u8,
) -> Result<u64, String> {
    println!("{list:?} {text} {boxed} {small:?} {owned} {} {six} {seven}", large[0]);
    Ok(1)
}
