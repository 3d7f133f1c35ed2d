//! Files of programs that a test builds.

use std::fs;
use std::path::Path;

/// Unchanged files keep their times, and cargo its results.
pub(crate) fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return;
    }
    fs::create_dir_all(path.parent().expect("it is in a folder")).unwrap();
    fs::write(path, text).unwrap();
}
