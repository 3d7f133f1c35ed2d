//! One file per architecture, each a value of [`Arch`]: what a stub has to know about registers and
//! the stack, as data. The instructions themselves are in `templates/<arch>/`.

mod aarch64;
mod x86_64;

use crate::serialize::serialize;
use crate::shape::Shape;

/// The facts about an architecture that the templates need.
#[derive(Debug, PartialEq, Eq)]
pub struct Arch {
    /// Its name, as in `CARGO_CFG_TARGET_ARCH`.
    pub name: &'static str,
    /// Whether the runtime can arm its entries. Otherwise its stubs are only rendered on request.
    pub ported: bool,
    /// Bytes of one argument slot.
    pub slot_bytes: usize,
    /// Registers that carry the first slots, in order. Later slots are on the stack.
    pub slot_registers: &'static [&'static str],
    /// The register that names the metadata where no slot register is left for it: one that calls
    /// clobber and that carries no argument.
    pub scratch_register: &'static str,
    /// Alignment of the stack pointer at a call instruction.
    pub stack_align: usize,
    /// Bytes a call instruction itself pushes.
    pub pushed_by_call: usize,
    /// Bytes of the frame record that a caller keeps above its slots: what a call instruction
    /// leaves in registers rather than on the stack.
    pub link_record: usize,
    /// Bytes that a caller which jumps on to the body keeps above that, for the metadata's address.
    pub md_record: usize,
    /// Alignment of an entry stub: its first quadword is written with one store, and it does not
    /// straddle a line of the instruction cache.
    pub entry_align: usize,
    /// Alignment of a caller: a line of the instruction fetch.
    pub caller_align: usize,
    /// Bytes of a line of the instruction cache.
    pub code_line: usize,
    /// Bytes of one field of a site's record.
    pub record_field: usize,
    /// What only its own templates ask for, by name.
    pub constants: Constants,
    /// The asm of a switch.
    pub(crate) switch_template: &'static str,
    /// The asm of an entry stub.
    pub(crate) entry_template: &'static str,
    /// The asm of a caller.
    pub(crate) caller_template: &'static str,
    /// The asm of a caller for one entry probe that looks the function up, where there is one.
    pub(crate) single_template: Option<&'static str>,
    /// The asm of what a caller for entry probes begins with, where it runs a list itself.
    pub(crate) rows_template: Option<&'static str>,
}

serialize!(Arch {
    name,
    ported,
    slot_bytes,
    slot_registers,
    scratch_register,
    stack_align,
    pushed_by_call,
    entry_align,
    caller_align,
    code_line,
    record_field,
    constants,
});

/// Named texts.
#[derive(Debug, PartialEq, Eq)]
pub struct Constants(pub &'static [(&'static str, &'static str)]);

impl serde::Serialize for Constants {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

impl Arch {
    /// Every architecture that has stubs.
    pub const ALL: [&'static Arch; 2] = [&aarch64::ARCH, &x86_64::ARCH];

    /// The architecture called `name`, if stubs exist for it.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Arch> {
        Arch::ALL.into_iter().find(|arch| arch.name == name)
    }

    /// The register in which an entry hands its metadata to the caller: the last slot register, where
    /// a function of so many slots leaves it free, so that a compiled caller has it as an argument.
    #[must_use]
    pub fn md_register(&self, slots: usize) -> &'static str {
        match self.slot_registers {
            [.., last] if slots < self.slot_registers.len() => last,
            _ => self.scratch_register,
        }
    }

    /// The frame of a caller of this shape.
    #[must_use]
    pub fn frame(&self, shape: Shape) -> Frame {
        let record = shape.slots * self.slot_bytes;
        let md = record + self.link_record;
        let used = md + if shape.origin { 0 } else { self.md_record };
        let pushed = self.pushed_by_call;
        let bytes = (used + pushed).next_multiple_of(self.stack_align) - pushed;
        Frame {
            bytes,
            above: bytes + pushed,
            record,
            md,
            saves: (0..shape.slots).map(|slot| self.save(slot, bytes)).collect(),
        }
    }

    fn save(&self, slot: usize, frame_bytes: usize) -> Save {
        let place = match self.slot_registers.get(slot) {
            Some(register) => Place::Register(register),
            None => Place::Stack {
                offset: frame_bytes
                    + self.pushed_by_call
                    + (slot - self.slot_registers.len()) * self.slot_bytes,
            },
        };
        Save { slot, offset: slot * self.slot_bytes, place }
    }
}

/// A caller's stack frame. Offsets count from the stack pointer while the frame stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What the stub takes from the stack pointer.
    pub bytes: usize,
    /// Where the stub keeps the frame record, above the slots.
    pub record: usize,
    /// Where a stub that jumps on to the body keeps the metadata's address.
    pub md: usize,
    /// Where the incoming stack arguments begin.
    pub above: usize,
    /// Where every slot comes from and is kept, in slot order.
    pub saves: Vec<Save>,
}

serialize!(Frame { bytes, above, record, md, saves });

/// One slot of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Save {
    /// Its number.
    pub slot: usize,
    /// Where the frame keeps it.
    pub offset: usize,
    /// Where the stub finds it.
    pub place: Place,
}

/// Where an incoming slot is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a register.
    Register(&'static str),
    /// On the stack, at an offset while the frame stands.
    Stack {
        /// That offset.
        offset: usize,
    },
}

impl serde::Serialize for Save {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut row = serializer.serialize_struct("Save", 4)?;
        row.serialize_field("slot", &self.slot)?;
        row.serialize_field("offset", &self.offset)?;
        match &self.place {
            Place::Register(register) => row.serialize_field("register", register)?,
            Place::Stack { offset } => row.serialize_field("stack", offset)?,
        }
        row.end()
    }
}
