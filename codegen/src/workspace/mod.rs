//! Facts about a workspace: which functions its sources mark as traceable.
//!
//! cargo says which packages and targets there are, `tree` follows their module trees over files,
//! `scan` reads one file. All of it is reading: nothing is built and nothing is run.

mod resolve;
mod scan;
mod tree;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package};

use crate::error::Error;
use crate::serialize::serialize;

/// Where to look.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The `Cargo.toml` to start from; that of the current folder if none is given.
    pub manifest_path: Option<PathBuf>,
    /// Only these packages; every member of the workspace if there are none.
    pub packages: Vec<String>,
    /// The packages that they depend on, too.
    pub dependencies: bool,
    /// Further arguments for `cargo metadata`, such as `--features`.
    pub cargo_args: Vec<String>,
}

/// What the sources say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workspace {
    /// The folder of the workspace.
    pub root: PathBuf,
    /// The packages that were searched.
    pub packages: BTreeSet<String>,
    /// The traceable functions, by path.
    pub functions: Vec<Function>,
    /// The functions that the attribute refuses, by path: they do not compile.
    pub refused: Vec<Refused>,
    /// Files that could not be read.
    pub skipped: Vec<Skipped>,
    /// How many files were read.
    pub files: usize,
    /// How many lines they have.
    pub lines: usize,
}

serialize!(Workspace { root, packages, functions, refused, skipped, files, lines });

/// A function that carries `#[traceable]`, or stands in something that does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Function {
    /// Crate, modules, type, name: what globs match.
    pub path: String,
    /// The file, from the folder of the workspace on if it is below.
    pub file: PathBuf,
    /// The line of its name, from 1.
    pub line: usize,
    /// How many arguments it takes, the receiver among them.
    pub args: usize,
    /// Names of the type and const parameters in scope, the surrounding `impl`'s first.
    pub generics: Vec<String>,
    /// Its package.
    pub package: String,
}

serialize!(Function { path, file, line, args, generics, package });

/// A function that carries the attribute and cannot be traced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// Crate, modules, type, name.
    pub path: String,
    /// The file, from the folder of the workspace on if it is below.
    pub file: PathBuf,
    /// The line of its name, from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

serialize!(Refused { path, file, line, reason });

/// A file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Which.
    pub file: PathBuf,
    /// Where in it, from 1, if that is known.
    pub line: Option<usize>,
    /// Why.
    pub reason: String,
}

serialize!(Skipped { file, line, reason });

impl Workspace {
    /// Searches the sources. `progress` is called after each file, with the number so far, from any
    /// thread.
    ///
    /// # Errors
    ///
    /// cargo cannot read the manifest, or there is no such package. A file that cannot be read or
    /// parsed is no error: it is in [`Workspace::skipped`].
    pub fn read(search: &Search, progress: &(dyn Fn(usize) + Sync)) -> Result<Workspace, Error> {
        let metadata = metadata(search)?;
        let packages = packages(&metadata, search)?;
        let root = metadata.workspace_root.as_std_path();
        let found = tree::read(&packages, progress);
        let (mut functions, mut refused) = resolve::functions(found.functions, &found.types);
        for function in &mut functions {
            function.file = relative(root, &function.file);
        }
        functions.sort();
        functions.dedup();
        for function in &mut refused {
            function.file = relative(root, &function.file);
        }
        refused.sort();
        refused.dedup();
        let mut skipped = found.skipped;
        skipped.sort();
        skipped.dedup();
        for one in &mut skipped {
            one.file = relative(root, &one.file);
        }
        Ok(Workspace {
            root: root.to_owned(),
            packages: packages.iter().map(|package| package.name.to_string()).collect(),
            functions,
            refused,
            skipped,
            files: found.files,
            lines: found.lines,
        })
    }

    /// The argument counts that occur.
    #[must_use]
    pub fn args(&self) -> BTreeSet<usize> {
        self.functions.iter().map(|function| function.args).collect()
    }
}

fn metadata(search: &Search) -> Result<Metadata, Error> {
    let mut command = MetadataCommand::new();
    if let Some(path) = &search.manifest_path {
        command.manifest_path(path);
    }
    if !search.dependencies {
        command.no_deps();
    }
    command.other_options(search.cargo_args.clone());
    command.exec().map_err(|source| Error::Metadata { source })
}

fn packages<'m>(metadata: &'m Metadata, search: &Search) -> Result<Vec<&'m Package>, Error> {
    let members = metadata.workspace_packages();
    let unknown =
        search.packages.iter().find(|name| !members.iter().any(|member| *member.name == **name));
    if let Some(name) = unknown {
        return Err(Error::NoPackage {
            name: name.clone(),
            members: members.iter().map(|member| member.name.to_string()).collect(),
        });
    }
    if search.dependencies {
        return Ok(metadata.packages.iter().collect());
    }
    let wanted = |member: &&Package| {
        search.packages.is_empty() || search.packages.iter().any(|name| *member.name == **name)
    };
    Ok(members.into_iter().filter(wanted).collect())
}

fn relative(root: &Path, file: &Path) -> PathBuf {
    file.strip_prefix(root).unwrap_or(file).to_owned()
}
