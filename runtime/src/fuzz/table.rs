//! The hash table against the standard library's.

use std::collections::HashMap;

use super::Bytes;
use crate::grace::Mark;
use crate::md::{Table, TableState};
use crate::sys::{Call, refuse};

/// How many keys there are.
const KEYS: usize = 256;

/// What the keys' values are.
static VALUES: [usize; KEYS] = {
    let mut values = [0; KEYS];
    let mut index = 0;
    while index < KEYS {
        values[index] = index;
        index += 1;
    }
    values
};

/// Adds, removes, grows and shrinks, with memory and without, as the bytes say.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes(data);
    // Addresses as functions have them, side by side or a page apart, so that clusters arise.
    let distance = [16, 64, 4096, 1 << 32][bytes.below(4)];
    let key = |index: usize| 0x5555_0000_0000_usize + index * distance;
    let table: &'static Table<usize> = Box::leak(Box::new(Table::new()));
    let mut state = TableState::new(table);
    let mut replaced = Vec::new();
    let mut model: HashMap<usize, &'static usize> = HashMap::new();
    let mark = Mark::new(core::ptr::null_mut());
    while !bytes.is_empty() {
        let refused = bytes.below(8) == 0;
        let refusing = refused.then(|| refuse(Call::Allocate.always(), None));
        let index = bytes.below(KEYS);
        match bytes.below(8) {
            0..=2 => {
                if state.reserve(1, &mut replaced).is_ok() {
                    state.insert(key(index), &VALUES[index]);
                    model.insert(key(index), &VALUES[index]);
                }
            }
            3 => {
                let more = bytes.below(32);
                let before = (state.keys(), state.capacity());
                match state.reserve(more, &mut replaced) {
                    Ok(()) => {
                        let array = state.capacity();
                        for index in (index..KEYS).take(more) {
                            state.insert(key(index), &VALUES[index]);
                            model.insert(key(index), &VALUES[index]);
                        }
                        assert_eq!(state.capacity(), array, "room was made before");
                    }
                    Err(_) => assert_eq!((state.keys(), state.capacity()), before),
                }
            }
            4..=6 => {
                state.remove(key(index));
                model.remove(&key(index));
            }
            _ => state.shrink(&mut replaced),
        }
        drop(refusing);
        assert_eq!(table.find(key(index), &mark), model.get(&key(index)).copied());
        let (live, removed) = state.keys();
        assert_eq!(live, model.len());
        assert!(live + removed < state.capacity().max(1), "a cell is free, so walks end");
    }
    for index in 0..KEYS {
        assert_eq!(table.find(key(index), &mark), model.get(&key(index)).copied());
    }
    drop(replaced);
    state.free();
    // SAFETY: it was leaked above, and nothing refers to it any more.
    drop(unsafe { Box::from_raw(core::ptr::from_ref(table).cast_mut()) });
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_answers_as_a_hash_map_does_with_memory_and_without() {
        super::super::with_random_bytes(2_000, 600, super::run);
    }
}
