//! A site as it is found in the program: its record, its description, and its names.

use core::ops::Range;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use crate::site::{Function, RawDescription, Record};
use crate::sys::{OutOfMemory, reserve_text};

use super::name::Name;

/// One site, as the compiler describes it, with its names: in one piece of text, one after the other.
pub(super) struct Found {
    pub(super) record: &'static Record,
    pub(super) description: RawDescription,
    start: usize,
    path: u32,
    /// 0 where it is the path.
    instance: u32,
    /// 0 where there is none.
    trait_path: u32,
}

impl Found {
    /// Reads a record; what [`Name::key`] of it hashes to.
    pub(super) fn read(
        record: &'static Record,
        text: &mut String,
    ) -> Result<(Self, u64), OutOfMemory> {
        let description = record.describe();
        let source = description.source;
        // It stands in a function whose name it does not have.
        let own = source.is_tracepoint().then(|| format!("{}::{}", source.module, source.name()));
        let compiled = own.as_deref().unwrap_or_else(|| without_closure(description.body_name));
        let name = Name::parse(compiled, source.module);
        let start = text.len();
        let mut add = |part: &str| {
            reserve_text(text, part.len())?;
            text.push_str(part);
            Ok(u32::try_from(part.len()).expect("a name is shorter than 2^32 bytes"))
        };
        let path = add(&name.path)?;
        let instance = if name.instance == name.path { 0 } else { add(&name.instance)? };
        let trait_path = name.trait_path.as_deref().map_or(Ok(0), add)?;
        let key = hash(&name.key);
        Ok((Self { record, description, start, path, instance, trait_path }, key))
    }

    pub(super) fn names(&self) -> Range<usize> {
        let length = self.path + self.instance + self.trait_path;
        self.start..self.start + length as usize
    }

    pub(super) fn path<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start..][..self.path as usize]
    }

    /// What functions of one path are sorted by.
    pub(super) fn rest<'t>(&self, text: &'t str) -> (&'t str, &'static str, u32, usize) {
        let source = self.description.source;
        let instance = &text[self.start + self.path as usize..][..self.instance as usize];
        let instance = if instance.is_empty() { self.path(text) } else { instance };
        (instance, source.file, source.line, self.record.entry().addr())
    }

    /// The function, whose names are these.
    pub(super) fn function(
        &self,
        names: &'static str,
        sites: &'static [&'static Record],
    ) -> Function {
        let (path, rest) = names.split_at(self.path as usize);
        let (instance, trait_path) = rest.split_at(self.instance as usize);
        let instance = if instance.is_empty() { path } else { instance };
        let trait_path = Some(trait_path).filter(|path| !path.is_empty());
        Function::new(path, instance, trait_path, self.description, sites)
    }
}

pub(super) fn without_closure(body: &'static str) -> &'static str {
    // Of an async function that stays one, the closure stands in another.
    body.trim_end_matches("::{{closure}}")
}

pub(super) fn hash(key: &str) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(key)
}
