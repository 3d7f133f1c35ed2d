//! Every traced function of the program, read from the sites' records on first use.

use core::ops::Range;
use std::collections::HashMap;
use std::sync::OnceLock;

use core::any::TypeId;

use crate::site::{Function, RawDescription, Record, records};

use super::name::Name;

/// Everything that can be selected.
#[derive(Debug)]
pub(crate) struct Registry {
    /// Sorted by path, then by instance.
    functions: &'static [Function],
    /// By [`Name::key`]; several where two crates of one name are in the program.
    by_key: HashMap<String, Vec<u32>>,
}

/// Two sites belong to one function if all of this is the same. What was written does not tell: one
/// macro may write two functions of one name and one type in one place.
#[derive(PartialEq, Eq, Hash)]
struct Identity {
    key: String,
    id: TypeId,
}

/// A function, and where it was found.
struct Found {
    name: Name,
    description: RawDescription,
    sites: Vec<&'static Record>,
}

impl Found {
    /// What the listing is sorted by.
    fn place(&self) -> (&str, &str, &str, u32, usize) {
        let Name { path, instance, .. } = &self.name;
        let source = self.description.source;
        let address = self.sites.first().map_or(0, |site| site.entry().addr());
        (path, instance, source.file, source.line, address)
    }

    /// Its names, each once.
    fn names(&self) -> impl Iterator<Item = &str> {
        let Name { path, instance, trait_path, .. } = &self.name;
        let instance = Some(instance).filter(|&instance| instance != path);
        let names = [Some(path), instance, trait_path.as_ref()];
        names.into_iter().flatten().map(String::as_str)
    }
}

/// The functions in this order. So are their names and their sites, each in one piece of memory:
/// selecting neighbours and attaching to them touches few pages.
fn listing(found: &[Found]) -> &'static [Function] {
    let text: String = found.iter().flat_map(Found::names).collect();
    let sites: Vec<_> = found.iter().flat_map(|found| found.sites.iter().copied()).collect();
    let mut text: &'static str = text.leak();
    let mut sites: &'static [&'static Record] = sites.leak();
    let functions = found.iter().map(|found| {
        let mut next_name = |name: &String| {
            let (next, rest) = text.split_at(name.len());
            text = rest;
            next
        };
        let Name { path, instance, trait_path, .. } = &found.name;
        let same = instance == path;
        let path = next_name(path);
        let instance = if same { path } else { next_name(instance) };
        let trait_path = trait_path.as_ref().map(next_name);
        let (own_sites, rest) = sites.split_at(found.sites.len());
        sites = rest;
        Function::new(path, instance, trait_path, found.description, own_sites)
    });
    functions.collect::<Vec<_>>().leak()
}

impl Registry {
    pub(crate) fn get() -> &'static Self {
        static REGISTRY: OnceLock<Registry> = OnceLock::new();
        REGISTRY.get_or_init(|| Self::read(records()))
    }

    fn read(records: &'static [Record]) -> Self {
        let mut groups: HashMap<Identity, Found> = HashMap::with_capacity(records.len());
        for record in records {
            let description = record.describe();
            let source = description.source;
            let body = description.body_name;
            let name =
                Name::parse(body.strip_suffix("::{{closure}}").unwrap_or(body), source.module);
            let identity = Identity { key: name.key.clone(), id: (description.id)() };
            let new = || Found { name, description, sites: Vec::new() };
            groups.entry(identity).or_insert_with(new).sites.push(record);
        }
        let mut found: Vec<Found> = groups.into_values().collect();
        found.sort_unstable_by(|one, other| one.place().cmp(&other.place()));
        let functions = listing(&found);
        let mut by_key: HashMap<String, Vec<u32>> = HashMap::with_capacity(found.len());
        for (index, Found { name, .. }) in (0..).zip(found) {
            by_key.entry(name.key).or_default().push(index);
        }
        Self { functions, by_key }
    }

    /// All of them, sorted by path.
    pub(crate) fn functions(&self) -> &'static [Function] {
        self.functions
    }

    /// Where in [`Registry::functions`] those are whose path begins with `prefix`.
    pub(crate) fn beginning_with(&self, prefix: &str) -> Range<usize> {
        let start = self.functions.partition_point(|function| function.path() < prefix);
        let with_prefix = |function: &Function| function.path().starts_with(prefix);
        // Most prefixes are of few functions, so the end is looked for near the start.
        let rest = &self.functions[start..];
        let mut near = 1;
        while rest.get(near).is_some_and(with_prefix) {
            near *= 2;
        }
        let rest = &rest[..rest.len().min(near)];
        start..start + rest.partition_point(with_prefix)
    }

    /// Where in [`Registry::functions`] this one is.
    pub(crate) fn index_of(&self, function: &'static Function) -> Option<u32> {
        let range = self.functions.as_ptr_range();
        let function = core::ptr::from_ref(function);
        if !range.contains(&function) {
            return None;
        }
        u32::try_from((function.addr() - range.start.addr()) / size_of::<Function>()).ok()
    }

    /// Where in [`Registry::functions`] those are that the compiler calls by this name.
    pub(crate) fn by_type_name(&self, name: &str) -> &[u32] {
        // The module matters for the path alone, and the key does not depend on it.
        let key = Name::parse(name, "").key;
        self.by_key.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// Every traceable function of the program, sorted by path.
///
/// Of a generic function each instantiation that the program uses is one of them. A function
/// that the linker dropped, because nothing calls it, is not there.
///
/// ```
/// for function in gtramp::functions() {
///     println!("{function}"); // bank::Ledger::fee(&self, amount: u64) -> u64   src/ledger.rs:40
/// }
/// ```
#[must_use]
pub fn functions() -> Vec<&'static Function> {
    Registry::get().functions().iter().collect()
}
