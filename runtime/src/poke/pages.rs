//! Making the pages of a batch writable, and writing.

use core::ops::Range;

use crate::arch::switch;
use crate::error::Error;
use crate::site::Record;
use crate::sync::Ordering;
use crate::sys::{self, MemoryFile, Protection};

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

impl Writable {
    /// Makes the entries of all `sites` writable, or none.
    pub(crate) fn open<'s>(sites: impl Iterator<Item = &'s Record>) -> Result<Self, Error> {
        if cfg!(gtramp_slot) {
            return Ok(Self { way: Way::Data, written: false });
        }
        let entries: Vec<usize> = sites.map(|site| site.entry().addr()).collect();
        let runs = runs(&entries, sys::page_size());
        for (done, run) in runs.iter().enumerate() {
            if let Err(source) = protect(run, Protection::Writable) {
                for run in &runs[..done] {
                    restore(run);
                }
                let file = through_file(entries[0]);
                let file = file.map_err(|_| Error::Poke { address: run.start, source })?;
                return Ok(Self { way: Way::File(file), written: false });
            }
        }
        Ok(Self { way: Way::Pages(runs), written: false })
    }

    /// Arms or disarms one entry of the batch.
    pub(crate) fn write(&mut self, site: &Record, armed: bool) {
        let entry = site.entry();
        match &self.way {
            Way::Data => {
                #[cfg(gtramp_slot)]
                site.data().switch(armed);
                return;
            }
            Way::Pages(_) => {
                let switch_byte = entry.cast::<core::sync::atomic::AtomicU8>();
                // SAFETY: the entry is mapped, and writable since `open`; threads that
                // execute it meanwhile are safe, see the module's documentation.
                let switch_byte = unsafe { &*switch_byte };
                // Release: a core that runs the armed entry sees the metadata behind it.
                switch_byte.store(switch(armed), Ordering::Release);
            }
            Way::File(file) => {
                // SAFETY: both bytes are right at any time, see the module's documentation.
                let written = unsafe { file.write(entry.addr(), switch(armed)) };
                written.expect("open() has written through this file before");
            }
        }
        self.written = true;
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

/// Tries the memory file with a write that changes nothing.
fn through_file(entry: usize) -> std::io::Result<MemoryFile> {
    let file = MemoryFile::open()?;
    let byte = core::ptr::with_exposed_provenance::<u8>(entry);
    // SAFETY: an entry is mapped, and code can be read.
    let byte = unsafe { byte.read_volatile() };
    // SAFETY: the byte is the one that is there.
    unsafe { file.write(entry, byte) }?;
    Ok(file)
}

/// The runs of pages on which these addresses lie.
fn runs(addresses: &[usize], page: usize) -> Vec<Range<usize>> {
    let mut pages: Vec<usize> = addresses.iter().map(|address| address & !(page - 1)).collect();
    pages.sort_unstable();
    pages.dedup();
    let mut runs: Vec<Range<usize>> = Vec::new();
    for start in pages {
        match runs.last_mut() {
            Some(run) if start <= run.end + NEAR * page => run.end = start + page,
            _ => runs.push(start..start + page),
        }
    }
    runs
}

fn protect(run: &Range<usize>, protection: Protection) -> std::io::Result<()> {
    // SAFETY: the pages of sites, and pages between them: all of one program's code.
    unsafe { sys::protect(run.start, run.len(), protection) }
}

fn restore(run: &Range<usize>) {
    // A refusal would leave the pages writable, which harms nothing that works: the process
    // may have run out of mappings, and nothing here could give it more.
    let _ = protect(run, Protection::Code);
}

#[cfg(test)]
mod tests {
    use super::runs;

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "one run is what comes out")]
    fn addresses_of_one_page_share_a_run() {
        assert_eq!(runs(&[0x1008, 0x1ff8, 0x1000], 0x1000), [0x1000..0x2000]);
    }

    #[test]
    fn near_pages_join_and_far_ones_do_not() {
        let far = 0x1000 * 100;
        let near = 0x1000 * 4;
        assert_eq!(runs(&[0, near, far], 0x1000), [0..near + 0x1000, far..far + 0x1000]);
    }
}
