//! What tracing takes in memory: of a site that nothing is attached to, and of an attached function.

use std::collections::BTreeMap;
use std::error::Error;

use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

use crate::bulk::attach;
use crate::crowd::{self, FUNCTIONS};

/// Bytes, on average.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// A site's record and its word of data. Names and types are not among them: they are constants
    /// that functions of one source share.
    pub data: f64,
    /// A site's entry stub and what describes it.
    pub code: f64,
    /// What an attached function takes on the heap: its metadata, its list, its place in the link.
    pub attached: f64,
}

/// Measures this program. To be asked before anything is attached: metadata stay.
///
/// # Errors
///
/// What reading the program's file fails with, and what attaching fails with.
pub fn measure() -> Result<Memory, Box<dyn Error>> {
    let (data, code) = sites()?;
    // What is read once does not count.
    let _ = gtramp::functions();
    let before = heap();
    let link = attach(crowd::all())?;
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let attached = (heap() - before) as f64 / FUNCTIONS as f64;
    drop(link);
    Ok(Memory { data, code, attached })
}

/// Bytes of data and of code of each site that the macro made.
fn sites() -> Result<(f64, f64), Box<dyn Error>> {
    const FUNCTION_ALIGN: u64 = 16;
    let file = std::fs::read("/proc/self/exe")?;
    let file = object::File::parse(&*file)?;
    let records = file.section_by_name("gtramp_sites").ok_or("there are no sites")?.size();
    // By address: what is the same is there once.
    let (mut entries, mut describing) = (BTreeMap::new(), BTreeMap::new());
    for symbol in file.symbols() {
        let Some((_, name)) = symbol.name().unwrap_or_default().split_once("4site5entry") else {
            continue;
        };
        let size = symbol.size().next_multiple_of(FUNCTION_ALIGN);
        if name.contains("describe_") {
            describing.insert(symbol.address(), size);
        } else if name.contains("entry_") {
            entries.insert(symbol.address(), size);
        }
    }
    if entries.is_empty() {
        return Err("the program's symbols were removed".into());
    }
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let average = |total: u64, count: usize| total as f64 / count as f64;
    let record = average(records, entries.len() + FUNCTIONS);
    let data = record + average(size_of::<usize>() as u64, 1);
    let code = entries.values().chain(describing.values()).sum();
    Ok((data, average(code, entries.len())))
}

/// Bytes that the allocator has given out.
#[cfg(target_env = "gnu")]
#[must_use]
pub fn heap() -> usize {
    // SAFETY: it only reads the allocator's own counts.
    let counts = unsafe { libc::mallinfo2() };
    counts.uordblks + counts.hblkhd
}

/// Not known of other allocators.
#[cfg(not(target_env = "gnu"))]
#[must_use]
pub fn heap() -> usize {
    0
}
