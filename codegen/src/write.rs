//! Writes a file only when its text changed, so that nothing is rebuilt for nothing.

use std::fs;
use std::path::Path;

use crate::error::Error;

/// Makes `path` hold `text`. True if that took a write.
pub(crate) fn if_changed(path: &Path, text: &str) -> Result<bool, Error> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(false);
    }
    fs::write(path, text).map_err(|source| Error::File {
        action: "write",
        path: path.to_owned(),
        source,
    })?;
    Ok(true)
}
