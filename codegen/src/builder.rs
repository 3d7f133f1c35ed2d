//! What a build script calls.

use std::env;
use std::path::{Path, PathBuf};

use crate::arch::Arch;
use crate::config::{CONFIG_VARIABLE, Config, EntryMode};
use crate::error::Error;
use crate::plan::Plan;
use crate::render::Files;
use crate::write;

/// Generates the variants of one target into one folder.
#[derive(Clone, Debug)]
pub struct Builder {
    target: String,
    arch: Option<&'static Arch>,
    config: Config,
    config_file: Option<PathBuf>,
    out_dir: PathBuf,
}

impl Builder {
    /// For the target that cargo builds, with the configuration that `GTRAMP_CONFIG` names, into
    /// `OUT_DIR`.
    ///
    /// # Errors
    ///
    /// [`Error::Environment`] outside a build script; a configuration that cannot be read or is
    /// wrong.
    pub fn from_env() -> Result<Builder, Error> {
        let arch = required("CARGO_CFG_TARGET_ARCH")?;
        let os = required("CARGO_CFG_TARGET_OS")?;
        let width = required("CARGO_CFG_TARGET_POINTER_WIDTH")?;
        let config_file =
            env::var_os(CONFIG_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
        // Miri interprets Rust only: there, as on a target without stubs, functions stay plain.
        let native = os == "linux" && width == "64" && env::var_os("CARGO_CFG_MIRI").is_none();
        Ok(Builder {
            arch: native.then(|| Arch::named(&arch)).flatten().filter(|arch| arch.ported),
            target: format!("{arch} {os}"),
            config: config_file.as_deref().map_or_else(|| Ok(Config::default()), Config::read)?,
            config_file,
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
            config: Config::default(),
            config_file: None,
            out_dir: out_dir.as_ref().to_owned(),
        }
    }

    /// Generates what `config` asks for instead.
    #[must_use]
    pub fn config(mut self, config: Config) -> Builder {
        self.config = config;
        self
    }

    /// The plan, without rendering it.
    #[must_use]
    pub fn plan(&self) -> Plan {
        Plan::new(&self.target, self.arch, &self.config)
    }

    /// Plans, renders and writes, and tells cargo what the result depends on.
    ///
    /// # Errors
    /// Whatever kept a stage from its end; nothing is written unless everything rendered.
    pub fn generate(&self) -> Result<(), Error> {
        let files = Files::render(&self.plan())?;
        for (name, text) in files.named() {
            write::if_changed(&self.out_dir.join(name), text)?;
        }
        println!("cargo::rustc-check-cfg=cfg(gtramp_stubs, gtramp_slot)");
        if self.arch.is_some() {
            println!("cargo::rustc-cfg=gtramp_stubs");
        }
        if self.config.entry == EntryMode::Slot {
            println!("cargo::rustc-cfg=gtramp_slot");
        }
        println!("cargo::rerun-if-changed=build.rs");
        println!("cargo::rerun-if-env-changed={CONFIG_VARIABLE}");
        if let Some(path) = &self.config_file {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        Ok(())
    }
}

fn required(variable: &'static str) -> Result<String, Error> {
    env::var(variable).map_err(|_| Error::Environment { variable })
}
