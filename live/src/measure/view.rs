//! A call as a program's operands see it: at entry, and at the end.

use std::backtrace::Backtrace;

use gtramp::{Entry, Exit};

use crate::language::{Kept, Operand, Planned, Test, Value};

use super::event::{Outcome, Shown};
use super::here;

/// What operands are asked of.
pub(super) trait View {
    fn planned(&self) -> &Planned;
    fn depth(&self) -> u32;
    fn latency(&self) -> u64;
    fn outcome(&self) -> Outcome;
    fn argument(&self, place: usize) -> Value<'_>;
    fn result(&self) -> Value<'_>;
    /// All arguments, as text.
    fn arguments(&self) -> String;

    /// What an operand is in this call.
    fn value<'v>(&'v self, operand: &'v Operand, name: &'v mut NameRoom) -> Value<'v> {
        match operand {
            Operand::Literal(literal) => literal.value(),
            Operand::Func => Value::Text(self.planned().function.instance()),
            Operand::Thread => Value::Text(name.fill()),
            Operand::Latency => Value::Int(self.latency().into()),
            Operand::Depth => Value::Int(self.depth().into()),
            Operand::Panic => Value::Bool(self.outcome() == Outcome::Panicked),
            Operand::Cancelled => Value::Bool(self.outcome() == Outcome::Cancelled),
            Operand::Err => Value::Bool(self.outcome() == Outcome::Failed),
            Operand::Ret => self.result(),
            Operand::Arg(place) => self.argument(*place),
            Operand::Args | Operand::Stack => Value::Absent,
        }
    }

    /// As it is kept.
    fn keep(&self, operand: &Operand) -> Kept {
        match operand {
            Operand::Args => Kept::Text(self.arguments()),
            other => self.value(other, &mut NameRoom::default()).keep(),
        }
    }

    /// As it is shown.
    fn show(&self, operand: &Operand) -> Shown {
        match operand {
            Operand::Stack => Shown::Stack(Backtrace::force_capture()),
            other => Shown::Kept(self.keep(other)),
        }
    }

    fn test(&self, test: &Test) -> bool {
        match test {
            Test::Is(operand) => self.value(operand, &mut NameRoom::default()).is_true(),
            Test::Not(inner) => !self.test(inner),
            Test::And(left, right) => self.test(left) && self.test(right),
            Test::Or(left, right) => self.test(left) || self.test(right),
            Test::Compare(left, how, right) => {
                let (mut one, mut other) = (NameRoom::default(), NameRoom::default());
                self.value(left, &mut one).compare(*how, &self.value(right, &mut other))
            }
        }
    }
}

/// Where the name of a thread is while it is looked at.
#[derive(Default)]
pub(super) struct NameRoom([u8; 16]);

impl NameRoom {
    fn fill(&mut self) -> &str {
        self.0 = here::name();
        let length = self.0.iter().position(|&byte| byte == 0).unwrap_or(self.0.len());
        // A name that was cut within a letter.
        let valid = self.0[..length].utf8_chunks().next();
        valid.map_or("", |chunk| chunk.valid())
    }
}

/// A call that begins.
pub(super) struct AtEntry<'c> {
    pub(super) ctx: &'c Entry<'c>,
    pub(super) planned: &'c Planned,
    pub(super) depth: u32,
}

impl View for AtEntry<'_> {
    fn planned(&self) -> &Planned {
        self.planned
    }

    fn depth(&self) -> u32 {
        self.depth
    }

    fn latency(&self) -> u64 {
        0
    }

    fn outcome(&self) -> Outcome {
        Outcome::Entered
    }

    fn argument(&self, place: usize) -> Value<'_> {
        let (index, reader) = self.planned.arguments[place];
        reader.argument(self.ctx, index)
    }

    fn result(&self) -> Value<'_> {
        Value::Absent
    }

    fn arguments(&self) -> String {
        super::text::arguments(self.ctx)
    }
}

/// A call that has ended.
pub(super) struct AtEnd<'c> {
    pub(super) ctx: &'c Exit<'c>,
    pub(super) planned: &'c Planned,
    pub(super) depth: u32,
    pub(super) latency: u64,
    pub(super) outcome: Outcome,
    /// Which arguments were kept, and what they were.
    pub(super) places: &'c [usize],
    pub(super) kept: &'c [Kept],
    pub(super) arguments: &'c str,
}

impl View for AtEnd<'_> {
    fn planned(&self) -> &Planned {
        self.planned
    }

    fn depth(&self) -> u32 {
        self.depth
    }

    fn latency(&self) -> u64 {
        self.latency
    }

    fn outcome(&self) -> Outcome {
        self.outcome
    }

    fn argument(&self, place: usize) -> Value<'_> {
        let at = self.places.iter().position(|kept| *kept == place);
        at.and_then(|at| self.kept.get(at)).map_or(Value::Absent, Kept::value)
    }

    fn result(&self) -> Value<'_> {
        self.planned.ret.map_or(Value::Absent, |reader| reader.result(self.ctx))
    }

    fn arguments(&self) -> String {
        self.arguments.to_owned()
    }
}
