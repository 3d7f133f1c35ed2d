//! A call as a program's operands see it: at entry, and at the end.

use std::backtrace::Backtrace;
use std::borrow::Cow;
use std::fmt::Write as _;

use gtramp::{Entry, Exit, LifeInfo, PollStep, Polling, Scope};

use crate::language::{Kept, Place, Planned, Term, Test, Value, Word, kept_part};

use super::clock::Ticks;
use crate::record::{Outcome, Texts};

use super::event::Shown;
use super::{here, text};

/// What operands are asked of.
pub(super) trait View {
    fn planned(&self) -> &Planned;
    fn depth(&self) -> u32;
    /// In nanoseconds.
    fn latency(&self) -> u64;
    /// The latency in the clock's units.
    fn ticks(&self) -> u64;
    /// In nanoseconds.
    fn self_time(&self) -> u64;
    fn outcome(&self) -> Outcome;
    fn argument(&self, place: usize) -> Value<'_>;
    fn result(&self) -> Value<'_>;
    /// All arguments, as text.
    fn arguments(&self) -> Cow<'_, str>;
    fn life(&self) -> Option<&LifeInfo>;
    /// Whether it is a poll that was the last one.
    fn is_ready(&self) -> bool {
        false
    }

    /// What a term is in this call.
    #[inline]
    fn value<'v>(&'v self, term: &'v Term<usize>, name: &'v mut NameRoom) -> Value<'v> {
        match term {
            Term::Literal(literal) => literal.value(),
            Term::Word(word) => self.word(*word, name),
            Term::Scope(key) => scope_value(key),
            Term::Arg(place) => self.argument(*place),
        }
    }

    fn word<'v>(&'v self, word: Word, name: &'v mut NameRoom) -> Value<'v> {
        let time = |of: fn(&LifeInfo) -> core::time::Duration| {
            let nanoseconds = self.life().map(|life| of(life).as_nanos());
            nanoseconds.and_then(|time| time.try_into().ok()).map_or(Value::Absent, Value::Int)
        };
        match word {
            Word::Func => Value::Text(Cow::Borrowed(self.planned().function.instance())),
            Word::Thread => Value::Text(Cow::Borrowed(name.fill())),
            Word::Latency => Value::Int(self.latency().into()),
            Word::SelfTime => Value::Int(self.self_time().into()),
            Word::Depth => Value::Int(self.depth().into()),
            Word::Panic => Value::Bool(self.outcome() == Outcome::Panicked),
            Word::Cancelled => Value::Bool(self.outcome() == Outcome::Cancelled),
            Word::Err => Value::Bool(self.outcome() == Outcome::Failed),
            Word::Ret => self.result(),
            Word::Polls => {
                self.life().map_or(Value::Absent, |life| Value::Int(life.polls().into()))
            }
            Word::Busy => time(LifeInfo::busy),
            Word::Idle => time(LifeInfo::idle),
            Word::LongestPoll => time(LifeInfo::longest_poll),
            Word::Ready => Value::Bool(self.is_ready()),
            Word::Args | Word::Stack => Value::Absent,
        }
    }

    /// As it is kept.
    fn keep(&self, term: &Term<usize>) -> Kept {
        match term {
            Term::Word(Word::Args) => Kept::Text(self.arguments().into_owned()),
            other => self.value(other, &mut NameRoom::default()).keep(),
        }
    }

    /// As it is written to a record.
    fn write(&self, term: &Term<usize>, texts: &mut Texts) {
        texts.another();
        // What is too much is cut off.
        let _ = match term {
            Term::Word(Word::Args) => texts.write_str(&self.arguments()),
            other => match self.value(other, &mut NameRoom::default()) {
                Value::Text(text) => texts.write_str(kept_part(&text)),
                value => write!(texts, "{value}"),
            },
        };
    }

    /// As it is shown.
    fn show(&self, term: &Term<usize>) -> Shown {
        match term {
            Term::Word(Word::Stack) => Shown::Stack(Backtrace::force_capture()),
            other => Shown::Kept(self.keep(other)),
        }
    }

    #[inline]
    fn test(&self, test: &Test) -> bool {
        match test {
            Test::Compare(Term::Arg(place), how, Term::Literal(literal)) => {
                self.argument(*place).compare(*how, &literal.value())
            }
            Test::Compare(left, how, right) => {
                let (mut one, mut other) = (NameRoom::default(), NameRoom::default());
                self.value(left, &mut one).compare(*how, &self.value(right, &mut other))
            }
            composed => self.test_composed(composed),
        }
    }

    fn test_composed(&self, test: &Test) -> bool {
        match test {
            Test::Is(term) => self.value(term, &mut NameRoom::default()).is_true(),
            Test::Not(inner) => !self.test(inner),
            Test::And(left, right) => self.test(left) && self.test(right),
            Test::Or(left, right) => self.test(left) || self.test(right),
            compared @ Test::Compare(..) => self.test(compared),
        }
    }
}

