//! Which file imports from which: in no circle (a module and the files in its folder count as one thing), and in the
//! runtime only from rows above, see *Modules* in ARCHITECTURE.md.
#![cfg(not(miri))]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Item, UseTree};

/// The rows of the runtime's modules.
const ROWS: [&[&str]; 6] = [
    &["error", "sync", "arch", "sys", "scope"],
    &["site", "grace", "probe"],
    &["registry", "md", "patch", "library"],
    &["caller", "poke"],
    &["life", "link"],
    &["fuzz"],
];

/// What an error reports: the function and the mismatch.
const EXCEPTIONS: [(&str, &str); 2] = [("error", "probe"), ("error", "site")];

/// In one row or above, and yet: the hot path knows nothing of writing entries, and the reverse.
const FORBIDDEN: [(&str, &str); 3] =
    [("caller", "poke"), ("poke", "caller"), ("caller", "registry")];

/// Circles that there are, each by the files in it: a handle is what a user has of all that can be done with a link.
const KNOWN: &[&[&str]] =
    &[&["link::attach", "link::builder", "link::change", "link::handle", "link::info"]];

/// A module, as its path from the root of the crate.
type Module = Vec<String>;

/// A file of a crate: what it says of itself.
#[derive(Default)]
struct File {
    /// Paths that it names, from the root of the crate.
    paths: BTreeSet<Module>,
    /// What it hands on: a name, and where that is.
    exports: BTreeMap<String, Module>,
}

/// Gathers the paths in a file that is this module; code for tests does not count.
struct Paths<'f> {
    file: &'f mut File,
    module: Module,
    modules: BTreeSet<String>,
}

impl Paths<'_> {
    /// A path from the root of the crate; `None` if it leads out of it or is not known to lead anywhere.
    fn absolute(&self, segments: &[String]) -> Option<Module> {
        let first = segments.first()?;
        match first.as_str() {
            "crate" => Some(segments[1..].to_vec()),
            "self" => Some([&self.module[..], &segments[1..]].concat()),
            "super" => {
                let up = segments.iter().take_while(|segment| *segment == "super").count();
                let base = self.module.len().checked_sub(up)?;
                Some([&self.module[..base], &segments[up..]].concat())
            }
            child if self.modules.contains(child) => Some([&self.module[..], segments].concat()),
            _ => None,
        }
    }

    fn import(&mut self, tree: &UseTree, before: &mut Vec<String>, exported: bool) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.import(&path.tree, before, exported);
                before.pop();
            }
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.import(tree, before, exported));
            }
            UseTree::Name(name) => self.name(&name.ident, &name.ident, before, exported),
            UseTree::Rename(rename) => self.name(&rename.ident, &rename.rename, before, exported),
            UseTree::Glob(_) => self.add(before.clone()),
        }
    }

    fn name(
        &mut self,
        name: &syn::Ident,
        known_as: &syn::Ident,
        before: &[String],
        exported: bool,
    ) {
        let mut path = before.to_vec();
        if name != "self" {
            path.push(name.to_string());
        }
        match self.absolute(&path) {
            Some(path) if exported => {
                self.file.exports.insert(known_as.to_string(), path);
            }
            _ => self.add(path),
        }
    }

    fn add(&mut self, path: Vec<String>) {
        if let Some(path) = self.absolute(&path) {
            self.file.paths.insert(path);
        }
    }
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = quote::quote!(#attribute).to_string();
        attribute.path().is_ident("cfg")
            && ["test", "fuzzing"].iter().any(|word| text.contains(word))
    })
}

impl<'a> Visit<'a> for Paths<'_> {
    fn visit_item(&mut self, item: &'a Item) {
        match item {
            Item::Mod(one) if is_for_tests(&one.attrs) => {}
            Item::Use(one) if is_for_tests(&one.attrs) => {}
            Item::Use(one) => {
                let exported = !matches!(one.vis, syn::Visibility::Inherited);
                self.import(&one.tree, &mut Vec::new(), exported);
            }
            Item::Mod(one) if one.content.is_some() => {
                self.module.push(one.ident.to_string());
                visit::visit_item(self, item);
                self.module.pop();
            }
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string());
            self.add(segments.collect());
        }
        visit::visit_path(self, path);
    }
}

