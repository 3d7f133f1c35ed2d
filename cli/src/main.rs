//! The command `gtramp`: what a running program is doing, function by function.

mod commands;
mod connect;
mod options;
mod perfetto;
mod record;
mod top;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match commands::run(options::Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gtramp: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whoever reads the output has seen enough, as `head` has.
fn is_closed(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
