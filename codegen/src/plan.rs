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
    /// What replaced bodies are entered through, one per slot count, ascending.
    pub patched: Vec<Caller>,
    /// Callers for one entry probe of any type that look the function up, by slots.
    pub singles: Vec<Single>,
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
    patched,
    singles,
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
    /// The register in which it hands its metadata on.
    pub md_register: &'static str,
}

serialize!(Entry { suffix, slots, out, md_register });

/// One caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The symbol.
    pub name: String,
    /// What it serves.
    pub shape: Shape,
    /// How it finds metadata.
    pub lookup: Lookup,
    /// The register in which it is handed the metadata.
    pub md_register: &'static str,
    /// Its stack frame.
    pub frame: Frame,
    /// How it keeps what it needs while it runs a list itself; none if it calls what runs all lists.
    pub rows: Option<Rows>,
}

serialize!(Caller { name, shape, lookup, md_register, frame, rows });

/// The stack of a caller that runs the rows of a list itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The registers that carry the slots.
    pub registers: Vec<&'static str>,
    /// Whether it needs one word more to be aligned.
    pub padding: bool,
    /// How far above the stack pointer the metadata's address is.
    pub md: usize,
}

serialize!(Rows { registers, padding, md });

/// A caller for one entry probe of any type that looks the function up, whose slots leave a register free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Single {
    /// The symbol.
    pub name: String,
    /// The caller in which a call goes on that this one does not serve.
    pub shared: String,
    /// How many slots.
    pub slots: usize,
    /// The registers that carry them.
    pub registers: Vec<&'static str>,
    /// The register in which it is handed the metadata.
    pub md_register: &'static str,
    /// Whether the frame needs one word more to be aligned.
    pub padding: bool,
}

serialize!(Single { name, shared, slots, registers, md_register, padding });

/// A caller that is compiled once more for every probe type: it takes the slots as they come, in
/// registers, and the metadata in the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Specialised {
    /// The numbers of its slots.
    pub slots: Vec<usize>,
    /// As many as there are slot registers between the last slot's and the metadata's.
    pub unused: Vec<usize>,
}

serialize!(Specialised { slots, unused });

/// An entry probe and an exit probe of a crate, by their paths, for which a caller is contributed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pair {
    pub(crate) entry: String,
    pub(crate) exit: String,
}

serialize!(Pair { entry, exit });

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
                .map(|args| call(args, arch))
                .collect(),
            missing: (0..=MOST_ARGS).filter(|&args| !traced(args)).collect(),
            patched: arch.map_or_else(Vec::new, |arch| patched(arch, config)),
            singles: arch.map_or_else(Vec::new, |arch| singles(arch, &callers)),
            specialised: arch.map_or_else(Vec::new, |arch| specialised(arch, config)),
            places: places(&callers, max_slots),
            callers,
        }
    }
}

fn call(args: usize, arch: Option<&Arch>) -> Call {
    let entry = |arch: &Arch, suffix: String, out: bool| {
        let slots = args + usize::from(out);
        Entry { suffix, slots: (0..slots).collect(), out, md_register: arch.md_register(slots) }
    };
    let entries = arch.map_or_else(Vec::new, |arch| {
        vec![entry(arch, format!("{args}"), false), entry(arch, format!("{args}_out"), true)]
    });
    Call { args: (0..args).collect(), entries }
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
                md_register: arch.md_register(shape.slots),
                frame: arch.frame(shape),
                rows: rows(arch, shape, lookup),
            });
        }
    }
    callers
}

/// One per slot count: they save what a caller saves that calls the origin.
fn patched(arch: &Arch, config: &Config) -> Vec<Caller> {
    let patched = config.slots().into_iter().map(|slots| {
        let shape = Shape { slots, sleepable: false, origin: true };
        Caller {
            name: format!("patched_{slots}"),
            shape,
            lookup: Lookup::Inline,
            md_register: arch.md_register(slots),
            frame: arch.frame(shape),
            rows: None,
        }
    });
    patched.collect()
}

/// For entry probes that do not block, of functions whose slots leave a register free.
fn rows(arch: &Arch, shape: Shape, lookup: Lookup) -> Option<Rows> {
    /// The metadata's address, and two registers that it uses.
    const KEPT: usize = 3;
    let Shape { slots, sleepable, origin } = shape;
    arch.rows_template?;
    if sleepable || origin || lookup != Lookup::Inline || slots >= arch.slot_registers.len() {
        return None;
    }
    let needed = (slots + KEPT) * arch.slot_bytes;
    let padding = is_padded(arch, needed);
    let md = needed - arch.slot_bytes + if padding { arch.slot_bytes } else { 0 };
    Some(Rows { registers: arch.slot_registers[..slots].to_vec(), padding, md })
}

fn singles(arch: &Arch, callers: &[Caller]) -> Vec<Single> {
    if arch.single_template.is_none() {
        return Vec::new();
    }
    let is_for_entries = |caller: &&Caller| {
        let Shape { slots, sleepable, origin } = caller.shape;
        caller.lookup == Lookup::Hash && !sleepable && !origin && slots < arch.slot_registers.len()
    };
    callers.iter().filter(is_for_entries).map(|caller| single(arch, caller)).collect()
}

/// The caller for one probe, beside the one that is shared.
fn single(arch: &Arch, shared: &Caller) -> Single {
    let slots = shared.shape.slots;
    Single {
        name: format!("caller_{slots}_single{}", lookup_word(Lookup::Hash)),
        shared: shared.name.clone(),
        slots,
        registers: arch.slot_registers[..slots].to_vec(),
        md_register: shared.md_register,
        // The slots and the metadata.
        padding: is_padded(arch, (slots + 1) * arch.slot_bytes),
    }
}

/// Whether a caller that pushes so many bytes pushes a word more, so that the stack is aligned for its calls.
fn is_padded(arch: &Arch, pushed: usize) -> bool {
    !(pushed + arch.pushed_by_call).is_multiple_of(arch.stack_align)
}

fn specialised(arch: &Arch, config: &Config) -> Vec<Specialised> {
    let registers = arch.slot_registers.len();
    let slots = config.slots().into_iter().filter(|&slots| slots < registers);
    let specialised = slots.map(|slots| Specialised {
        slots: (0..slots).collect(),
        unused: (slots..registers - 1).collect(),
    });
    specialised.collect()
}

fn places(callers: &[Caller], max_slots: usize) -> Vec<usize> {
    let mut places = Vec::new();
    for lookup in Lookup::ALL {
        for slots in 0..=max_slots {
            for (sleepable, origin) in [(false, false), (false, true), (true, false), (true, true)]
            {
                let shape = Shape { slots, sleepable, origin };
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
    for (holds, word) in [(shape.sleepable, "_sleep"), (shape.origin, "_origin")] {
        if holds {
            name.push_str(word);
        }
    }
    name + lookup_word(lookup)
}

fn lookup_word(lookup: Lookup) -> &'static str {
    match lookup {
        Lookup::Inline => "",
        Lookup::Hash => "_hash",
    }
}
