//! Every traced function of the program, read from the sites' records on first use.

use std::collections::HashMap;
use std::sync::OnceLock;

use core::any::TypeId;

use crate::site::{Function, RawDescription, Record, records};

use super::name::Name;

/// Everything that can be selected.
#[derive(Debug)]
pub(crate) struct Registry {
    /// Sorted by path, then by instance.
    functions: Vec<&'static Function>,
    /// By [`Name::key`]; several where two crates of one name are in the program.
    by_key: HashMap<String, Vec<&'static Function>>,
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
        let mut functions = Vec::with_capacity(groups.len());
        let mut by_key: HashMap<String, Vec<&'static Function>> = HashMap::new();
        for (name, description, sites) in groups.into_values() {
            let Name { path, instance, trait_path, key } = name;
            let function = Function::new(path, instance, trait_path, description, sites);
            let function: &'static Function = Box::leak(Box::new(function));
            functions.push(function);
            by_key.entry(key).or_default().push(function);
        }
        functions.sort_by_cached_key(|function| {
            (function.path(), function.instance(), function.file(), function.line())
        });
        Self { functions, by_key }
    }

    pub(crate) fn functions(&self) -> &[&'static Function] {
        &self.functions
    }

    /// The functions that the compiler calls by this name.
    pub(crate) fn by_type_name(&self, name: &str) -> &[&'static Function] {
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
    Registry::get().functions().to_vec()
}
