// What stands in a body: closures, macros, nested items, control flow.
#![deny(warnings, elided_lifetimes_in_paths)]

#[path = "shared/everything.rs"]
mod everything;

use std::fmt::{self, Display, Write as _};

use gtramp::traceable;

#[derive(Debug)]
struct Ledger {
    total: u64,
    parts: Vec<u64>,
}

mod inner {
    pub(crate) struct Thing(pub(crate) u64);
}

impl Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.total)
    }
}

#[traceable]
impl Ledger {
    fn closures(&mut self) -> u64 {
        let mut add = |n| self.total += n;
        add(1);
        add(2);
        let get = || self.total;
        get()
    }

    fn local_macro(&self) -> u64 {
        macro_rules! total {
            () => {
                self.total
            };
        }
        total!() + total!()
    }

    fn format_strings(&self) -> String {
        let width = 3;
        let text = format!("{self}|{self:?}|{self:>width$}|{{self}}");
        assert!(!text.is_empty(), "{self}");
        assert_eq!(text.len(), text.len(), "{self} {}", self.total);
        let mut out = text;
        let _ = write!(out, "|{self}|{}", "{self}");
        out
    }

    fn paths(&self) -> u64 {
        use self::inner::Thing;
        fn plain(x: u64) -> Thing {
            self::inner::Thing(x)
        }
        plain(self.total).0
    }

    fn nested_items(&self) -> u64 {
        struct Own(u64);
        impl Own {
            fn get(&self) -> u64 {
                self.0
            }
        }
        trait Double {
            fn double(&self) -> u64;
        }
        impl Double for Own {
            fn double(&self) -> u64 {
                self.get() * 2
            }
        }
        Own(self.total).double()
    }

    fn labels(&self) -> u64 {
        'found: {
            for part in &self.parts {
                if *part > 2 {
                    break 'found *part;
                }
            }
            0
        }
    }

    fn chains(&self) -> u64 {
        if let [first, ..] = &self.parts[..]
            && let Some(last) = self.parts.last()
            && first < last
        {
            return *last;
        }
        self.total
    }

    fn question_mark(&self, text: &str) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
        let n: u64 = text.parse()?;
        self.parts.iter().find(|part| **part == n).copied().ok_or_else(|| "none".into())
    }

    fn matches(&self) -> bool {
        matches!(self, Self { total: 8, .. }) && vec![self.total; 2].len() == 2
    }

    fn destructured(&mut self) -> usize {
        let Self { total, parts } = self;
        *total += 1;
        parts.len()
    }
}

#[traceable]
fn factorial(n: u64) -> u64 {
    if n == 0 { 1 } else { n * factorial(n - 1) }
}

#[traceable]
fn items_in_here(x: u32) -> u32 {
    const K: u32 = 4;
    static CALLS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    fn helper(y: u32) -> u32 {
        y + K
    }
    CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    helper(x)
}

#[traceable]
fn loops(n: u32) -> u32 {
    let mut sum = 0;
    'outer: for i in 0..n {
        for j in 0..n {
            if i * j > 6 {
                break 'outer;
            }
            if j > i {
                continue 'outer;
            }
            sum += j;
        }
    }
    sum
}

#[traceable]
fn early(x: &mut u32) {
    if *x > 3 {
        return;
    }
    *x += 1;
}

#[traceable]
unsafe fn raw(p: *const u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { *p }
}

#[traceable]
#[allow(unsafe_op_in_unsafe_fn)]
unsafe fn raw_without_a_block(p: *const u32) -> u32 {
    *p
}

#[traceable]
fn inner_attributes(_x: u32) -> u32 {
    #![allow(unused_variables)]
    let unused = 1;
    3
}

fn run() {
    let mut ledger = Ledger { total: 5, parts: vec![1, 3] };
    assert_eq!(ledger.closures(), 8);
    assert_eq!(ledger.local_macro(), 16);
    let debug = "Ledger { total: 8, parts: [1, 3] }";
    assert_eq!(ledger.format_strings(), format!("8|{debug}|8|{{self}}|8|{{self}}"));
    assert_eq!(ledger.paths(), 8);
    assert_eq!(ledger.nested_items(), 16);
    assert_eq!(ledger.labels(), 3);
    assert_eq!(ledger.chains(), 3);
    assert_eq!(ledger.question_mark("3").expect("a part"), 3);
    assert!(ledger.question_mark("x").is_err());
    assert!(ledger.matches());
    assert_eq!(ledger.destructured(), 2);
    assert_eq!(factorial(5), 120);
    assert_eq!(items_in_here(1), 5);
    assert_eq!(loops(4), 7);
    let mut x = 3;
    early(&mut x);
    early(&mut x);
    assert_eq!(x, 4);
    // SAFETY: the pointers come from references.
    assert_eq!(unsafe { raw(&3) + raw_without_a_block(&4) }, 7);
    assert_eq!(inner_attributes(1), 3);
}

fn main() {
    everything::off_armed_and_off(run);
}
