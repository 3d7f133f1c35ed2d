//! What gtramp does, one module per section of its description.

#[path = "../support/mod.rs"]
mod support;

mod calls;
mod changing;
mod closures;
mod coexistence;
mod combinations;
mod cookies;
mod detach;
mod disabling;
mod faults;
mod fields;
mod hashed;
mod ignoring;
mod info;
mod kinds;
mod listing;
mod model;
mod order;
mod patching;
mod recursion;
mod selecting;
mod sessions;
mod tracepoints;
mod transaction;
mod typed;
