//! Poking: writing the switches of a batch of sites.
//!
//! ```text
//! 1. verify   every switch and every entry holds the bytes that belong there     nothing written yet
//! 2. open     every page of the batch can be written                             may fail: nothing written yet
//! 3. write    each switch, with one store; and in entries that show the short    cannot fail
//!             way to their caller, that, with another
//! 4. close    pages as before, every core told
//! ```
//!
//! Why a single store is enough while other threads run the switch: the instruction before and the one after
//! have the same length and the same place, and what is stored is one byte, or one whole aligned instruction. A
//! core that fetches the switch meanwhile executes either of them whole, and both are right: a call that
//! began before the store may run with or without probes. (AMD64 Architecture Programmer's
//! Manual, volume 2, "Cross-Modifying Code": a store within an aligned quadword is seen whole
//! by an asynchronous fetch. Arm Architecture Reference Manual, B2.2.5: `B` and `NOP` may be
//! exchanged while they are executed.) The core-sync barrier at the end bounds for how long the
//! old instruction may still be executed.
//!
//! The short way is the distance of a direct jump: one aligned word within an instruction whose other
//! bytes never change. A core that fetches it meanwhile jumps to the caller selected before or to
//! the one selected now, and either serves the call.
//!
//! A build with `slot` entries has nothing to poke: its switches test a byte of data.

mod pages;
mod trial;
mod verify;

pub(crate) use pages::Writable;
pub(crate) use trial::written_code_is_run;
pub(crate) use verify::{Expected, Found, is_known, verify};