/// The files of a crate, by module.
fn files(sources: &Path) -> BTreeMap<Module, File> {
    let mut found = Vec::new();
    walk(sources, &mut found);
    let module_of = |path: &PathBuf| -> Module {
        let relative = path.strip_prefix(sources).unwrap().with_extension("");
        let mut module: Module =
            relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
            module.pop();
        }
        module
    };
    let modules: BTreeSet<Module> = found.iter().map(module_of).collect();
    let mut files = BTreeMap::new();
    for path in &found {
        let text = std::fs::read_to_string(path).unwrap();
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        if is_for_tests(&parsed.attrs) {
            continue;
        }
        let module = module_of(path);
        let children = modules.iter().filter(|one| one.len() == module.len() + 1);
        let children = children.filter(|one| one.starts_with(&module));
        let children = children.map(|one| one.last().unwrap().clone()).collect();
        let mut file = File::default();
        Paths { file: &mut file, module: module.clone(), modules: children }.visit_file(&parsed);
        files.insert(module, file);
    }
    files
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && name != "tests" && name != "bin" {
            walk(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(path);
        }
    }
}

/// In which file the thing is that a path names: what a module only hands on is elsewhere.
fn target(files: &BTreeMap<Module, File>, path: &[String]) -> Option<Module> {
    let mut path = path.to_vec();
    // Each step follows what one module hands on.
    for _ in 0..8 {
        let module = (0..=path.len()).rev().map(|len| &path[..len]);
        let module = module.into_iter().find(|module| files.contains_key(*module))?.to_vec();
        let next = path.get(module.len());
        match next.and_then(|name| files[&module].exports.get(name)) {
            Some(elsewhere) => {
                path = [&elsewhere[..], &path[module.len() + 1..]].concat();
            }
            None => return Some(module),
        }
    }
    None
}

type Graph = BTreeMap<Module, BTreeSet<Module>>;

fn graph(files: &BTreeMap<Module, File>) -> Graph {
    let edges = |(module, file): (&Module, &File)| {
        let targets = file.paths.iter().filter_map(|path| target(files, path));
        (module.clone(), targets.filter(|other| !other.starts_with(module)).collect())
    };
    files.iter().map(edges).collect()
}

/// What can be reached from a file.
fn reach<'g>(graph: &'g Graph, from: &'g Module) -> BTreeSet<&'g Module> {
    let mut seen = BTreeSet::new();
    let mut next = vec![from];
    while let Some(module) = next.pop() {
        for other in graph.get(module).into_iter().flatten() {
            if seen.insert(other) {
                next.push(other);
            }
        }
    }
    seen
}

/// The circles of a crate: each the files that reach each other.
fn circles(graph: &Graph) -> BTreeSet<Vec<String>> {
    let reached: BTreeMap<_, _> =
        graph.keys().map(|module| (module, reach(graph, module))).collect();
    let circle = |module: &Module| -> Vec<String> {
        let others = reached[module].iter().filter(|other| reached[**other].contains(module));
        others.map(|other| other.join("::")).collect()
    };
    graph.keys().map(circle).filter(|circle| !circle.is_empty()).collect()
}

fn workspace() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    workspace.join("runtime/src").is_dir().then(|| workspace.to_path_buf())
}

#[test]
fn no_files_import_from_each_other() {
    let Some(workspace) = workspace() else { return };
    let mut found = Vec::new();
    for sources in ["runtime/src", "codegen/src", "macros/src", "benches/src"] {
        let graph = graph(&files(&workspace.join(sources)));
        for circle in circles(&graph) {
            let circle: Vec<_> = circle.iter().map(String::as_str).collect();
            if !KNOWN.contains(&&circle[..]) {
                found.push(format!("{sources}: {}", circle.join(", ")));
                for module in graph.keys() {
                    let among = |one: &&Module| circle.contains(&one.join("::").as_str());
                    if circle.contains(&module.join("::").as_str()) {
                        let others: Vec<_> =
                            graph[module].iter().filter(among).map(|one| one.join("::")).collect();
                        found.push(format!("  {} from {}", module.join("::"), others.join(", ")));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "files that import from each other:\n{}", found.join("\n"));
}

#[test]
fn modules_of_the_runtime_import_from_their_own_row_and_those_above() {
    let Some(workspace) = workspace() else { return };
    let files = files(&workspace.join("runtime/src"));
    let row = |module: &str| ROWS.iter().position(|row| row.contains(&module));
    let mut wrong = BTreeSet::new();
    for (module, file) in &files {
        let Some(from) = module.first() else { continue };
        for to in file.paths.iter().chain(file.exports.values()).filter_map(|path| path.first()) {
            let (Some(here), Some(there)) = (row(from), row(to)) else { continue };
            let edge = (from.as_str(), to.as_str());
            if from != to
                && !EXCEPTIONS.contains(&edge)
                && (there > here || FORBIDDEN.contains(&edge))
            {
                wrong.insert(format!("{} imports from {to}", module.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let top = files.keys().filter_map(|module| module.first()).collect::<BTreeSet<_>>();
    for module in ROWS.concat() {
        assert!(top.contains(&module.to_owned()), "no module {module}");
    }
}
