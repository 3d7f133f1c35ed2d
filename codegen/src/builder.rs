//! What a build script calls.

use std::env;
use std::path::{Path, PathBuf};

use crate::arch::Arch;
use crate::error::Error;
use crate::plan::Plan;
use crate::render::Files;
use crate::write;

/// The largest argument count when nothing else is asked for.
const DEFAULT_MAX_ARGS: usize = 12;
/// The largest argument count that can be asked for.
const MOST_ARGS: usize = 32;

/// Generates the variants of one target into one folder.
#[derive(Clone, Debug)]
pub struct Builder {
    target: String,
    arch: Option<&'static Arch>,
    max_args: usize,
    out_dir: PathBuf,
}

impl Builder {
    /// For the target that cargo builds, into `OUT_DIR`.
    ///
    /// # Errors
    /// [`Error::Environment`] outside a build script.
    pub fn from_env() -> Result<Builder, Error> {
        let arch = required("CARGO_CFG_TARGET_ARCH")?;
        let os = required("CARGO_CFG_TARGET_OS")?;
        let width = required("CARGO_CFG_TARGET_POINTER_WIDTH")?;
        // Miri interprets Rust only: there, as on a target without stubs, functions stay plain.
        let native = os == "linux" && width == "64" && env::var_os("CARGO_CFG_MIRI").is_none();
        Ok(Builder {
            arch: native.then(|| Arch::named(&arch)).flatten(),
            target: format!("{arch} {os}"),
            max_args: DEFAULT_MAX_ARGS,
            out_dir: PathBuf::from(required("OUT_DIR")?),
        })
    }

    /// For Linux on the architecture called `arch`, into `out_dir`. An architecture that has no stubs
    /// gets plain functions.
    #[must_use]
    pub fn new(arch: &str, out_dir: impl AsRef<Path>) -> Builder {
        Builder {
            arch: Arch::named(arch),
            target: format!("{arch} linux"),
            max_args: DEFAULT_MAX_ARGS,
            out_dir: out_dir.as_ref().to_owned(),
        }
    }

    /// Sets the largest argument count, 12 if never called.
    #[must_use]
    pub fn max_args(mut self, max_args: usize) -> Builder {
        self.max_args = max_args;
        self
    }

    /// The plan, without rendering it.
    ///
    /// # Errors
    /// [`Error::TooManyArgs`].
    pub fn plan(&self) -> Result<Plan, Error> {
        if self.max_args > MOST_ARGS {
            return Err(Error::TooManyArgs { asked: self.max_args, most: MOST_ARGS });
        }
        Ok(Plan::new(&self.target, self.arch, self.max_args))
    }

    /// Plans, renders and writes, and tells cargo what the result depends on.
    ///
    /// # Errors
    /// Whatever kept a stage from its end; nothing is written unless everything rendered.
    pub fn generate(&self) -> Result<(), Error> {
        let plan = self.plan()?;
        let files = Files::render(&plan)?;
        for (name, text) in files.named() {
            write::if_changed(&self.out_dir.join(name), text)?;
        }
        println!("cargo::rerun-if-changed=build.rs");
        Ok(())
    }
}

fn required(variable: &'static str) -> Result<String, Error> {
    env::var(variable).map_err(|_| Error::Environment { variable })
}
