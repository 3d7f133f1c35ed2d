//! The command line.

use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
Counts what real Rust functions look like, while gtramp traces the counting.

Usage: cargo run --release --example census -- [options]

      --root PATH    the Cargo.toml (or its folder) whose packages are read [default: the current workspace]
      --limit N      read at most N files
      --threads N    number of worker threads [default: 2]
  -h, --help         print this text
";

/// What the command line asks for.
pub(crate) struct Options {
    pub(crate) root: Option<PathBuf>,
    pub(crate) limit: Option<usize>,
    pub(crate) threads: usize,
}

impl Options {
    /// Reads the command line; `None` means that help was asked for.
    pub(crate) fn from_args() -> Result<Option<Self>, lexopt::Error> {
        use lexopt::prelude::*;

        let mut options = Self { root: None, limit: None, threads: 2 };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("root") => options.root = Some(manifest(parser.value()?.into())?),
                Long("limit") => options.limit = Some(positive("--limit", &parser.value()?)?),
                Long("threads") => options.threads = positive("--threads", &parser.value()?)?,
                Short('h') | Long("help") => return Ok(None),
                other => return Err(other.unexpected()),
            }
        }
        Ok(Some(options))
    }
}

fn manifest(path: PathBuf) -> Result<PathBuf, lexopt::Error> {
    let manifest = if path.is_dir() { path.join("Cargo.toml") } else { path };
    if manifest.is_file() {
        Ok(manifest)
    } else {
        Err(format!("--root: there is no {}", manifest.display()).into())
    }
}

fn positive(option: &str, value: &std::ffi::OsStr) -> Result<usize, lexopt::Error> {
    match value.to_str().and_then(|text| text.parse().ok()) {
        Some(number) if number > 0 => Ok(number),
        _ => Err(format!("{option} takes a number from 1 up, not {value:?}").into()),
    }
}
