//! What the program counts of itself.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The calls of one function.
#[derive(Debug, Default)]
pub(crate) struct Count {
    begun: AtomicU64,
    returned: AtomicU64,
}

/// How many calls have begun, have returned, and have ended otherwise or not at all.
pub(crate) type Numbers = [u64; 3];

impl Count {
    const fn new() -> Self {
        Self { begun: AtomicU64::new(0), returned: AtomicU64::new(0) }
    }

    /// A call begins.
    pub(crate) fn begin(&self) {
        self.begun.fetch_add(1, Relaxed);
    }

    /// It returns.
    pub(crate) fn end(&self) {
        self.returned.fetch_add(1, Relaxed);
    }

    pub(crate) fn numbers(&self) -> Numbers {
        let (begun, returned) = (self.begun.load(Relaxed), self.returned.load(Relaxed));
        [begun, returned, begun - returned]
    }
}

macro_rules! counts {
    ($($name:ident)*) => {
        /// The calls of all traced functions.
        pub(crate) struct Counts {
            $(pub(crate) $name: Count,)*
        }

        pub(crate) static COUNTS: Counts = Counts { $($name: Count::new(),)* };

        impl Counts {
            /// Each function's name with its numbers.
            pub(crate) fn all(&self) -> Vec<(&'static str, Numbers)> {
                vec![$((stringify!($name), self.$name.numbers())),*]
            }
        }
    };
}

counts!(item order report wait confirm settle quantity reserve note);
