//! Making the pages of a batch writable, and writing.

use core::ops::Range;

use crate::arch::{self, Patch};
use crate::error::Error;
use crate::site::{Record, Switch};
use crate::sync::{AtomicU8, AtomicUsize, Ordering};
use crate::sys::{self, MemoryFile, OutOfMemory, Protection};

/// Runs of pages this close are changed as one: the pages between are code as well, and a
/// call of the system costs more than they do.
const NEAR: usize = 8;

/// The entries of a batch, ready to be written.
#[derive(Debug)]
pub(crate) struct Writable {
    way: Way,
    written: bool,
}

#[derive(Debug)]
enum Way {
    /// Through memory: these runs of pages are writable until the batch is closed.
    Pages(Vec<Range<usize>>),
    /// Through the process's memory file.
    File(MemoryFile),
    /// Not at all: the entries jump through their data, which can always be written.
    Data,
}

impl Way {
    /// To entries at these addresses: to all of them, or to none.
    fn to(entries: impl Iterator<Item = usize> + Clone) -> Result<Self, Error> {
        let runs = runs(entries.clone(), sys::page_size()).map_err(|refused| {
            Error::OutOfMemory { function: None, what: "the list of pages", bytes: refused.bytes }
        })?;
        for (done, run) in runs.iter().enumerate() {
            if let Err(source) = protect(run, Protection::Writable) {
                for run in &runs[..done] {
                    restore(run);
                }
                let file = through_file(entries);
                let file = file.map_err(|_| Error::Poke { address: run.start, source })?;
                return Ok(Self::File(file));
            }
        }
        runs.iter().for_each(set_apart);
        Ok(Self::Pages(runs))
    }
}

