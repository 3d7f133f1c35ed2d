//! The program's own counts: what the probes have to agree with. They know nothing of gtramp.
//!
//! Every traceable function begins with `ran!("Type::function")`, which bumps a counter of its own.

use std::any::type_name;
use std::collections::BTreeMap;
use std::sync::{Mutex, Once, PoisonError};

use super::sharded::Sharded;

/// Counts by function path.
pub(crate) type Counts = BTreeMap<&'static str, u64>;

/// How often one function ran.
pub(crate) struct Counter {
    path: &'static str,
    count: Sharded,
    listed: Once,
}

/// Every counter that was bumped at least once.
static COUNTERS: Mutex<Vec<&'static Counter>> = Mutex::new(Vec::new());

impl Counter {
    pub(crate) const fn new(path: &'static str) -> Self {
        Self { path, count: Sharded::new(), listed: Once::new() }
    }

    #[inline]
    pub(crate) fn bump(&'static self) {
        self.listed
            .call_once(|| COUNTERS.lock().unwrap_or_else(PoisonError::into_inner).push(self));
        self.count.add(1);
    }
}

/// How often each function ran until now.
pub(crate) fn counts() -> Counts {
    let mut counts = Counts::new();
    for counter in COUNTERS.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        *counts.entry(counter.path).or_default() += counter.count.sum();
    }
    counts
}

/// Tells that the default method `function` runs for the type `T`: one function for each type.
pub(crate) fn ran_for<T: ?Sized>(function: &str) {
    let path = format!("{}::{function}", type_name::<T>());
    let mut counters = COUNTERS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = counters.iter().copied().find(|counter| counter.path == path);
    let counter = known.unwrap_or_else(|| {
        let new: &'static Counter = Box::leak(Box::new(Counter::new(path.leak())));
        counters.push(new);
        new
    });
    counter.count.add(1);
}

/// Tells that the function around it runs.
macro_rules! ran {
    ($function:literal) => {{
        static COUNTER: $crate::trace::own::Counter =
            $crate::trace::own::Counter::new(concat!(module_path!(), "::", $function));
        COUNTER.bump();
    }};
}
pub(crate) use ran;
