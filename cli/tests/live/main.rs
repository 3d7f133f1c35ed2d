//! A program, this one, is asked by the real command through its real socket.
#![cfg(target_os = "linux")]

mod environment;
mod hostile;
mod language;
mod leases;
mod questions;
mod recorder;
mod support;
mod trees;
mod wire;
mod words;
