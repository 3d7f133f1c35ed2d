//! Sorting names that are long and begin alike.
//!
//! Paths of one program share their beginnings, so a comparison of two reads both nearly to their ends, and a
//! hundred thousand of them take millions of comparisons. Here each place in a name is looked at once: eight bytes
//! of each are sorted as a number, and those that have the same go on with the next eight.

use crate::sys::{OutOfMemory, reserve};

use super::found::Found;

/// The places of these in the order of the listing. `text` has their names.
pub(super) fn sorted<'f>(
    found: impl ExactSizeIterator<Item = &'f Found>,
    text: &str,
) -> Result<Vec<u32>, OutOfMemory> {
    let mut order = Vec::new();
    reserve(&mut order, found.len())?;
    order.extend((0..).zip(found).map(|(place, found)| Sorted { bytes: 0, place, found }));
    sort(&mut order, 0, text);
    let mut places = Vec::new();
    reserve(&mut places, order.len())?;
    places.extend(order.iter().map(|sorted| sorted.place));
    Ok(places)
}

struct Sorted<'f> {
    /// What is compared now.
    bytes: u64,
    place: u32,
    found: &'f Found,
}

/// Sorts what is alike in the first `from` bytes of its path.
fn sort(order: &mut [Sorted<'_>], from: usize, text: &str) {
    for sorted in &mut *order {
        sorted.bytes = bytes(sorted.found.path(text), from);
    }
    order.sort_unstable_by_key(|sorted| sorted.bytes);
    for alike in order.chunk_by_mut(|one, other| one.bytes == other.bytes) {
        match alike {
            [_] => {}
            // No path has a zero in it, so all of these have ended.
            [first, ..] if first.bytes & 0xff == 0 => {
                alike.sort_unstable_by(|one, other| {
                    one.found.rest(text).cmp(&other.found.rest(text))
                });
            }
            _ => sort(alike, from + size_of::<u64>(), text),
        }
    }
}

/// Eight bytes of a text, such that they compare as the text does; zeros where it has ended.
fn bytes(text: &str, from: usize) -> u64 {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    if let Some(whole) = rest.first_chunk() {
        return u64::from_be_bytes(*whole);
    }
    let mut last = [0; size_of::<u64>()];
    last[..rest.len()].copy_from_slice(rest);
    u64::from_be_bytes(last)
}
