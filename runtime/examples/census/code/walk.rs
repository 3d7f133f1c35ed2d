//! Walks a package's folder.

use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gtramp::traceable;

use super::sources::{Package, SourceFile};
use crate::trace::own::ran;

/// An iterator over the Rust files of one package.
pub(crate) struct Walker {
    package: Arc<Package>,
    folders: Vec<PathBuf>,
    files: Vec<SourceFile>,
}

#[traceable]
impl Walker {
    pub(crate) fn new(package: &Arc<Package>) -> Self {
        ran!("Walker::new");
        Self { package: package.clone(), folders: vec![package.root.clone()], files: Vec::new() }
    }

    /// Notes what lies in `folder`. What cannot be read is passed over.
    fn enter(&mut self, folder: PathBuf) {
        ran!("Walker::enter");
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        for entry in entries {
            self.note(&entry);
        }
    }

    fn note(&mut self, entry: &DirEntry) {
        ran!("Walker::note");
        let (path, Ok(metadata)) = (entry.path(), entry.metadata()) else {
            return;
        };
        if metadata.is_dir() && !is_set_aside(&path) {
            self.folders.push(path);
        } else if metadata.is_file() && is_rust(path.extension()) {
            self.files.push(SourceFile {
                path,
                bytes: metadata.len(),
                package: self.package.clone(),
            });
        }
    }
}

#[traceable]
impl Iterator for Walker {
    type Item = SourceFile;

    fn next(&mut self) -> Option<Self::Item> {
        ran!("Walker::next");
        while self.files.is_empty() {
            let folder = self.folders.pop()?;
            self.enter(folder);
        }
        self.files.pop()
    }
}

#[traceable]
fn is_rust(extension: Option<&OsStr>) -> bool {
    ran!("is_rust");
    extension == Some(OsStr::new("rs"))
}

/// Hidden folders, and caches such as `target`, which say so with a tag file.
#[traceable]
fn is_set_aside(folder: &Path) -> bool {
    ran!("is_set_aside");
    let hidden = folder.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    hidden || folder.join("CACHEDIR.TAG").exists()
}
