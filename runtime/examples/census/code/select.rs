//! Which files are wanted now.

use gtramp::traceable;

use super::sources::SourceFile;
use crate::trace::own::ran;

/// Decides whether a file is read now or later.
pub(crate) trait Select {
    fn wanted(&self, file: &SourceFile) -> bool;
}

/// Wants every file up to a size.
pub(crate) struct UpTo {
    pub(crate) bytes: u64,
}

#[traceable]
impl Select for UpTo {
    fn wanted(&self, file: &SourceFile) -> bool {
        file.bytes <= self.bytes
    }
}

/// Asks `selection` about `file`.
///
/// The own count of `wanted` is kept here, where it is called, and not in its body: a probe may
/// make it skip the body.
pub(crate) fn ask(selection: &UpTo, file: &SourceFile) -> bool {
    ran!("UpTo::wanted");
    selection.wanted(file)
}