impl Writable {
    /// Makes the entries and the switches of all `sites` writable, or none.
    pub(crate) fn open<'s>(sites: impl Iterator<Item = &'s Record> + Clone) -> Result<Self, Error> {
        if cfg!(gtramp_slot) {
            return Ok(Self { way: Way::Data, written: false });
        }
        let places = sites.flat_map(|site| {
            // Elsewhere nothing in an entry is ever written.
            let entry = (!arch::AIM.is_empty()).then(|| site.entry().addr());
            let switches = site.switches().iter().map(|switch| switch.code().addr());
            let new = site.switches().iter().filter(|_| site.data().is_new()).flat_map(|switch| {
                let target = switch.target().addr();
                [target, target + arch::SHORTENED]
            });
            entry.into_iter().chain(switches).chain(new)
        });
        Ok(Self { way: Way::to(places)?, written: false })
    }

    /// Whether the system has refused to open pages. Those that had been opened before were closed again, and may
    /// be pages of another batch that is open.
    pub(crate) fn was_refused(&self) -> bool {
        matches!(self.way, Way::File(_))
    }

    /// Makes one switch writable, which belongs to no site.
    pub(super) fn trial(code: *const ()) -> Result<Self, Error> {
        Ok(Self { way: Way::to(core::iter::once(code.addr()))?, written: false })
    }

    /// Lets the switches of the sites, those of the batch that were never armed, lead to their stubs without
    /// detours. Every core has been told when this returns.
    ///
    /// Not through the file, which would take a write for each byte: then they go the long way.
    pub(crate) fn shorten<'s>(&mut self, sites: impl Iterator<Item = &'s Record>) {
        let Way::Pages(_) = self.way else { return };
        let mut written = false;
        let new = sites.filter(|site| site.data().is_new());
        new.flat_map(Record::switches).for_each(|switch| {
            let (target, entry) = (switch.target().expose_provenance(), switch.entry());
            let entry = entry.expose_provenance();
            // SAFETY: no switch of a site that is new was ever armed; all of it is writable since `open`.
            written |= unsafe { arch::shorten(switch.code(), target, entry) };
        });
        if written {
            sys::sync_core();
        }
    }

    /// Arms or disarms a site of the batch: the switch of every copy of its function. If it cannot, the site
    /// is as it was.
    pub(crate) fn switch(&mut self, site: &Record, armed: bool) -> Result<(), Error> {
        let switches = site.switches();
        for (done, switch) in switches.iter().enumerate() {
            if let Err(error) = self.one_switch(switch, armed) {
                for switch in &switches[..done] {
                    let _ = self.one_switch(switch, !armed);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn one_switch(&mut self, switch: &Switch, armed: bool) -> Result<(), Error> {
        self.one(switch.code(), switch.target().addr(), armed)
    }

    /// Arms or disarms the switch at `code`, which is one of the batch's.
    pub(super) fn one(&mut self, code: *const (), target: usize, armed: bool) -> Result<(), Error> {
        self.write(code, arch::switch_patch(code.addr(), target, armed))
    }

    fn write(&mut self, place: *const (), patch: Patch) -> Result<(), Error> {
        match &self.way {
            Way::Data => {
                // SAFETY: a switch's byte of data, which is only ever accessed as an atomic.
                let byte = unsafe { &*place.cast::<AtomicU8>() };
                // Release: whoever finds it armed sees the metadata.
                byte.store(patch.to_le_bytes()[0], Ordering::Release);
                return Ok(());
            }
            // SAFETY: the place is mapped, and writable since `open`.
            Way::Pages(_) => unsafe { arch::write(place, patch) },
            Way::File(file) => {
                // SAFETY: both bytes are right at any time, see the module's documentation.
                let written = unsafe { file.write(place.addr(), patch.to_ne_bytes()[0]) };
                written.map_err(|source| Error::Poke { address: place.addr(), source })?;
            }
        }
        self.written = true;
        Ok(())
    }

    /// Shows an entry of the batch the short way to its caller, or with null, none; whether it could.
    ///
    /// Not through the file: in which pieces the kernel copies more than a byte is not promised, and
    /// a thread may be about to fetch it, even of an entry that is not armed.
    pub(crate) fn aim(&mut self, site: &Record, caller: *const ()) -> bool {
        let Way::Pages(_) = self.way else { return false };
        // SAFETY: the entry is mapped, and writable since `open`; the caller was selected for its
        // function.
        unsafe { arch::aim(site.entry(), caller) };
        self.written = true;
        true
    }
}

impl Drop for Writable {
    /// Pages as before, every core told.
    fn drop(&mut self) {
        if let Way::Pages(runs) = &self.way {
            runs.iter().for_each(restore);
        }
        if self.written {
            sys::sync_core();
        }
    }
}

/// Tries the memory file at every entry with a write that changes nothing. What such a write can
/// fail for is the memory for a page's private copy, which is there afterwards.
///
/// Only where a switch is one byte: in which pieces the kernel copies more is not promised.
fn through_file(entries: impl Iterator<Item = usize>) -> std::io::Result<MemoryFile> {
    if size_of::<Patch>() > 1 {
        return Err(std::io::ErrorKind::Unsupported.into());
    }
    let file = MemoryFile::open()?;
    for entry in entries {
        let byte = core::ptr::with_exposed_provenance::<u8>(entry);
        // SAFETY: an entry is mapped, and code can be read.
        let byte = unsafe { byte.read_volatile() };
        // SAFETY: the byte is the one that is there.
        unsafe { file.write(entry, byte) }?;
    }
    Ok(file)
}

/// The runs of pages on which these addresses lie.
fn runs(
    mut addresses: impl Iterator<Item = usize>,
    page: usize,
) -> Result<Vec<Range<usize>>, OutOfMemory> {
    let mut pages: Vec<usize> = Vec::new();
    // Neighbours are often on one page; entries and switches are on pages of their own.
    let mut latest = [usize::MAX; 64];
    // An iterator of iterators goes through them faster by itself than it is asked for the next.
    addresses.try_for_each(|address| {
        let start = address & !(page - 1);
        let known = &mut latest[start / page % 64];
        if *known != start {
            *known = start;
            sys::push(&mut pages, start)?;
        }
        Ok(())
    })?;
    pages.sort_unstable();
    pages.dedup();
    let mut runs: Vec<Range<usize>> = Vec::new();
    for start in pages {
        match runs.last_mut() {
            Some(run) if start <= run.end + NEAR * page => run.end = start + page,
            _ => sys::push(&mut runs, start..start + page)?,
        }
    }
    Ok(runs)
}

fn protect(run: &Range<usize>, protection: Protection) -> std::io::Result<()> {
    // SAFETY: the pages of sites, and pages between them: all of one program's code.
    unsafe { sys::protect(run.start, run.len(), protection) }
}

/// How many bytes a small run has at most: one of more takes longer to change than to split from what
/// lies around it.
const SMALL: usize = 64 * 4096;

/// The small runs that were set apart last, each where its first page leads: where it starts, and in the
/// bits that are 0 there, how many pages it has.
static APART: [AtomicUsize; 64] = [const { AtomicUsize::new(0) }; 64];

/// How often runs were set apart. Mappings are limited, and these stay.
static TIMES: AtomicUsize = AtomicUsize::new(0);

/// And how often that is done. The unit tests, which are one process, attach more often than that.
const MOST: usize = if cfg!(test) { 16 * 1024 } else { 1024 };

/// Keeps a small run a mapping of its own, for the life of the process. It is writable now, and so it is one.
///
/// When it is protected again, it would be merged with what lies around it, if that was written to as
/// well, and split from it when it is opened the next time: by a detach, if by nothing else. Splitting and
/// merging takes twice as long as all else about opening and closing a few pages.
fn set_apart(run: &Range<usize>) {
    if run.len() > SMALL {
        return;
    }
    let page = sys::page_size();
    let last = &APART[run.start / page % APART.len()];
    let this = run.start | (run.len() / page);
    // Relaxed: a note and nothing else. If it is out of date, the run is set apart once more, or merged.
    if last.load(Ordering::Relaxed) != this && TIMES.fetch_add(1, Ordering::Relaxed) < MOST {
        sys::set_apart(run.start, run.len());
        last.store(this, Ordering::Relaxed);
    }
}

fn restore(run: &Range<usize>) {
    // A refusal would leave the pages writable, which harms nothing that works: the process
    // may have run out of mappings, and nothing here could give it more.
    let _ = protect(run, Protection::Code);
}

#[cfg(test)]
mod tests {
    use super::runs;
    #[cfg(gtramp_stubs)]
    use super::{Patch, through_file};

    #[test]
    #[cfg(gtramp_stubs)]
    fn the_memory_file_is_for_switches_of_one_byte() {
        let code = super::restore as *const ();
        assert_eq!(through_file([code.addr()].into_iter()).is_ok(), size_of::<Patch>() == 1);
    }

    /// A system that refuses calls.
    #[cfg(all(target_os = "linux", not(miri)))]
    mod faults {
        use std::ops::Range;

        use super::super::{NEAR, Way, Writable};
        #[cfg(target_arch = "x86_64")]
        use super::super::{protect, restore};
        use crate::error::Error;
        #[cfg(target_arch = "x86_64")]
        use crate::sys::Protection;
        use crate::sys::{Call, page_size, refuse};

        const RUNS: usize = 5;

        /// Pages that stand for code, and an address in each run of them.
        fn code() -> (Range<usize>, Vec<usize>) {
            let apart = (NEAR + 3) * page_size();
            let len = RUNS * apart;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            // SAFETY: a new mapping at an address of the kernel's choice aliases nothing.
            let start = unsafe {
                libc::mmap(
                    core::ptr::null_mut(),
                    len,
                    libc::PROT_READ | libc::PROT_EXEC,
                    flags,
                    -1,
                    0,
                )
            };
            assert_ne!(start, libc::MAP_FAILED);
            let start = start.expose_provenance();
            // Not on the first page, which an emulator's list of mappings does not always tell from
            // what lies before it.
            let first = start + page_size() + 8;
            (start..start + len, (0..RUNS).map(|run| first + run * apart).collect())
        }

        /// How many bytes of a range may be written.
        fn writable(range: &Range<usize>) -> usize {
            let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux has it");
            let parse = |text| usize::from_str_radix(text, 16).expect("an address");
            let writable = maps.lines().filter_map(|line| {
                let (mapped, rest) = line.split_once(' ')?;
                let (start, end) = mapped.split_once('-')?;
                let (start, end) = (parse(start).max(range.start), parse(end).min(range.end));
                (rest.starts_with("rwx") && start < end).then(|| end - start)
            });
            writable.sum()
        }

        #[test]
        fn pages_of_which_any_run_is_refused_are_all_as_they_were() {
            let (range, entries) = code();
            for refused in 0..RUNS as u64 {
                let rule = Call::Protect.once_after(refused);
                let refusing = refuse(rule, Some(Call::OpenFile.always()));
                let error = Way::to(entries.iter().copied()).expect_err("one run is refused");
                assert!(refusing.was_met());
                let Error::Poke { address, .. } = error else { panic!("{error}") };
                let run = usize::try_from(refused).expect("it is small");
                assert_eq!(address, entries[run] - 8, "it says which");
                assert_eq!(writable(&range), 0);
            }
            let way = Way::to(entries.iter().copied()).expect("nothing is refused");
            assert_eq!(writable(&range), RUNS * page_size());
            drop(Writable { way, written: false });
            assert_eq!(writable(&range), 0);
        }

        #[test]
        #[cfg(target_arch = "x86_64")] // Elsewhere a switch is more than one byte.
        fn pages_that_are_refused_are_written_through_the_file_and_stay_as_they_were() {
            let (range, entries) = code();
            for refused in 0..RUNS as u64 {
                let refusing = refuse(Call::Protect.once_after(refused), None);
                let way = Way::to(entries.iter().copied()).expect("the file takes writes");
                assert!(refusing.was_met() && matches!(way, Way::File(_)));
                assert_eq!(writable(&range), 0);
            }
        }

        /// Whether a mapping begins and ends with this range.
        #[cfg(target_arch = "x86_64")]
        fn is_mapping(range: &Range<usize>) -> bool {
            let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux has it");
            let bounds = format!("{:x}-{:x} r-xp", range.start, range.end);
            maps.lines().any(|line| line.starts_with(&bounds))
        }

        #[test]
        #[cfg(target_arch = "x86_64")] // An emulator's list of mappings is not the kernel's.
        fn a_small_run_stays_a_mapping_of_its_own_after_its_neighbours_were_written_to() {
            if !std::path::Path::new("/sys/kernel/mm/transparent_hugepage").exists() {
                return;
            }
            let (range, entries) = code();
            let run = entries[1] - 8..entries[1] - 8 + page_size();
            for _ in 0..2 {
                protect(&range, Protection::Writable).expect("nothing is refused");
                restore(&range);
                let way = Way::to([entries[1]].into_iter()).expect("nothing is refused");
                assert!(!is_mapping(&run), "it is writable");
                drop(Writable { way, written: false });
                assert!(is_mapping(&run));
                assert_eq!(writable(&range), 0);
            }
        }

        #[test]
        fn pages_that_were_not_closed_are_closed_with_the_next_batch() {
            let (range, entries) = code();
            let way = Way::to(entries.iter().copied()).expect("nothing is refused");
            let refusing = refuse(Call::Protect.once_after(2), None);
            drop(Writable { way, written: false });
            assert!(refusing.was_met());
            drop(refusing);
            assert_eq!(writable(&range), page_size(), "a refusal leaves one run open");
            let way = Way::to(entries.iter().copied()).expect("nothing is refused");
            drop(Writable { way, written: false });
            assert_eq!(writable(&range), 0);
        }
    }

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "one run is what comes out")]
    fn addresses_of_one_page_share_a_run() {
        assert_eq!(runs([0x1008, 0x1ff8, 0x1000].into_iter(), 0x1000), Ok(vec![0x1000..0x2000]));
    }

    #[test]
    fn near_pages_join_and_far_ones_do_not() {
        let far = 0x1000 * 100;
        let near = 0x1000 * 4;
        assert_eq!(
            runs([0, near, far].into_iter(), 0x1000),
            Ok(vec![0..near + 0x1000, far..far + 0x1000])
        );
    }
}
