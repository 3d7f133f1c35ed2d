//! The plan: every stub that will be written, as plain sorted data.

use crate::arch::{Arch, Frame};
use crate::serialize::serialize;
use crate::shape::{Lookup, Shape};

/// What will be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The target it is for, as the header of every file names it.
    pub target: String,
    /// Its facts; none where stubs are not supported.
    pub arch: Option<&'static Arch>,
    /// The largest argument count.
    pub max_args: usize,
    /// The largest slot count.
    pub max_slots: usize,
    /// One per argument count, ascending.
    pub calls: Vec<Call>,
    /// One per shape and lookup, in the order of (lookup, slots, sleepable, origin).
    pub callers: Vec<Caller>,
}

serialize!(Plan { target, arch, max_args, max_slots, calls, callers });

/// The call of a function of one argument count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The numbers of its arguments.
    pub args: Vec<usize>,
    /// Its entries: the return value in the return register, and through an out pointer.
    pub entries: Vec<Entry>,
}

serialize!(Call { args, entries });

/// One entry stub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name after `entry_` and `body_`.
    pub suffix: String,
    /// The numbers of its slots.
    pub slots: Vec<usize>,
    /// The last slot is the out pointer.
    pub out: bool,
}

serialize!(Entry { suffix, slots, out });

/// One caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The symbol.
    pub name: String,
    /// What it serves.
    pub shape: Shape,
    /// How it finds metadata.
    pub lookup: Lookup,
    /// Its stack frame.
    pub frame: Frame,
}

serialize!(Caller { name, shape, lookup, frame });

impl Plan {
    /// Plans for `target` with the facts `arch`, up to `max_args` arguments.
    #[must_use]
    pub fn new(target: &str, arch: Option<&'static Arch>, max_args: usize) -> Plan {
        // A return value that does not fit a register adds its out pointer.
        let max_slots = max_args + 1;
        Plan {
            target: target.to_owned(),
            arch,
            max_args,
            max_slots,
            calls: (0..=max_args).map(|args| call(args, arch.is_some())).collect(),
            callers: arch.map_or_else(Vec::new, |arch| callers(arch, max_slots)),
        }
    }
}

fn call(args: usize, stubs: bool) -> Call {
    let entry = |suffix: String, out: bool| Entry {
        suffix,
        slots: (0..args + usize::from(out)).collect(),
        out,
    };
    let entries = match stubs {
        true => vec![entry(format!("{args}"), false), entry(format!("{args}_out"), true)],
        false => Vec::new(),
    };
    Call { args: (0..args).collect(), entries }
}

fn callers(arch: &Arch, max_slots: usize) -> Vec<Caller> {
    Lookup::ALL
        .into_iter()
        .flat_map(|lookup| Shape::all(max_slots).map(move |shape| (lookup, shape)))
        .map(|(lookup, shape)| Caller {
            name: caller_name(shape, lookup),
            shape,
            lookup,
            frame: arch.frame(shape.slots),
        })
        .collect()
}

fn caller_name(shape: Shape, lookup: Lookup) -> String {
    let mut name = format!("caller_{}", shape.slots);
    for (holds, word) in [
        (shape.sleepable, "_sleep"),
        (shape.origin, "_origin"),
        (lookup == Lookup::Hash, "_hash"),
    ] {
        if holds {
            name.push_str(word);
        }
    }
    name
}
