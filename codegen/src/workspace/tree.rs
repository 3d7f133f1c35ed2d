//! Follows the module trees of packages from file to file, on all cores.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cargo_metadata::Package;

use super::Skipped;
use super::scan::{self, Marked, Submodule};

/// What was found in all files.
#[derive(Default)]
pub(super) struct Found {
    pub(super) functions: Vec<Marked>,
    /// Paths of the types that are defined, to resolve names in `impl` blocks.
    pub(super) types: HashSet<String>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) files: usize,
    pub(super) lines: usize,
}

/// A file to read, and the module it is.
struct Module {
    package: String,
    path: String,
    file: PathBuf,
    /// The folder of its submodules' files.
    folder: PathBuf,
}

struct Walk<'p> {
    found: Mutex<Found>,
    read: AtomicUsize,
    progress: &'p (dyn Fn(usize) + Sync),
}

/// Reads every file that belongs to a target of one of the packages.
pub(super) fn read(packages: &[&Package], progress: &(dyn Fn(usize) + Sync)) -> Found {
    let walk = Walk { found: Mutex::default(), read: AtomicUsize::new(0), progress };
    rayon::scope(|scope| {
        for package in packages {
            for target in &package.targets {
                let file = target.src_path.clone().into_std_path_buf();
                let module = Module {
                    package: package.name.to_string(),
                    path: target.name.replace('-', "_"),
                    folder: file.parent().unwrap_or(Path::new("")).to_owned(),
                    file,
                };
                let walk = &walk;
                scope.spawn(move |scope| walk.module(module, scope));
            }
        }
    });
    walk.found.into_inner().unwrap_or_default()
}

impl<'p> Walk<'p> {
    fn module<'s>(&'s self, module: Module, scope: &rayon::Scope<'s>)
    where
        'p: 's,
    {
        let text = match fs::read_to_string(&module.file) {
            Ok(text) => text,
            Err(error) => return self.skip(&module.file, None, error.to_string()),
        };
        let parsed = match scan::unmarked(&text, &module.path) {
            Some(scanned) => Ok(scanned),
            None => scan::file(&text, &module.path, &module.package, &module.file),
        };
        let scanned = match parsed {
            Ok(scanned) => scanned,
            Err(error) => {
                let line = error.span().start().line;
                return self.skip(&module.file, Some(line), error.to_string());
            }
        };
        for submodule in scanned.submodules {
            let candidates = module.candidates(&submodule);
            if let Some((file, folder)) = candidates.into_iter().find(|(file, _)| file.is_file()) {
                let path = format!("{}::{}", submodule.parent, submodule.name);
                let next = Module { package: module.package.clone(), path, file, folder };
                scope.spawn(move |scope| self.module(next, scope));
            } else if !submodule.conditional {
                let reason = format!("there is no file for `mod {};`", submodule.name);
                self.skip(&module.file, Some(submodule.line), reason);
            }
        }
        if let Ok(mut found) = self.found.lock() {
            found.functions.extend(scanned.functions);
            found.types.extend(scanned.types);
            found.files += 1;
            found.lines += text.lines().count();
        }
        (self.progress)(self.read.fetch_add(1, Ordering::Relaxed) + 1);
    }

    fn skip(&self, file: &Path, line: Option<usize>, reason: String) {
        if let Ok(mut found) = self.found.lock() {
            found.skipped.push(Skipped { file: file.to_owned(), line, reason });
        }
    }
}

impl Module {
    /// The files a submodule may be, each with the folder of its own submodules.
    fn candidates(&self, submodule: &Submodule) -> Vec<(PathBuf, PathBuf)> {
        let mut folder = self.folder.clone();
        folder.extend(&submodule.inline);
        let mut candidates: Vec<_> = submodule
            .paths
            .iter()
            .map(|path| {
                // Outside inline modules, `#[path]` counts from the folder of the file.
                let base =
                    if submodule.inline.is_empty() { self.file.parent() } else { Some(&*folder) };
                let file = base.unwrap_or(Path::new("")).join(path);
                let own = file.parent().unwrap_or(Path::new("")).to_owned();
                (file, own)
            })
            .collect();
        let own = folder.join(&submodule.name);
        candidates.push((folder.join(format!("{}.rs", submodule.name)), own.clone()));
        candidates.push((own.join("mod.rs"), own));
        candidates
    }
}
