//! Everything that a transaction can change, as it is at one moment: two of them are equal if
//! nothing has changed in between.

#![cfg_attr(fuzzing, allow(dead_code, reason = "tests use more of it"))]

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::arch::{AIM, ENTRY_LEN, SWITCH_LEN};
use crate::caller::TABLE;
use crate::grace::Mark;
use crate::md::Md;
use crate::probe::List;
use crate::site::{Function, Record, SiteData, Switch};

use super::line::Errand;
use super::transaction::Transaction;

/// Tests that look at the state of the whole process take turns.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The state of some functions, of the hash table and of the program's pages.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    sites: Vec<SiteState>,
    /// Keys in the hash table, keys that were in it, cells.
    table: (usize, usize, usize),
    attaches: u64,
    retired: usize,
    /// The mappings of the program's file with their protections.
    pages: Vec<String>,
}

type Words = [usize; size_of::<SiteData>() / size_of::<usize>()];

#[derive(Debug, PartialEq, Eq)]
struct SiteState {
    bytes: [u8; ENTRY_LEN],
    /// The bytes of its switches.
    switches: Vec<[u8; SWITCH_LEN]>,
    /// The site's words.
    data: Words,
    /// The selected caller.
    caller: usize,
    armed: bool,
    /// The list's address and its caller.
    list: Option<(usize, usize)>,
    rows: Vec<RowState>,
    /// What a look-up in the hash table finds.
    found: Option<usize>,
}

#[derive(Debug, PartialEq, Eq)]
struct RowState {
    probe: usize,
    cookie: u64,
    link: usize,
    dead: bool,
}

impl Snapshot {
    pub(crate) fn of<'f>(functions: impl IntoIterator<Item = &'f Function>) -> Self {
        let mut transaction = Transaction::begin(Errand::Coming).expect("it is no child");
        let sites = functions.into_iter().flat_map(|function| function.sites());
        let sites = sites.map(|site| SiteState::of(site)).collect();
        let retired = transaction.retired();
        let state = transaction.state();
        let (live, removed) = state.table.keys();
        let table = (live, removed, state.table.capacity());
        Self { sites, table, attaches: state.attaches, retired, pages: pages() }
    }

    /// Whether no site has a probe and none is armed.
    pub(crate) fn is_off(&self) -> bool {
        self.sites.iter().all(|site| !site.armed && site.rows.is_empty())
    }

    /// The bytes of every entry and of its switches.
    pub(crate) fn bytes(&self) -> Vec<([u8; ENTRY_LEN], Vec<[u8; SWITCH_LEN]>)> {
        self.sites.iter().map(|site| (site.bytes, site.switches.clone())).collect()
    }

    /// Whether every entry is as it was before, as far as a call can tell: the short way to its caller
    /// aside, and an entry that was armed with nothing to run may have been disarmed.
    pub(crate) fn has_entries_of(&self, before: &Self) -> bool {
        let pairs = before.sites.iter().zip(&self.sites);
        pairs.into_iter().all(|(before, now)| {
            let is_idle = before.armed && before.rows.is_empty() && now.rows.is_empty();
            is_idle || before.without_aim() == now.without_aim() && before.switches == now.switches
        })
    }

    /// What the program's pages may be used for.
    pub(crate) fn pages(&self) -> &[String] {
        &self.pages
    }

    /// Keys in the hash table.
    #[cfg(target_arch = "x86_64")] // As the one test that asks.
    pub(crate) fn hashed(&self) -> usize {
        self.table.0
    }
}

impl SiteState {
    /// The bytes of the entry but for the distance to its caller.
    fn without_aim(&self) -> [u8; ENTRY_LEN] {
        let mut bytes = self.bytes;
        bytes[AIM].fill(0);
        bytes
    }

    fn of(site: &Record) -> Self {
        let data = site.data();
        let md = Md::existing(data);
        let list = md.map(Md::current);
        let rows = list.map_or(&[][..], List::rows).iter().map(|row| RowState {
            probe: row.probe.addr(),
            cookie: row.cookie,
            link: row.link.addr(),
            dead: row.is_dead(),
        });
        let mark = Mark::new(core::ptr::null_mut());
        let found = TABLE.find(site.entry().addr(), &mark);
        Self {
            // SAFETY: an entry stub is this long, and code can be read.
            bytes: unsafe { site.entry().cast::<[u8; ENTRY_LEN]>().read_volatile() },
            switches: site.switches().iter().map(|switch| bytes_of(switch)).collect(),
            // SAFETY: it is made of atomic words, which only a transaction changes, and this is one.
            data: unsafe { core::ptr::from_ref(data).cast::<Words>().read_volatile() },
            caller: md.map_or(0, |md| md.caller().addr()),
            armed: md.is_some_and(Md::is_armed),
            list: list.map(|list| {
                let caller = list.specialised().map_or(0, <*const ()>::addr);
                (core::ptr::from_ref(list).addr(), caller)
            }),
            rows: rows.collect(),
            found: found.map(|md| core::ptr::from_ref(md).addr()),
        }
    }
}

fn bytes_of(switch: &Switch) -> [u8; SWITCH_LEN] {
    // SAFETY: a switch is this long, and code can be read.
    unsafe { switch.code().cast::<[u8; SWITCH_LEN]>().read_volatile() }
}

/// What the pages of the program's file may be used for. Neighbours of the same use count as one
/// mapping, as which the kernel may or may not keep them.
fn pages() -> Vec<String> {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux has it");
    let program = std::env::current_exe().expect("it has a file");
    let program = program.to_str().expect("it is text");
    let mut pages: Vec<(&str, &str, &str)> = Vec::new();
    for line in maps.lines().filter(|line| line.ends_with(program)) {
        let mut words = line.split_whitespace();
        let (range, of) = (words.next().expect("a range"), words.next().expect("a protection"));
        let (start, end) = range.split_once('-').expect("a range");
        match pages.last_mut() {
            Some(last) if (last.1, last.2) == (start, of) => last.1 = end,
            _ => pages.push((start, end, of)),
        }
    }
    pages.into_iter().map(|(start, end, of)| format!("{start}-{end} {of}")).collect()
}
