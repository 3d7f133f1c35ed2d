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

/// Two sites belong to one function if all of this is the same.
#[derive(PartialEq, Eq, Hash)]
struct Identity {
    key: String,
    file: &'static str,
    line: u32,
    column: u32,
    types: Vec<TypeId>,
}

/// What the listing is sorted by.
fn place(function: &Function) -> (&str, &str, &str, u32) {
    (function.path(), function.instance(), function.file(), function.line())
}

impl Registry {
    pub(crate) fn get() -> &'static Self {
        static REGISTRY: OnceLock<Registry> = OnceLock::new();
        REGISTRY.get_or_init(|| Self::read(records()))
    }

    fn read(records: &'static [Record]) -> Self {
        let mut groups: HashMap<Identity, (Name, RawDescription, Vec<&'static Record>)> =
            HashMap::with_capacity(records.len());
        for record in records {
            let description = record.describe();
            let source = description.source;
            let body = description.body_name;
            let name =
                Name::parse(body.strip_suffix("::{{closure}}").unwrap_or(body), source.module);
            let types = description.types.args.iter().chain([&description.types.ret]);
            let identity = Identity {
                key: name.key.clone(),
                file: source.file,
                line: source.line,
                column: source.column,
                types: types.map(|facts| (facts.erased)()).collect(),
            };
            let group = groups.entry(identity).or_insert_with(|| (name, description, Vec::new()));
            group.2.push(record);
        }
        let mut named: Vec<(String, Function)> = Vec::with_capacity(groups.len());
        named.extend(groups.into_values().map(|(name, description, sites)| {
            let Name { path, instance, trait_path, key } = name;
            (key, Function::new(path, instance, trait_path, description, sites))
        }));
        named.sort_unstable_by(|(_, one), (_, other)| place(one).cmp(&place(other)));
        let (keys, functions): (Vec<_>, Vec<_>) = named.into_iter().unzip();
        let functions: &'static [Function] = functions.leak();
        let mut by_key: HashMap<String, Vec<u32>> = HashMap::with_capacity(keys.len());
        for (index, key) in (0..).zip(keys) {
            by_key.entry(key).or_default().push(index);
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
