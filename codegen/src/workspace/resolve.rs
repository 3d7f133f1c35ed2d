//! From what a file says of a function to its path.

use std::collections::{BTreeSet, HashSet};

use super::scan::{Marked, Owner};
use super::{Function, Refused};

/// The functions with their paths, and those that the attribute refuses. `types` are the types that the sources
/// define.
pub(super) fn functions(
    marked: Vec<Marked>,
    types: &HashSet<String>,
) -> (Vec<Function>, Vec<Refused>) {
    let (mut functions, mut refused) = (Vec::new(), Vec::new());
    for marked in marked {
        let owner = match &marked.owner {
            Owner::Path(path) => path.clone(),
            Owner::Impl { module, written, text } => type_path(module, written, text, types),
        };
        let path = format!("{owner}::{}", marked.name);
        if let Some(reason) = marked.refusal {
            refused.push(Refused { path, file: marked.file, line: marked.line, reason });
            continue;
        }
        functions.push(Function {
            path,
            file: marked.file,
            line: marked.line,
            args: marked.args,
            generics: marked.generics,
            package: marked.package,
        });
    }
    (functions, refused)
}

/// The path of the type of an `impl` in `module`. Where the sources do not tell, as for a foreign
/// type, it is the type's name in that module, which is how the runtime names it, too.
fn type_path(module: &str, written: &[String], text: &str, types: &HashSet<String>) -> String {
    let Some(name) = written.last() else {
        return format!("{module}::{text}");
    };
    let written_out = absolute(module, written);
    if types.contains(&written_out) {
        return written_out;
    }
    // Imported: the only type of this name in the crate, if there is just one.
    let root = module.split("::").next().unwrap_or(module);
    let (start, end) = (format!("{root}::"), format!("::{name}"));
    let named: BTreeSet<_> =
        types.iter().filter(|path| path.starts_with(&start) && path.ends_with(&end)).collect();
    match named.iter().next() {
        Some(only) if named.len() == 1 => (*only).clone(),
        _ => format!("{module}::{name}"),
    }
}

/// A written path with `crate`, `self` and `super` replaced.
fn absolute(module: &str, written: &[String]) -> String {
    let mut base: Vec<&str> = module.split("::").collect();
    let mut rest = written;
    while let Some((first, after)) = rest.split_first() {
        match first.as_str() {
            "crate" => base.truncate(1),
            "super" => drop(base.pop()),
            "self" => {}
            _ => break,
        }
        rest = after;
    }
    let all = base.into_iter().chain(rest.iter().map(String::as_str));
    all.collect::<Vec<_>>().join("::")
}
