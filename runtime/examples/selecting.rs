//! One probe on many functions: by pattern, by module, by what is known of them.
//!
//! Run by `cargo run --example selecting`.

use std::collections::BTreeMap;
use std::sync::Mutex;

use gtramp::{Entry, fentry, traceable};

#[traceable]
mod bank {
    pub(crate) fn open(name: &str) -> usize {
        check(name) + audit::note(name)
    }

    pub(crate) fn check(name: &str) -> usize {
        name.len()
    }

    pub(crate) mod audit {
        pub(crate) fn note(what: &str) -> usize {
            what.len()
        }
    }
}

static CALLS: Mutex<BTreeMap<(&str, u64), u32>> = Mutex::new(BTreeMap::new());

/// Counts calls, apart for each cookie. The attribute says where, if nobody says otherwise.
#[fentry("crate::bank::**", "!crate::bank::audit::*")]
fn count(ctx: &Entry) {
    let mut calls = CALLS.lock().expect("nothing panics under it");
    *calls.entry((ctx.function().name(), ctx.cookie())).or_default() += 1;
}

fn counted() -> Vec<(&'static str, u64)> {
    let mut calls = CALLS.lock().expect("nothing panics under it");
    std::mem::take(&mut *calls).into_keys().collect()
}

fn main() -> Result<(), gtramp::Error> {
    let link = count::attach()?;
    bank::open("ann");
    assert_eq!(counted(), [("check", 0), ("open", 0)]);
    drop(link);

    // Other functions, and a cookie that tells this link's hits from others'.
    let link = count::link().functions("**::audit::*").cookie(7).attach()?;
    bank::open("ann");
    assert_eq!(counted(), [("note", 7)]);
    drop(link);

    // A cookie for each function; functions by what is known of them.
    let takes_a_name = gtramp::Selector::matching(|function| {
        function.argument(0).is_some_and(|argument| argument.name() == "name")
    });
    let link = count::link()
        .functions(takes_a_name)
        .cookie(|function: &gtramp::Function| u64::from(function.line()))
        .attach()?;
    bank::open("ann");
    println!("{}", link.info());
    let names: Vec<_> = counted().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["check", "open"]);
    Ok(())
}
