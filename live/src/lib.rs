//! What a running program is doing, from outside, without rebuilding it.
//!
//! One line in `main` makes a program that uses [`gtramp`] answer the command `gtramp`:
//!
//! ```no_run
//! let _live = gtramp_live::start();
//! ```
//!
//! ```console
//! $ gtramp run 'bank::** { @[func] = hist(latency) }'
//! ```
//!
//! It listens at a socket that only the same user and root can reach, and no thread wakes while nobody asks.
//! What is switched on from outside is a *lease*: it has an end and a budget, and ends with its client.

#[cfg(target_os = "linux")]
pub mod export;
#[cfg(target_os = "linux")]
mod language;
#[cfg(target_os = "linux")]
mod lease;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod record;
#[cfg(target_os = "linux")]
mod serve;
#[cfg(target_os = "linux")]
mod start;
#[cfg(target_os = "linux")]
mod unasked;

#[cfg(target_os = "linux")]
pub use serve::{directory, protocol, socket_of};
#[cfg(target_os = "linux")]
pub use start::{Live, start, start_at};

/// The example of `README.md`, compiled by the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
