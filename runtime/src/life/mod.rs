//! Async functions: their futures, and the switch in front of each poll.
//!
//! A call of a traceable async function makes a [`Life`]. It holds the arguments until its first poll, which makes
//! of them the future that holds the body. While the function's switches are off, that is all. When one is found
//! armed at the first poll, the entry probes run there, with the arguments where they are; and what the exit probes
//! need stays with the future until it ends: it returns, it unwinds, or it is dropped.
//!
//! At the first poll it is also decided what is polled from then on: the body's future, or one in its place, which a
//! probe has answered with or a patch has made of the arguments.

mod around;
mod future;
mod instead;
mod running;

pub use future::Life;
