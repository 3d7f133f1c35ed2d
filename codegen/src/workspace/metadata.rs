//! What `cargo metadata` says, as far as it is needed.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::error::Error;

/// A workspace.
pub(super) struct Metadata {
    pub(super) root: PathBuf,
    /// Its members, and the packages that they depend on if these were asked for.
    pub(super) packages: Vec<Package>,
}

pub(super) struct Package {
    pub(super) name: String,
    pub(super) is_member: bool,
    pub(super) targets: Vec<Target>,
}

pub(super) struct Target {
    pub(super) name: String,
    /// The file that its modules begin with.
    pub(super) file: PathBuf,
}

impl Metadata {
    /// Asks cargo, which looks at this manifest, or for one from the current folder on.
    pub(super) fn read(
        manifest_path: Option<&Path>,
        dependencies: bool,
        more: &[String],
    ) -> Result<Self, Error> {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["metadata", "--format-version", "1"]);
        if !dependencies {
            cargo.arg("--no-deps");
        }
        if let Some(path) = manifest_path {
            cargo.arg("--manifest-path").arg(path);
        }
        let fails = |why: String| Error::Metadata { source: why.into() };
        let output = cargo.args(more).output().map_err(|error| fails(error.to_string()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(fails(format!("`cargo metadata` exited with an error: {said}")));
        }
        let said =
            serde_json::from_slice(&output.stdout).map_err(|error| fails(error.to_string()))?;
        Self::of(&said).ok_or_else(|| fails("`cargo metadata` says something unknown".to_owned()))
    }

    fn of(said: &Value) -> Option<Self> {
        let members = said["workspace_members"].as_array()?;
        let package = |package: &Value| {
            let target = |target: &Value| {
                let file = PathBuf::from(target["src_path"].as_str()?);
                Some(Target { name: target["name"].as_str()?.to_owned(), file })
            };
            Some(Package {
                name: package["name"].as_str()?.to_owned(),
                is_member: members.contains(&package["id"]),
                targets: package["targets"]
                    .as_array()?
                    .iter()
                    .map(target)
                    .collect::<Option<_>>()?,
            })
        };
        Some(Self {
            root: said["workspace_root"].as_str()?.into(),
            packages: said["packages"].as_array()?.iter().map(package).collect::<Option<_>>()?,
        })
    }
}
