//! Renders the entry stubs, the callers and the table of shapes into `OUT_DIR`.

use std::process::ExitCode;

use gtramp_codegen::Builder;

fn main() -> ExitCode {
    match Builder::from_env().and_then(|builder| builder.generate()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gtramp: {}", error.report());
            ExitCode::FAILURE
        }
    }
}
