//! Every form of function that `#[traceable]` takes: it works, attaches, and shows its arguments.

#[path = "../support/mod.rs"]
mod support;

mod blocks;
mod copies;
mod functions;
mod methods;
mod names;
mod observe;
mod odd;
mod passes;
mod stack;
mod texts;
