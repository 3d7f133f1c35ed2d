//! Renders gtramp's precompiled trampoline variants.
//!
//! The runtime executes no code that was made at run time: every entry stub and every caller is an
//! ordinary function of the program, written out by this crate while the program is built. Four
//! stages, plain data between them:
//!
//! 1. *facts*: what is known about the target ([`Arch`]) and what was asked for
//!    ([`Config`]);
//! 2. *plan* ([`Plan`]): every stub with its name, its slots and its frame, sorted;
//! 3. *text* ([`Files`]): the plan put through the templates, one function per template;
//! 4. *write*: files are touched only when their text changed.
//!
//! A build script is three lines:
//!
//! ```no_run
//! # fn main() -> Result<(), gtramp_codegen::Error> {
//! gtramp_codegen::Builder::from_env()?.generate()?;
//! # Ok(())
//! # }
//! ```

mod arch;
mod builder;
pub mod config;
mod error;
mod names;
mod plan;
mod render;
mod serialize;
mod shape;
mod variants;
#[cfg(feature = "workspace")]
pub mod workspace;
mod write;

pub use arch::{Arch, Constants, Frame, Place, Save};
pub use builder::Builder;
pub use config::Config;
pub use error::Error;
pub use names::{function_path, trait_path};
pub use plan::{Call, Caller, Entry, Plan, Rows, Single};
pub use render::Files;
pub use shape::{Lookup, Shape};
pub use variants::Variants;
