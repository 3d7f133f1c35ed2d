//! Callers for a crate's own probes.

use std::env;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::plan::Pair;
use crate::render::variants;
use crate::write;

/// Generates callers for pairs of a crate's own probes, in its build script.
///
/// A link of one probe has a caller compiled for the probe's type without any of this, and so has one
/// whose two probes come together in `LinkBuilder::around`. It pays where an entry and an exit probe
/// that attributes made are given to the builder one after the other, and the functions they trace
/// are called often.
///
/// ```no_run
/// # fn main() -> Result<(), gtramp_codegen::Error> {
/// // build.rs
/// gtramp_codegen::Variants::from_env()?
///     .pair("crate::latency::begin", "crate::latency::end")
///     .generate()?;
/// # Ok(())
/// # }
/// ```
///
/// The crate includes what was generated with `gtramp::include_variants!();`. The callers are found
/// when a link is attached, in any crate of the program; nothing registers them.
#[derive(Clone, Debug)]
pub struct Variants {
    pairs: Vec<Pair>,
    out_dir: PathBuf,
}

/// The file that `gtramp::include_variants!` includes.
const FILE: &str = "gtramp_variants.rs";

impl Variants {
    /// Into `OUT_DIR`.
    ///
    /// # Errors
    ///
    /// [`Error::Environment`] outside a build script.
    pub fn from_env() -> Result<Variants, Error> {
        let variable = "OUT_DIR";
        env::var(variable).map(Variants::new).map_err(|_| Error::Environment { variable })
    }

    /// Into `out_dir`.
    pub fn new(out_dir: impl AsRef<Path>) -> Variants {
        Variants { pairs: Vec::new(), out_dir: out_dir.as_ref().to_owned() }
    }

    /// A caller for the entry probe `entry` and the exit probe `exit`: paths of functions with
    /// `#[fentry]` and `#[fexit]`, as the crate's root sees them.
    #[must_use]
    pub fn pair(mut self, entry: &str, exit: &str) -> Variants {
        self.pairs.push(Pair { entry: entry.to_owned(), exit: exit.to_owned() });
        self
    }

    /// Renders and writes.
    ///
    /// # Errors
    ///
    /// [`Error::Path`] if something is no path; a file that cannot be written.
    pub fn generate(&self) -> Result<(), Error> {
        for path in self.pairs.iter().flat_map(|pair| [&pair.entry, &pair.exit]) {
            if !is_path(path) {
                return Err(Error::Path { path: path.clone() });
            }
        }
        let mut pairs = self.pairs.clone();
        pairs.sort();
        pairs.dedup();
        write::if_changed(&self.out_dir.join(FILE), &variants(&pairs)?)?;
        println!("cargo::rerun-if-changed=build.rs");
        Ok(())
    }
}

/// Whether this is the path of a function without generic arguments.
fn is_path(text: &str) -> bool {
    let mut segments = text.strip_prefix("::").unwrap_or(text).split("::");
    segments.all(|segment| {
        let name = segment.strip_prefix("r#").unwrap_or(segment);
        let mut letters = name.chars();
        letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
            && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::{Variants, is_path};
    use crate::Error;

    #[test]
    fn what_is_no_path_is_refused() {
        for good in ["f", "crate::a::f", "::other::f", "r#mod::f", "_f9"] {
            assert!(is_path(good), "{good}");
        }
        for bad in ["", "::", "a::", "a:b", "9f", "a::<u8>::f", "f()", "a f", "f; evil!()"] {
            assert!(!is_path(bad), "{bad}");
        }
        let refused = Variants::new("nowhere").pair("crate::f", "f()").generate();
        assert!(matches!(refused, Err(Error::Path { path }) if path == "f()"));
    }
}