/// What the scope in force has under this key.
fn scope_value<'v>(key: &str) -> Value<'v> {
    let scope = Scope::current();
    let value = scope.as_ref().and_then(|scope| scope.get(key));
    value.map_or(Value::Absent, |value| Value::Text(Cow::Owned(value.to_owned())))
}

/// Whether the scope in force has all these.
pub(super) fn is_in_scope(values: &[(String, String)]) -> bool {
    values.is_empty()
        || Scope::current()
            .is_some_and(|scope| values.iter().all(|(key, value)| scope.get(key) == Some(value)))
}

/// Text that was made for this value; absent if there is none.
fn made<'v>(text: Option<String>) -> Value<'v> {
    text.map_or(Value::Absent, |text| Value::Text(Cow::Owned(text)))
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

    fn ticks(&self) -> u64 {
        0
    }

    fn self_time(&self) -> u64 {
        0
    }

    fn outcome(&self) -> Outcome {
        Outcome::Entered
    }

    #[inline(always)]
    fn argument(&self, place: usize) -> Value<'_> {
        let place = &self.planned.arguments[place];
        match &place.reader {
            Some(reader) => reader.read(self.ctx),
            None => self.shown(place),
        }
    }

    fn result(&self) -> Value<'_> {
        Value::Absent
    }

    fn arguments(&self) -> Cow<'_, str> {
        Cow::Owned(text::arguments(self.ctx))
    }

    fn life(&self) -> Option<&LifeInfo> {
        self.ctx.life()
    }
}

impl<'c> AtEntry<'c> {
    #[cold]
    fn shown(&self, place: &Place) -> Value<'c> {
        let Some(path) = &place.member else { return made(text::argument(self.ctx, place.index)) };
        self.ctx.field(path).map_or(Value::Absent, |field| Value::of_member(&field))
    }
}

/// A poll that has ended.
pub(super) struct AtPoll<'c> {
    pub(super) ctx: &'c Polling<'c>,
    pub(super) planned: &'c Planned,
}

impl View for AtPoll<'_> {
    fn planned(&self) -> &Planned {
        self.planned
    }

    fn depth(&self) -> u32 {
        0
    }

    fn latency(&self) -> u64 {
        u64::try_from(self.ctx.took().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Nothing that is in these units is made of a poll.
    fn ticks(&self) -> u64 {
        0
    }

    fn self_time(&self) -> u64 {
        0
    }

    fn outcome(&self) -> Outcome {
        if self.ctx.step() == PollStep::Unwound { Outcome::Panicked } else { Outcome::Returned }
    }

    fn argument(&self, _: usize) -> Value<'_> {
        Value::Absent
    }

    fn result(&self) -> Value<'_> {
        Value::Absent
    }

    fn arguments(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn life(&self) -> Option<&LifeInfo> {
        self.ctx.life()
    }

    fn is_ready(&self) -> bool {
        self.ctx.step() == PollStep::Ready
    }
}

/// A call that has ended.
pub(super) struct AtEnd<'c> {
    pub(super) ctx: &'c Exit<'c>,
    pub(super) planned: &'c Planned,
    pub(super) depth: u32,
    pub(super) clock: &'c Ticks,
    pub(super) begun: u64,
    pub(super) ended: u64,
    /// How much of that it was in calls of its engine, in the clock's units.
    pub(super) within: u64,
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

    #[inline]
    fn latency(&self) -> u64 {
        self.clock.since(self.begun, self.ended)
    }

    #[inline]
    fn ticks(&self) -> u64 {
        self.ended.saturating_sub(self.begun)
    }

    fn self_time(&self) -> u64 {
        self.clock.since(self.begun + self.within, self.ended)
    }

    fn outcome(&self) -> Outcome {
        self.outcome
    }

    fn argument(&self, place: usize) -> Value<'_> {
        let at = self.places.iter().position(|kept| *kept == place);
        at.and_then(|at| self.kept.get(at)).map_or(Value::Absent, Kept::value)
    }

    fn result(&self) -> Value<'_> {
        match &self.planned.ret {
            Some(reader) => reader.read(self.ctx),
            None => made(text::result(self.ctx)),
        }
    }

    fn arguments(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.arguments)
    }

    fn life(&self) -> Option<&LifeInfo> {
        self.ctx.life()
    }
}
