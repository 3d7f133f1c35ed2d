//! A site's next list, made of its present one: copy on write.

use std::sync::Arc;

use crate::caller::choose::{self, Holds, Watched};
use crate::caller::{CallAbi, Lookup};
use crate::md::Md;
use crate::probe::{Kind, LinkState, List, ListBox, Needs, OwnCaller, Row};
use crate::scope::Limit;
use crate::sys::OutOfMemory;

use super::core::{Fit, LinkCore};

/// Whether others may have this list too: under another tenant's marks one with a caller of its own may have to do
/// without it, which others keep.
fn may_share(list: &List, md: &Md) -> bool {
    list.specialised().is_none() || [0, list.sole().link()].contains(&md.tenant())
}

/// Makes lists of some rows of others, for functions whose lists come out alike.
pub(crate) struct Fewer<K> {
    keep: K,
    /// What was made last: the list in the place of which it comes, and what calls it is for.
    made: Option<(*const List, CallAbi, ListBox)>,
}

/// Of the rows that these are to keep.
pub(crate) fn fewer<K: Fn(&Row) -> bool>(keep: K) -> Fewer<K> {
    Fewer { keep, made: None }
}

impl<K: Fn(&Row) -> bool> Fewer<K> {
    /// The list that comes in the place of the one at `md`, if it was made for the site before.
    pub(crate) fn known_at(&self, md: &Md) -> Option<ListBox> {
        let (of, abi, list) = self.made.as_ref()?;
        let is_like = core::ptr::eq(*of, md.current()) && *abi == CallAbi::at(md);
        (is_like && may_share(list, md)).then(|| list.clone())
    }

    /// The list that comes in the place of the one at `md`.
    pub(crate) fn at(&mut self, md: &Md) -> Result<ListBox, OutOfMemory> {
        if let Some(list) = self.known_at(md) {
            return Ok(list);
        }
        let (of, abi) = (md.current(), CallAbi::at(md));
        let list = changed(of, &self.keep, core::iter::empty(), abi)?;
        if may_share(&list, md) {
            self.made = Some((of, abi, list.clone()));
        }
        Ok(list)
    }
}

/// `list`, of a function like this, without the rows that are not to be kept, and with the probes of
/// these links as they fit, with these cookies.
pub(crate) fn changed<'l>(
    list: &List,
    keep: impl Fn(&Row) -> bool,
    joins: impl Iterator<Item = (&'l LinkCore, &'l Fit, u64)>,
    abi: CallAbi,
) -> Result<ListBox, OutOfMemory> {
    let mut groups = Groups::of(list, keep);
    joins.for_each(|(link, fit, cookie)| groups.add(link, fit, cookie));
    groups.into_list(abi)
}

/// Whether a probe of the list wants its functions to be found in the hash table.
pub(crate) fn any_hashed(list: &List) -> bool {
    list.rows().iter().any(|row| state(row).hashed)
}

/// Whether all rows are of one link, as those of a list with a caller of its own.
pub(crate) fn are_of_one(list: &List) -> bool {
    list.rows().iter().all(|row| row.link == list.rows()[0].link)
}

/// How a caller finds metadata that are hashed, or are not.
pub(crate) fn lookup_of(hashed: bool) -> Lookup {
    if hashed { Lookup::Hash } else { Lookup::Inline }
}

/// Whether a row runs a probe of `link`.
pub(crate) fn is_of(row: &Row, link: &LinkCore) -> bool {
    core::ptr::eq(row.link, Arc::as_ptr(&link.state))
}

/// What the link of a row says of itself.
fn state(row: &Row) -> &LinkState {
    // SAFETY: the row is in a list that is in use, and the lock that says so is held: its link is
    // attached, and so alive.
    unsafe { &*row.link }
}

/// Lets a missed call count at the first row of each link that has none in the `earlier` groups.
///
/// All groups are in attach order, so they are walked through beside each other.
fn count_once(group: &mut [Row], mut earlier: [&[Row]; 2]) {
    let mut last = core::ptr::null();
    for row in group {
        let is_first = row.link != core::mem::replace(&mut last, row.link);
        let rank = state(row).rank();
        let counts_there = |rows: &mut &[Row]| {
            while let [before, rest @ ..] = rows
                && state(before).rank() < rank
            {
                *rows = rest;
            }
            rows.first().is_some_and(|there| there.link == row.link)
        };
        row.counts = is_first && !earlier.iter_mut().any(counts_there);
    }
}

