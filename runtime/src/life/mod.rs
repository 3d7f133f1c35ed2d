//! Async functions: their futures, and the switch in front of each poll.
//!
//! A call of a traceable async function makes a [`Life`]. It holds the arguments until its first poll, which makes
//! of them the future that holds the body. While the function's switches are off, that is all. When one is found
//! armed at the first poll, the entry probes run there, with the arguments where they are; and what the exit probes
//! need stays with the future until it ends: it returns, it unwinds, or it is dropped.

mod future;
mod running;

pub use future::Life;
