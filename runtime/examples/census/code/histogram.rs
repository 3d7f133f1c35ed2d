//! A histogram of small numbers, and the largest things seen.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use gtramp::traceable;

use crate::trace::own::ran;

/// Counts values `0..N - 1`, and in its last cell everything from `N - 1` up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Histogram<const N: usize>([u64; N]);

#[traceable]
impl<const N: usize> Histogram<N> {
    pub(crate) fn new() -> Self {
        ran!("Histogram::new");
        Self([0; N])
    }

    pub(crate) fn bump(&mut self, value: usize) {
        ran!("Histogram::bump");
        self.0[value.min(N - 1)] += 1;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        ran!("Histogram::merge");
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    pub(crate) fn total(&self) -> u64 {
        ran!("Histogram::total");
        self.0.iter().sum()
    }

    pub(crate) fn cells(&self) -> &[u64; N] {
        ran!("Histogram::cells");
        &self.0
    }
}

/// The largest thing of each group; among equals the first in order.
#[derive(Clone, Debug)]
pub(crate) struct Largest<K, T>(BTreeMap<K, (usize, T)>);

#[traceable]
impl<K: Ord + Clone, T: Ord> Largest<K, T> {
    pub(crate) fn new() -> Self {
        ran!("Largest::new");
        Self(BTreeMap::new())
    }

    /// Offers a thing, which is only built if its size has a chance.
    pub(crate) fn offer(&mut self, group: &K, size: usize, thing: impl FnOnce() -> T) {
        ran!("Largest::offer");
        match self.0.get_mut(group) {
            None => drop(self.0.insert(group.clone(), (size, thing()))),
            Some((largest, _)) if size < *largest => (),
            Some((largest, first)) => {
                let thing = thing();
                if size > *largest || thing < *first {
                    (*largest, *first) = (size, thing);
                }
            }
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        ran!("Largest::merge");
        for (group, (size, thing)) in other.0 {
            self.offer(&group, size, || thing);
        }
    }

    /// The `count` largest.
    pub(crate) fn top(&self, count: usize) -> Vec<(&K, usize, &T)> {
        ran!("Largest::top");
        let mut all: Vec<_> =
            self.0.iter().map(|(group, (size, thing))| (group, *size, thing)).collect();
        all.sort_by_key(|&(_, size, _)| Reverse(size));
        all.truncate(count);
        all
    }
}