/// Whether a link is asked at every call.
fn watched(link: &LinkState) -> Watched {
    match link.limit {
        Limit::Scope(_) => Watched::InScope,
        _ if link.is_watched() => Watched::Yes,
        _ => Watched::No,
    }
}

/// The rows of a list by kind, each group in attach order.
#[derive(Default)]
struct Groups {
    entries: Vec<Row>,
    mods: Vec<Row>,
    /// The other way round than they run.
    exits: Vec<Row>,
    polls: Vec<Row>,
}

impl Groups {
    fn of(list: &List, keep: impl Fn(&Row) -> bool) -> Self {
        let kept = |row: &&Row| keep(row);
        let [mut entries, mut mods, mut exits, mut polls] =
            [list.entries(), list.mods(), list.exits(), list.polls()].map(|rows| {
                // Mostly one is added.
                Vec::with_capacity(if rows.is_empty() { 0 } else { rows.len() + 1 })
            });
        entries.extend(list.entries().iter().filter(kept).map(Row::copy));
        mods.extend(list.mods().iter().filter(kept).map(Row::copy));
        exits.extend(list.exits().iter().rev().filter(kept).map(Row::copy));
        polls.extend(list.polls().iter().filter(kept).map(Row::copy));
        Self { entries, mods, exits, polls }
    }

    /// Adds the probes of `link` as they fit a function.
    fn add(&mut self, link: &LinkCore, fit: &Fit, cookie: u64) {
        let watched = watched(&link.state);
        let is_watched = watched != Watched::No;
        for (probe, &through) in link.probes.iter().zip(&fit.through) {
            let own = choose::of_probe(&**probe, link.state.hashed, watched, fit.abi, through);
            let row = probe.thunk(through, is_watched).row(
                probe.data(),
                cookie,
                Arc::as_ptr(&link.state),
                through,
                own.unwrap_or(core::ptr::null()),
            );
            self.of_kind(probe.kind()).push(row);
        }
    }

    fn of_kind(&mut self, kind: Kind) -> &mut Vec<Row> {
        match kind {
            Kind::Fentry => &mut self.entries,
            Kind::FmodRet => &mut self.mods,
            Kind::Fexit => &mut self.exits,
            Kind::Poll => &mut self.polls,
        }
    }

    /// Chooses the row of each link at which a missed call counts. Modify-return probes come last:
    /// another's may end their row before it is their turn.
    ///
    /// Each group is in attach order.
    fn count_misses_once(&mut self) {
        let Self { entries, mods, exits, polls } = self;
        count_once(entries, [&[], &[]]);
        count_once(exits, [entries, &[]]);
        count_once(mods, [entries, exits]);
        // A poll that was not seen is missed whether or not the life was.
        count_once(polls, [&[], &[]]);
    }

    fn into_list(mut self, abi: CallAbi) -> Result<ListBox, OutOfMemory> {
        let mut needs = Needs::NOTHING;
        if !self.mods.is_empty() || !self.exits.is_empty() {
            needs = needs.and(Needs::ORIGIN);
        }
        for group in [&mut self.entries, &mut self.mods, &mut self.exits, &mut self.polls] {
            // Stable: the probes of one link stay in the order in which it was given them.
            group.sort_by_key(|row| state(row).rank());
            needs = group.iter().fold(needs, |needs, row| needs.and(state(row).needs));
        }
        self.count_misses_once();
        self.exits.reverse();
        let own_caller = self.own_caller(abi);
        ListBox::new(needs, own_caller, self.entries, self.mods, self.exits, self.polls)
    }

    /// The own caller of a list of these rows, if it has one.
    fn own_caller(&self, abi: CallAbi) -> Option<OwnCaller> {
        let Self { entries, mods, exits, polls } = self;
        // Async functions have no callers.
        if !polls.is_empty() {
            return None;
        }
        let rows = || entries.iter().chain(mods).chain(exits);
        let first = rows().next()?;
        let link = state(first);
        let own = choose::own(Holds {
            probes: [entries.len(), mods.len(), exits.len()],
            one_link: rows().all(|row| row.link == first.link),
            needs: link.needs,
            hashed: link.hashed,
            pair: link.pair.is_some(),
            watched: watched(link),
        });
        let code = own?.code(abi, first.specialised, first.through, link.pair)?;
        Some(OwnCaller { code, link: link.number })
    }
}
