use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::collections::HashMap;

use super::{LOOKING, SMALLEST, Table, TableState};
use crate::grace::Mark;

/// A value that knows its key.
type Keyed = usize;

fn keyed(key: usize) -> &'static Keyed {
    Box::leak(Box::new(key))
}

fn table() -> (&'static Table<Keyed>, TableState<Keyed>) {
    let table = Box::leak(Box::new(Table::new()));
    (table, TableState::new(table))
}

fn free_mark() -> Mark {
    Mark::new(core::ptr::null_mut())
}

/// Addresses as functions have them, so that clusters arise as they do in programs.
fn address(index: usize) -> usize {
    0x5555_0000_0000 + index * 16
}

#[test]
fn it_answers_as_a_hash_map_does() {
    let (table, mut state) = table();
    let mut replaced = Vec::new();
    let mut model: HashMap<usize, &'static Keyed> = HashMap::new();
    let values: Vec<&'static Keyed> = (0..600).map(|index| keyed(address(index))).collect();
    let mark = free_mark();
    let mut random = 1_u64;
    for step in 0..20_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let index = (random >> 33) as usize % values.len();
        let key = address(index);
        // Grows in one half of the time, shrinks in the other.
        if (random >> 60 < 11) == (step / 5_000 % 2 == 0) {
            state.reserve(1, &mut replaced).expect("there is memory");
            state.insert(key, values[index]);
            model.insert(key, values[index]);
        } else {
            state.remove(key);
            model.remove(&key);
            state.shrink(&mut replaced);
        }
        assert_eq!(table.find(key, &mark), model.get(&key).copied(), "step {step}");
        assert!(state.live == model.len() && state.live + state.removed < state.capacity());
    }
    for index in 0..values.len() {
        let key = address(index);
        assert_eq!(table.find(key, &mark), model.get(&key).copied());
    }
    assert_eq!(mark.load(Ordering::Relaxed), LOOKING);
}

#[test]
fn a_key_that_comes_and_goes_replaces_no_array() {
    let (table, mut state) = table();
    let mut replaced = Vec::new();
    let value = keyed(address(1));
    for _ in 0..1000 {
        state.reserve(1, &mut replaced).expect("there is memory");
        state.insert(address(1), value);
        assert_eq!(table.find(address(1), &free_mark()), Some(value));
        state.remove(address(1));
        assert_eq!(table.find(address(1), &free_mark()), None);
    }
    assert_eq!((replaced.len(), state.capacity()), (0, SMALLEST));
}

/// A reader between its key's cell and the value in it, while the key goes and another comes.
#[test]
fn a_cell_is_never_given_to_another_key() {
    let (_, mut state) = table();
    let mut replaced = Vec::new();
    state.reserve(1, &mut replaced).expect("there is memory");
    let home = |state: &TableState<Keyed>, key| state.cells().expect("reserved").home(key);
    let first = address(0);
    let wanted = home(&state, first);
    let second = (1..).map(address).find(|&key| home(&state, key) == wanted).expect("16 cells");
    state.insert(first, keyed(first));
    let reading = core::ptr::from_ref(state.cells().expect("reserved").find(first).expect("there"));
    state.remove(first);
    state.insert(second, keyed(second));
    // SAFETY: no array was replaced: both keys fit the first.
    let value = unsafe { &*reading }.value.load(Ordering::Acquire);
    // SAFETY: a leaked value, or null before there was any.
    let value = unsafe { value.as_ref() };
    assert!(value.is_some_and(|value| *value == first), "it reads the value of another key");
}

#[test]
fn readers_never_find_the_value_of_another_key() {
    let (table, mut state) = table();
    let keys: Vec<usize> = (0..40).map(address).collect();
    let values: Vec<&'static Keyed> = keys.iter().map(|&key| keyed(key)).collect();
    let (stop, found) = (AtomicBool::new(false), AtomicU64::new(0));
    // Never freed: no reader's mark is known here.
    let mut replaced = Vec::new();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mark = free_mark();
                while !stop.load(Ordering::Relaxed) {
                    for &key in &keys {
                        if let Some(value) = table.find(key, &mark) {
                            assert_eq!(*value, key);
                            found.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
        let mut round = 0;
        while round < 2_000 || found.load(Ordering::Relaxed) < 1_000 {
            for (&key, value) in keys.iter().zip(&values).skip(round % 7).step_by(1 + round % 3) {
                state.reserve(1, &mut replaced).expect("there is memory");
                state.insert(key, value);
            }
            for &key in keys.iter().skip(round % 5) {
                state.remove(key);
            }
            state.shrink(&mut replaced);
            round += 1;
        }
        stop.store(true, Ordering::Relaxed);
    });
}
