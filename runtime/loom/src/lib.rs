//! The runtime's own protocol code, compiled with loom's atomics in the place of the processor's, and
//! run in every order that the C11 memory model allows: `ci/loom.sh`.
//!
//! The files are the runtime's. What stands in for the rest of the crate is here.

#![cfg(loom)]
#![allow(dead_code, unused_imports, unused_macros, reason = "the models use a part of what the runtime needs")]

#[path = "../../src/arch/rarely.rs"]
mod arch;
mod grace;
#[path = "."]
mod probe {
    #[path = "../../src/probe/sole.rs"]
    mod sole;
    pub(crate) use sole::Sole;
}
#[path = "../../src/md/selected.rs"]
mod selected;
#[path = "../../src/sync.rs"]
mod sync;
mod sys;
#[path = "../../src/md/table.rs"]
mod table;

#[cfg(test)]
mod models;
