//! Follows the module trees of packages from file to file, on all cores.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use super::Skipped;
use super::metadata::Package;
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
    queue: Queue,
}

/// Reads every file that belongs to a target of one of the packages.
pub(super) fn read(packages: &[&Package], progress: &(dyn Fn(usize) + Sync)) -> Found {
    let mut modules = Vec::new();
    for package in packages {
        for target in &package.targets {
            modules.push(Module {
                package: package.name.clone(),
                path: target.name.replace('-', "_"),
                folder: target.file.parent().unwrap_or(Path::new("")).to_owned(),
                file: target.file.clone(),
            });
        }
    }
    let walk = Walk {
        found: Mutex::default(),
        read: AtomicUsize::new(0),
        progress,
        queue: Queue::of(modules),
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((module, _taken)) = walk.queue.take() {
                    walk.module(module);
                }
            });
        }
    });
    walk.found.into_inner().unwrap_or_default()
}

/// The modules that are still to be read.
struct Queue {
    /// They, and how many were taken or wait.
    modules: Mutex<(Vec<Module>, usize)>,
    changed: Condvar,
}

impl Queue {
    fn of(modules: Vec<Module>) -> Self {
        let open = modules.len();
        Self { modules: Mutex::new((modules, open)), changed: Condvar::new() }
    }

    /// The next; none when all have been read.
    fn take(&self) -> Option<(Module, Taken<'_>)> {
        let modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |(modules, open): &mut (Vec<Module>, usize)| modules.is_empty() && *open > 0;
        let mut modules =
            self.changed.wait_while(modules, waits).unwrap_or_else(PoisonError::into_inner);
        Some((modules.0.pop()?, Taken(self)))
    }

    fn push(&self, module: Module) {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        modules.0.push(module);
        modules.1 += 1;
        self.changed.notify_one();
    }
}

/// A module that was taken, until it has been read and what it names was pushed.
struct Taken<'q>(&'q Queue);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut modules = self.0.modules.lock().unwrap_or_else(PoisonError::into_inner);
        modules.1 -= 1;
        if modules.1 == 0 {
            self.0.changed.notify_all();
        }
    }
}

impl Walk<'_> {
    fn module(&self, module: Module) {
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
                self.queue.push(Module { package: module.package.clone(), path, file, folder });
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
