//! Aggregates by key. A table only grows, up to a bound, and what does not fit is counted as lost.

use core::hash::{BuildHasher, Hash, Hasher};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::collections::HashMap;
use std::hash::RandomState;
use std::sync::Arc;

use once_cell::race::OnceBox;

use crate::language::{Aggregate, Kept, Term, Value, Word, kept_part};

use super::cell::{Cell, Merged};
use super::shard::{SHARDS, Shard};
use super::view::{NameRoom, View};

/// So many keys are kept of a table that is not by function alone.
const KEYS: usize = 4096;
/// Places for them: half are empty, so that a search ends soon.
const PLACES: usize = 2 * KEYS;

/// So much may the rows of one lease take, in bytes.
const ROOM: usize = 64 << 20;

/// What the rows of a lease may still take.
#[derive(Debug)]
pub(super) struct Room(AtomicUsize);

impl Room {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(ROOM)))
    }

    fn take(&self, bytes: usize) -> bool {
        self.0.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(bytes)).is_ok()
    }
}

/// One key and its cell.
struct Row {
    key: Box<[Kept]>,
    cell: Cell,
}

/// The rows of one aggregate in one shard.
struct Part {
    rows: Box<[OnceBox<Row>]>,
    used: AtomicU64,
}

/// One aggregate: what it is of, and its rows in every shard.
pub(crate) struct Tables {
    pub(crate) function: Aggregate,
    pub(crate) keys: Vec<Term<usize>>,
    /// There is one row for each function, or one for all: a key is its own place.
    direct: bool,
    hasher: RandomState,
    /// Made when their shards count for the first time.
    parts: Box<[OnceBox<Part>]>,
    /// In each part.
    places: usize,
    room: Arc<Room>,
    /// Calls for which there was no room.
    lost: AtomicU64,
}

impl core::fmt::Debug for Tables {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Tables").field("function", &self.function).finish_non_exhaustive()
    }
}

impl Tables {
    pub(super) fn new(
        function: Aggregate,
        keys: Vec<Term<usize>>,
        functions: usize,
        room: Arc<Room>,
    ) -> Self {
        let direct = matches!(keys[..], [] | [Term::Word(Word::Func)]);
        let places = match keys[..] {
            [] => 1,
            [Term::Word(Word::Func)] => functions,
            _ => PLACES,
        };
        let parts = (0..SHARDS).map(|_| OnceBox::new()).collect();
        let (hasher, lost) = (RandomState::new(), AtomicU64::new(0));
        Self { function, keys, direct, hasher, parts, places, room, lost }
    }

    /// Takes in a value of a call of this function.
    #[inline]
    pub(super) fn add(&self, shard: Shard, function: u32, call: &impl View, value: i64) {
        let part = self.parts[shard.place()].get().or_else(|| self.first_of(shard));
        let Some(part) = part else {
            self.lost.fetch_add(1, Relaxed);
            return;
        };
        if self.direct {
            let rows = &part.rows;
            let place = if self.keys.is_empty() { 0 } else { function as usize };
            match rows[place].get().or_else(|| self.first(&rows[place], Box::default)) {
                Some(row) => row.cell.add(shard, self.function, value),
                None => _ = self.lost.fetch_add(1, Relaxed),
            }
        } else {
            self.add_by_hash(shard, part, call, value);
        }
    }

    /// Whether it only counts calls, in all or by function.
    pub(super) fn is_count(&self) -> bool {
        self.direct && self.function == Aggregate::Count
    }

    /// Counts a call of this function, where [`Tables::is_count`].
    #[inline]
    pub(super) fn count(&self, shard: Shard, function: u64) {
        let place = if self.keys.is_empty() { 0 } else { usize::try_from(function).unwrap_or(0) };
        let part = self.parts[shard.place()].get();
        match part.and_then(|part| part.rows.get(place)?.get()) {
            Some(row) => row.cell.count_one(shard),
            None => self.count_first(shard, place),
        }
    }

    #[cold]
    fn count_first(&self, shard: Shard, place: usize) {
        let row = self.first_of(shard).and_then(|part| part.rows.get(place));
        match row.and_then(|row| self.first(row, Box::default)) {
            Some(row) => row.cell.count_one(shard),
            None => _ = self.lost.fetch_add(1, Relaxed),
        }
    }

