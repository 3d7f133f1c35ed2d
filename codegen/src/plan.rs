//! The plan: every stub that will be written, as plain sorted data.

use crate::arch::{Arch, Frame};
use crate::config::{Config, EntryMode, MOST_ARGS};
use crate::serialize::serialize;
use crate::shape::{Lookup, Shape};

/// What will be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The target it is for, as the header of every file names it.
    pub target: String,
    /// Its facts; none where stubs are not supported.
    pub arch: Option<&'static Arch>,
    /// How functions are armed.
    pub entry_mode: EntryMode,
    /// The largest argument count.
    pub max_args: usize,
    /// The largest slot count.
    pub max_slots: usize,
    /// One per argument count, ascending.
    pub calls: Vec<Call>,
    /// Argument counts that functions may have, but for which nothing is generated.
    pub missing: Vec<usize>,
    /// One per shape and lookup, in the order of (lookup, slots, sleepable, origin).
    pub callers: Vec<Caller>,
    /// One per slot count whose slots leave a register free, ascending.
    pub specialised: Vec<Specialised>,
    /// For every (lookup, slots, sleepable, origin) up to the largest slot count: the place in
    /// `callers`, counted from one, or zero where there is none.
    pub places: Vec<usize>,
}

serialize!(Plan {
    target,
    arch,
    entry_mode,
    max_args,
    max_slots,
    calls,
    missing,
    callers,
    specialised,
    places
});

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

serialize!(Caller {
    name,
    shape,
    lookup,
    frame
});

/// A caller that is compiled once more for every probe type: it takes the slots as they come, in
/// registers, and its site in the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Specialised {
    /// The numbers of its slots.
    pub slots: Vec<usize>,
    /// The register that its site is passed in.
    pub site_register: &'static str,
}

serialize!(Specialised {
    slots,
    site_register
});

impl Plan {
    /// Plans for `target` with the facts `arch`: what `config` asks for.
    #[must_use]
    pub fn new(target: &str, arch: Option<&'static Arch>, config: &Config) -> Plan {
        let callers = arch.map_or_else(Vec::new, |arch| callers(arch, config));
        // Where there are no stubs, a call is plain, and every function can have it.
        let traced = |args| arch.is_none() || config.args.contains(&args);
        let max_slots = config.slots().last().copied().unwrap_or(0);
        Plan {
            target: target.to_owned(),
            arch,
            entry_mode: config.entry,
            max_args: config.max_args(),
            max_slots,
            calls: (0..=MOST_ARGS)
                .filter(|&args| traced(args))
                .map(|args| call(args, arch.is_some()))
                .collect(),
            missing: (0..=MOST_ARGS).filter(|&args| !traced(args)).collect(),
            specialised: arch.map_or_else(Vec::new, |arch| specialised(arch, config)),
            places: places(&callers, max_slots),
            callers,
        }
    }
}

fn call(args: usize, stubs: bool) -> Call {
    let entry = |suffix: String, out: bool| Entry {
        suffix,
        slots: (0..args + usize::from(out)).collect(),
        out,
    };
    let entries = if stubs {
        vec![
            entry(format!("{args}"), false),
            entry(format!("{args}_out"), true),
        ]
    } else {
        Vec::new()
    };
    Call {
        args: (0..args).collect(),
        entries,
    }
}

fn callers(arch: &Arch, config: &Config) -> Vec<Caller> {
    let mut callers = Vec::new();
    for &lookup in &config.lookups {
        for shape in config.shapes() {
            let name = caller_name(shape, lookup);
            callers.push(Caller {
                name,
                shape,
                lookup,
                frame: arch.frame(shape),
            });
        }
    }
    callers
}

fn specialised(arch: &Arch, config: &Config) -> Vec<Specialised> {
    let slots = config.slots().into_iter();
    let specialised = slots.filter_map(|slots| {
        let site_register = arch.slot_registers.get(slots)?;
        Some(Specialised {
            slots: (0..slots).collect(),
            site_register,
        })
    });
    specialised.collect()
}

fn places(callers: &[Caller], max_slots: usize) -> Vec<usize> {
    let mut places = Vec::new();
    for lookup in Lookup::ALL {
        for slots in 0..=max_slots {
            for (sleepable, origin) in [(false, false), (false, true), (true, false), (true, true)]
            {
                let shape = Shape {
                    slots,
                    sleepable,
                    origin,
                };
                let found = callers
                    .iter()
                    .position(|caller| (caller.lookup, caller.shape) == (lookup, shape));
                places.push(found.map_or(0, |place| place + 1));
            }
        }
    }
    places
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
