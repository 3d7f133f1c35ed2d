//! The next list of each function in a batch, made of its present one: those that come out alike are one list.

use std::collections::VecDeque;

use crate::caller::CallAbi;
use crate::md::Md;
use crate::probe::{List, ListBox, Room, Row};
use crate::sync::lock;
use crate::sys::{self, OutOfMemory};

use super::super::core::{Fit, LinkCore};
use super::super::rows;
use super::super::transaction::Transaction;
use super::Part;
use super::steps::Step;

/// How many lists that were made last are looked at for one that can be shared.
const LATEST: usize = 8;

/// Makes the lists of a batch.
pub(super) struct Lists<'p> {
    parts: &'p [Part],
    /// The parts' fits.
    fits: Vec<Vec<Fit>>,
    /// For lists with the probes of one part alone, which differ from another in their cookie alone.
    rooms: Vec<Room>,
    /// The latest last. Its clones keep lists from being freed, so this goes before anything is published.
    made: VecDeque<Made>,
}

/// A list that was made, and of what.
struct Made {
    /// The list in the place of which it comes.
    of: *const List,
    abi: CallAbi,
    what: Vec<What>,
    /// The link that would have a caller of its own there; 0 if there is none.
    link: u64,
    /// Whether it has.
    is_own: bool,
    list: ListBox,
}

/// What a [`Step`] does, at whatever function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct What {
    part: usize,
    join: Option<Join>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Join {
    fit: u32,
    cookie: u64,
}

impl What {
    fn of(step: &Step) -> Self {
        let join = step.join.map(|member| Join { fit: member.fit, cookie: member.cookie });
        Self { part: step.part, join }
    }

    /// Whether it differs in the cookie at most.
    fn is_like(self, other: Self) -> bool {
        let fit = |what: Self| what.join.map(|join| join.fit);
        (self.part, fit(self)) == (other.part, fit(other))
    }
}

impl Made {
    /// Whether it has a caller of its own if one may be made for its rows: such a list is a pattern for others.
    fn is_whole(&self) -> bool {
        self.link == 0 || self.is_own
    }
}

impl<'p> Lists<'p> {
    pub(super) fn new(parts: &'p [Part]) -> Result<Self, OutOfMemory> {
        let mut rooms = Vec::new();
        sys::reserve(&mut rooms, parts.len())?;
        rooms.extend(parts.iter().map(|part| {
            let sites = part.joins.iter().map(|member| member.function.sites().len()).sum();
            ListBox::room(part.link.probes.len(), sites)
        }));
        let fits = parts.iter().map(|part| lock(&part.link.fits).clone()).collect();
        Ok(Self { parts, fits, rooms, made: VecDeque::with_capacity(LATEST) })
    }

    /// The list for `md` after these steps at its function, and its caller.
    pub(super) fn next(
        &mut self,
        transaction: &mut Transaction,
        md: &Md,
        steps: &[Step],
    ) -> Result<(ListBox, *const ()), OutOfMemory> {
        let (of, abi) = (md.current(), CallAbi::at(md));
        let is_of_this = |made: &Made| core::ptr::eq(made.of, of) && made.abi == abi;
        let is_same = |made: &&Made| {
            is_of_this(made)
                && made.what.iter().copied().eq(steps.iter().map(What::of))
                // What has a caller of its own may have to do without it at another site.
                && (made.link == 0 || made.is_own == transaction.may_move_in(md, made.link))
        };
        if let Some(made) = self.made.iter().rev().find(is_same) {
            let mut list = made.list.clone();
            let caller = transaction.select(md, &mut list);
            return Ok((list, caller));
        }
        let pattern = match steps {
            [Step { part, join: Some(member), .. }] if of.is_empty() => {
                let is_alike =
                    |what: &[What]| matches!(what, [one] if one.is_like(What::of(&steps[0])));
                let is_like =
                    |made: &Made| is_of_this(made) && made.is_whole() && is_alike(&made.what);
                let place = self.made.iter().rposition(is_like);
                place.map(|place| (place, *part, member.cookie))
            }
            _ => None,
        };
        let Some((place, part, cookie)) = pattern else {
            return self.make(transaction, md, steps);
        };
        let mut list = self.made[place].list.copy(&mut self.rooms[part], cookie)?;
        let link = list.sole().link();
        let caller = transaction.select(md, &mut list);
        if list.sole().link() == link {
            // The next function may have this one's cookie.
            let made = &mut self.made[place];
            made.what[0] = What::of(&steps[0]);
            made.list = list.clone();
        }
        Ok((list, caller))
    }

    fn make(
        &mut self,
        transaction: &mut Transaction,
        md: &Md,
        steps: &[Step],
    ) -> Result<(ListBox, *const ()), OutOfMemory> {
        let (of, abi) = (md.current(), CallAbi::at(md));
        let mut what = Vec::new();
        sys::reserve(&mut what, steps.len())?;
        what.extend(steps.iter().map(What::of));
        let link = |part: usize| -> &LinkCore { &self.parts[part].link };
        let leaves = |row: &Row| {
            let leaving = what.iter().filter(|what| what.join.is_none());
            leaving.into_iter().any(|what| rows::is_of(row, link(what.part)))
        };
        let joins = what.iter().filter_map(|&What { part, join }| {
            let Join { fit, cookie } = join?;
            Some((link(part), &self.fits[part][fit as usize], cookie))
        });
        let mut list = rows::changed(of, |row| !leaves(row), joins, abi)?;
        let link = list.sole().link();
        let caller = transaction.select(md, &mut list);
        let is_own = list.specialised().is_some();
        if self.made.len() == LATEST {
            self.made.pop_front();
        }
        self.made.push_back(Made { of, abi, what, link, is_own, list: list.clone() });
        Ok((list, caller))
    }
}
