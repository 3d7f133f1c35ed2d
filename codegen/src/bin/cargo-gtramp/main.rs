//! `cargo gtramp`: see, choose and check the callers that are generated for a workspace.

mod check;
mod common;
mod expand;
mod init;
mod machine;
mod plan;
mod sites;
mod table;
mod variants;

use std::process::ExitCode;

use clap::Parser;
use common::{Color, Outcome, print_error};

/// Cargo calls `cargo-gtramp gtramp ..`.
#[derive(Parser)]
#[command(name = "cargo", bin_name = "cargo", disable_help_subcommand = true)]
enum Cargo {
    Gtramp(Gtramp),
}

/// See, choose and check the callers that are generated for a workspace
#[derive(clap::Args)]
#[command(version, arg_required_else_help = true)]
struct Gtramp {
    /// When to colour the output
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Plan(plan::Args),
    Gen(expand::GenArgs),
    Expand(expand::ExpandArgs),
    Variants(variants::Args),
    Sites(sites::Args),
    Check(check::Args),
    Init(init::Args),
}

fn main() -> ExitCode {
    let Cargo::Gtramp(gtramp) = Cargo::parse();
    gtramp.color.choose();
    match run(&gtramp.command) {
        Ok(code) => code,
        Err(error) => {
            print_error(&*error);
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Outcome {
    match command {
        Command::Plan(args) => plan::run(args),
        Command::Gen(args) => expand::generate(args),
        Command::Expand(args) => expand::expand(args),
        Command::Variants(args) => variants::run(args),
        Command::Sites(args) => sites::run(args),
        Command::Check(args) => check::run(args),
        Command::Init(args) => init::run(args),
    }
}
