//! Which files to read: those of every package that `cargo metadata` names.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use cargo_metadata::{Metadata, MetadataCommand};
use gtramp::traceable;

use super::walk::Walker;
use crate::Result;
use crate::trace::own::ran;

/// One file to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) package: Arc<Package>,
}

/// The package a file belongs to.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) root: PathBuf,
}

/// Every Rust file of the workspace at `manifest` (or here) and of all its dependencies, in a fixed
/// order.
#[traceable]
pub(crate) fn find(manifest: Option<&Path>, limit: Option<usize>) -> Result<Vec<SourceFile>> {
    ran!("find");
    let mut seen = HashSet::new();
    let mut files = Vec::new();
    for package in packages(metadata(manifest, &host()?)?) {
        let package = Arc::new(package);
        let found = Walker::new(&package).filter(|file| seen.insert(file.path.clone()));
        files.extend(found);
    }
    files.sort_unstable();
    files.truncate(limit.unwrap_or(usize::MAX));
    Ok(files)
}

/// The packages of `metadata`, each with the folder it lives in.
#[traceable]
fn packages(metadata: Metadata) -> impl Iterator<Item = Package> {
    ran!("packages");
    metadata.packages.into_iter().filter_map(|package| {
        let root = package.manifest_path.parent()?.as_std_path().to_owned();
        Some(Package { name: format!("{} {}", package.name, package.version), root })
    })
}

/// Asks cargo, without the network where that is possible.
#[traceable]
fn metadata(manifest: Option<&Path>, host: &str) -> Result<Metadata> {
    ran!("metadata");
    let ask = |more: &[&str]| {
        let mut command = MetadataCommand::new();
        if let Some(manifest) = manifest {
            command.manifest_path(manifest);
        }
        let options = [&["--filter-platform", host], more].concat();
        command.other_options(options.into_iter().map(str::to_owned).collect::<Vec<_>>()).exec()
    };
    Ok(ask(&["--offline"]).or_else(|_| ask(&[]))?)
}

/// The target triple of this machine: packages that only other machines need are not downloaded.
#[traceable]
fn host() -> Result<String> {
    ran!("host");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("`cargo -vV` does not name the host")?.to_owned())
}
