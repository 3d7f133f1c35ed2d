//! The probes. Each is a plain function, or for a session two; its attribute says when it runs and, if nobody says
//! otherwise, where.

use std::ops::ControlFlow;
use std::time::Instant;

use gtramp::{Entry, Exit, ModRet, fentry, fexit, fmod_ret, fsession};

use super::board::{self, Row, Tag};
use super::sharded::Sharded;
use super::stopwatch;
use crate::code::label;
use crate::code::select::UpTo;
use crate::code::sources::SourceFile;

/// How many files [`postpone`] has put off.
pub(crate) static POSTPONED: Sharded = Sharded::new();

/// How many bytes [`weigh`] has seen being read.
pub(crate) static WEIGHED: Sharded = Sharded::new();

/// Counts calls, in the row and cell that the cookie names.
#[fentry("crate::**")]
pub(crate) fn count(ctx: &Entry) {
    board::hit(Tag::of_cookie(ctx.cookie()));
}

/// Times every call: it leaves its beginning for its end.
pub(crate) struct Stopwatch;

#[fsession("crate::**")]
impl Stopwatch {
    pub(crate) fn entry(ctx: &Entry) -> Option<Instant> {
        board::hit(Tag::of_cookie(ctx.cookie()));
        Some(Instant::now())
    }

    fn exit(ctx: &Exit, begun: Instant) {
        let tag = Tag::of_cookie(ctx.cookie());
        stopwatch::record(tag.function, begun.elapsed());
        board::hit(Tag { row: Row::Stopped, ..tag });
    }
}

/// Makes the program believe that it does not want large files now. The cookie says what is large.
#[fmod_ret("census::code::select::UpTo::wanted")]
pub(crate) fn postpone(ctx: &ModRet, _up_to: &UpTo, file: &SourceFile) -> ControlFlow<bool> {
    if file.bytes <= ctx.cookie() {
        return ControlFlow::Continue(());
    }
    POSTPONED.add(1);
    ControlFlow::Break(false)
}

/// Adds up what is read, from the results of `read`.
#[fexit("census::code::text::read")]
pub(crate) fn weigh(_ctx: &Exit, read: &std::io::Result<Vec<u8>>) {
    WEIGHED.add(read.as_ref().map_or(0, |bytes| bytes.len() as u64));
}

/// Counts calls, and itself calls a traceable function: one that it may be attached to, too.
#[fentry("census::code::facts::**", "census::code::label::last_part")]
pub(crate) fn nosy(ctx: &Entry) {
    if label::last_part(ctx.function().path()) == ctx.function().name() {
        board::hit(Tag::of_cookie(ctx.cookie()));
    }
}