    /// Makes a row, if there is room for it.
    #[cold]
    fn first<'r>(&self, place: &'r OnceBox<Row>, key: impl Fn() -> Box<[Kept]>) -> Option<&'r Row> {
        if !self.room.take(Cell::size(self.function)) {
            return None;
        }
        Some(place.get_or_init(|| Box::new(Row { key: key(), cell: Cell::new(self.function) })))
    }

    /// Makes the rows' places of a shard, if there is room for them.
    #[cold]
    fn first_of(&self, shard: Shard) -> Option<&Part> {
        if let Some(part) = self.parts[shard.place()].get() {
            return Some(part);
        }
        if !self.room.take(self.places * size_of::<OnceBox<Row>>()) {
            return None;
        }
        let part = || Part {
            rows: (0..self.places).map(|_| OnceBox::new()).collect(),
            used: AtomicU64::new(0),
        };
        Some(self.parts[shard.place()].get_or_init(|| Box::new(part())))
    }

    fn add_by_hash(&self, shard: Shard, part: &Part, call: &impl View, value: i64) {
        let mut hasher = self.hasher.build_hasher();
        for operand in &self.keys {
            hash(&call.value(operand, &mut NameRoom::default()), &mut hasher);
        }
        let begin = usize::try_from(hasher.finish() % PLACES as u64).unwrap_or(0);
        // As keys are half of the places, there is an empty one.
        for place in (begin..PLACES).chain(0..begin) {
            let row = match part.rows[place].get() {
                Some(row) => row,
                None if part.used.load(Relaxed) >= KEYS as u64 => break,
                None => {
                    part.used.fetch_add(1, Relaxed);
                    let key = || self.keys.iter().map(|operand| call.keep(operand)).collect();
                    let Some(row) = self.first(&part.rows[place], key) else { break };
                    row
                }
            };
            let is_it = row.key.iter().zip(&self.keys).all(|(kept, operand)| {
                is_same(kept, &call.value(operand, &mut NameRoom::default()))
            });
            if is_it {
                row.cell.add(shard, self.function, value);
                return;
            }
        }
        self.lost.fetch_add(1, Relaxed);
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    /// Everything, by key; functions are numbers.
    pub(crate) fn merged(&self) -> Vec<(Vec<Kept>, Merged)> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut merged: Vec<(Vec<Kept>, Merged)> = Vec::new();
        for part in self.parts.iter().filter_map(OnceBox::get) {
            for (index, row) in part.rows.iter().enumerate() {
                let Some(row) = row.get() else { continue };
                let key = match (self.direct, self.keys.is_empty()) {
                    (true, false) => vec![Kept::Int(index as i128)],
                    _ => row.key.to_vec(),
                };
                let place = *places.entry(format!("{key:?}")).or_insert_with(|| {
                    merged.push((key, Merged::default()));
                    merged.len() - 1
                });
                merged[place].1.take_in(&row.cell);
            }
        }
        merged
    }
}

fn hash(value: &Value<'_>, hasher: &mut impl Hasher) {
    match value {
        Value::Absent => 0_u8.hash(hasher),
        Value::Int(int) => int.hash(hasher),
        Value::Float(float) => float.to_bits().hash(hasher),
        Value::Bool(bool) => bool.hash(hasher),
        Value::Text(text) => kept_part(text).hash(hasher),
    }
}

fn is_same(kept: &Kept, value: &Value<'_>) -> bool {
    match (kept, value) {
        (Kept::Absent, Value::Absent) => true,
        (Kept::Int(one), Value::Int(other)) => one == other,
        (Kept::Float(one), Value::Float(other)) => one.to_bits() == other.to_bits(),
        (Kept::Bool(one), Value::Bool(other)) => one == other,
        (Kept::Text(one), Value::Text(other)) => kept_part(one) == kept_part(other),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Room;

    #[test]
    fn room_is_bounded() {
        let room = Room::new();
        let rows = (0..).take_while(|_| room.take(1 << 20)).count();
        assert_eq!(rows, 64);
        assert!(!room.take(1));
    }
}
