//! Every traced function of the program, read from the sites' records on first use.
//!
//! The whole program may have hundreds of thousands, and the first attach pays for all of them. So nothing here
//! allocates for a single function: there are a few pieces of memory for all, each asked for where it may be
//! refused.

use core::ops::Range;

use core::any::TypeId;

use crate::site::{Function, Record, records};
use crate::sync::{Mutex, OnceLock, lock};
use crate::sys::{OutOfMemory, push, reserve, reserve_text};

use super::found::{Found, hash, without_closure};
use super::name::Name;
use super::order::sorted;

/// Everything that can be selected.
#[derive(Debug)]
pub(crate) struct Registry {
    /// Sorted by path, then by instance.
    functions: &'static [Function],
    /// What [`Name::key`] of each hashes to, and its place: sorted, made when somebody asks by name.
    by_key: OnceLock<Vec<(u64, u32)>>,
}

static REGISTRY: OnceLock<Registry> = OnceLock::new();

/// Taken while it, or a part of it, is made.
static MAKING: Mutex<()> = Mutex::new(());

/// Two sites belong to one function if all of this is the same. What was written does not tell: one
/// macro may write two functions of one name and one type in one place.
type Identity = (TypeId, u64);

impl Registry {
    /// Reads the program's records, if that was not done before.
    pub(crate) fn get() -> Result<&'static Self, OutOfMemory> {
        if let Some(made) = REGISTRY.get() {
            return Ok(made);
        }
        let _making = lock(&MAKING);
        if let Some(made) = REGISTRY.get() {
            return Ok(made);
        }
        let made = Self::read(records())?;
        Ok(REGISTRY.get_or_init(|| made))
    }

    fn read(records: &'static [Record]) -> Result<Self, OutOfMemory> {
        let mut text = String::new();
        let mut found = Vec::new();
        // Which of them are of one function: those of one are beside each other, in the records' order.
        let mut groups: Vec<(Identity, u32)> = Vec::new();
        reserve(&mut found, records.len())?;
        reserve(&mut groups, records.len())?;
        for (number, record) in (0..).zip(records) {
            let (site, key) = Found::read(record, &mut text)?;
            groups.push((((site.description.id)(), key), number));
            found.push(site);
        }
        groups.sort_unstable();
        let mut firsts = Vec::new();
        reserve(&mut firsts, groups.len())?;
        let starts = groups.chunk_by(|(one, _), (other, _)| one == other);
        let mut at = 0;
        for group in starts {
            firsts.push((group[0].1, at..at + group.len()));
            at += group.len();
        }
        let order = sorted(firsts.iter().map(|&(first, _)| &found[first as usize]), &text)?;

        // In the order of the listing, each in one piece of memory: selecting neighbours and attaching to
        // them touches few pages.
        let (mut names, mut sites, mut functions) = (String::new(), Vec::new(), Vec::new());
        let lengths = firsts.iter().map(|&(first, _)| found[first as usize].names().len());
        reserve_text(&mut names, lengths.sum())?;
        reserve(&mut sites, records.len())?;
        reserve(&mut functions, firsts.len())?;
        for &at in &order {
            let (first, group) = &firsts[at as usize];
            names.push_str(&text[found[*first as usize].names()]);
            sites
                .extend(groups[group.clone()].iter().map(|&(_, site)| found[site as usize].record));
        }
        let mut names: &'static str = names.leak();
        let mut sites: &'static [&'static Record] = sites.leak();
        for &at in &order {
            let (first, group) = &firsts[at as usize];
            let found = &found[*first as usize];
            let (own_names, more_names) = names.split_at(found.names().len());
            let (own_sites, more_sites) = sites.split_at(group.len());
            (names, sites) = (more_names, more_sites);
            functions.push(found.function(own_names, own_sites));
        }
        Ok(Self { functions: functions.leak(), by_key: OnceLock::new() })
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

    /// Where in [`Registry::functions`] those are that the compiler calls by this name: several where two
    /// crates of one name are in the program.
    pub(crate) fn by_type_name(&'static self, name: &str) -> Result<Vec<u32>, OutOfMemory> {
        // The module matters for the path alone, and the key does not depend on it.
        let wanted = Name::parse(name, "").key;
        let by_key = self.by_key()?;
        let start = by_key.partition_point(|&(key, _)| key < hash(&wanted));
        let alike = by_key[start..].iter().take_while(|&&(key, _)| key == hash(&wanted));
        let mut found = Vec::new();
        for &(_, index) in alike {
            if key(&self.functions[index as usize]) == wanted {
                push(&mut found, index)?;
            }
        }
        Ok(found)
    }

    fn by_key(&'static self) -> Result<&'static [(u64, u32)], OutOfMemory> {
        if let Some(made) = self.by_key.get() {
            return Ok(made);
        }
        let _making = lock(&MAKING);
        if let Some(made) = self.by_key.get() {
            return Ok(made);
        }
        let mut made = Vec::new();
        reserve(&mut made, self.functions.len())?;
        made.extend(
            (0..).zip(self.functions).map(|(index, function)| (hash(&key(function)), index)),
        );
        made.sort_unstable();
        Ok(self.by_key.get_or_init(|| made))
    }
}

fn key(function: &'static Function) -> std::borrow::Cow<'static, str> {
    Name::parse(without_closure(function.description().body_name), "").key
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
pub fn functions() -> &'static [Function] {
    let registry = Registry::get().unwrap_or_else(|refused| refused.abort());
    registry.functions()
}
