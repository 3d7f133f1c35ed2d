//! The socket: who may connect, what is said over it.

mod client;
mod place;
pub mod protocol;
mod server;

pub use place::{directory, socket_of};

pub(crate) use server::Server;
