//! Libraries that the program has opened, and their probes.

use core::any::Any;
use core::fmt;
use std::sync::{Arc, Weak};

use crate::error::Error;
use crate::probe::{Entry, EntryProbe, Exit, ExitProbe, Kind, Param, RetParam};
use crate::sync::{Mutex, lock};

use super::abi::{ENTRY, LibraryStart, Row, Table, VERSION};
use super::host::{At, HOST, run};
use super::shared::outer_host;

/// A shared library with probes in it, which was compiled on its own: [`probe_library!`](crate::probe_library).
///
/// Its probes are attached as any others, and while one is, or a call is in one, the library stays: it is unloaded when
/// this handle, its clones and its probes are gone. The system may keep it longer: until threads have ended that have
/// thread-locals of the library which are to be dropped, as one has that has panicked in it.
///
/// ```no_run
/// # use libloading::Library;
/// use gtramp::ProbeLibrary;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // SAFETY: it is a probe library of ours.
/// let audit = unsafe { Library::new("libaudit.so") }?;
/// let start = *unsafe { audit.get(ProbeLibrary::SYMBOL) }?;
/// let audit = unsafe { ProbeLibrary::open(start, audit) }?;
///
/// let link = gtramp::fentry("bank::**", audit.entry("count")?)?;
/// drop(link); // waits until no call is in the probe
/// audit.unload()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ProbeLibrary(Arc<Loaded>);

/// An opened library. What is in it is there until this is dropped.
struct Loaded {
    table: *const Table,
    /// Unloads it when it is dropped.
    _owner: Box<dyn Any + Send + Sync>,
}

// SAFETY: the table does not change, and the owner says so itself.
unsafe impl Send for Loaded {}
// SAFETY: as above.
unsafe impl Sync for Loaded {}

/// All that were opened, some of which may be gone.
static OPENED: Mutex<Vec<(String, Weak<Loaded>)>> = Mutex::new(Vec::new());

impl Loaded {
    fn table(&self) -> &Table {
        // SAFETY: `open` was promised that it stays as long as the owner.
        unsafe { &*self.table }
    }
}

impl ProbeLibrary {
    /// The name of the symbol that [`ProbeLibrary::open`] asks for, with its final zero.
    pub const SYMBOL: &'static [u8] = b"gtramp_probe_library\0";

    /// Opens a library that something else has loaded. `owner` keeps it loaded, and unloads it when it is dropped:
    /// that of the crate `libloading` does.
    ///
    /// # Safety
    ///
    /// `start` is the symbol [`ProbeLibrary::SYMBOL`] of a library in which [`probe_library!`](crate::probe_library) has made it, and the library
    /// stays loaded while `owner` lives. The program that opens it, if it is a library itself, is not unloaded before it.
    ///
    /// # Errors
    ///
    /// [`Error::NotALibrary`] if it was built for another version of what programs and libraries hand to each other, and
    /// [`Error::LibraryOpen`] if one of its name is open. `owner` is dropped then.
    pub unsafe fn open(
        start: LibraryStart,
        owner: impl Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let outer = outer_host();
        let host = if outer.is_null() { &raw const HOST } else { outer };
        // SAFETY: the caller's promise, and the host stays.
        let table = unsafe { start(host) };
        // SAFETY: every version begins with its number.
        if table.is_null() || unsafe { table.cast::<u32>().read() } != VERSION {
            return Err(Error::NotALibrary {
                reason: format!("it does not know version {VERSION} of what is handed over"),
            });
        }
        let loaded = Arc::new(Loaded { table, _owner: Box::new(owner) });
        let name = loaded.table().name.get();
        let mut opened = lock(&OPENED);
        // Not upgraded: what unloads a library must not run here.
        opened.retain(|(_, library)| library.strong_count() > 0);
        if opened.iter().any(|(other, _)| other == name) {
            let library = name.to_owned();
            drop(opened);
            return Err(Error::LibraryOpen { library });
        }
        opened.push((name.to_owned(), Arc::downgrade(&loaded)));
        drop(opened);
        Ok(Self(loaded))
    }

    /// The name that it gives itself.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.table().name.get()
    }

    /// Its probes: names and kinds.
    pub fn probes(&self) -> impl ExactSizeIterator<Item = (&str, Kind)> {
        self.0.table().rows().iter().map(|row| (row.name.get(), kind(row)))
    }

    /// Its probe of this name for before functions.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchProbe`], which says what there is.
    pub fn entry(&self, name: &str) -> Result<LibraryEntry, Error> {
        self.find(name, Kind::Fentry).map(LibraryEntry)
    }

    /// Its probe of this name for after functions.
    ///
    /// # Errors
    ///
    /// As [`ProbeLibrary::entry`].
    pub fn exit(&self, name: &str) -> Result<LibraryExit, Error> {
        self.find(name, Kind::Fexit).map(LibraryExit)
    }

    fn find(&self, name: &str, kind: Kind) -> Result<Found, Error> {
        let place = self.probes().position(|probe| probe == (name, kind));
        let place = place.ok_or_else(|| Error::NoSuchProbe {
            library: self.name().to_owned(),
            name: name.to_owned(),
            kind,
            there: self.probes().map(|(name, kind)| format!("{name} ({kind})")).collect(),
        })?;
        Ok(Found { library: self.clone(), place })
    }

    /// Unloads it, if none of its probes is attached any more.
    ///
    /// # Errors
    ///
    /// [`Error::LibraryInUse`] if one is, or if somebody else has a handle. It is unloaded when they are gone.
    pub fn unload(self) -> Result<(), Error> {
        let library = self.name().to_owned();
        // The last handle: nobody can come to another but through this, or through `library`, which then has it.
        match Arc::try_unwrap(self.0) {
            Ok(loaded) => {
                drop(loaded);
                Ok(())
            }
            Err(shared) => {
                Err(Error::LibraryInUse { library, holders: Arc::strong_count(&shared) - 1 })
            }
        }
    }
}

/// The open library of this name.
///
/// # Errors
///
/// [`Error::NoSuchLibrary`], which says what there is.
pub fn library(name: &str) -> Result<ProbeLibrary, Error> {
    let opened = lock(&OPENED);
    let found = opened.iter().filter(|(other, _)| other == name);
    let found = found.filter_map(|(_, library)| library.upgrade()).next();
    let there = opened.iter().filter(|(_, library)| library.strong_count() > 0);
    let there: Vec<_> = there.map(|(name, _)| name.clone()).collect();
    drop(opened);
    found.map(ProbeLibrary).ok_or_else(|| Error::NoSuchLibrary { name: name.to_owned(), there })
}

fn kind(row: &Row) -> Kind {
    if row.kind == ENTRY { Kind::Fentry } else { Kind::Fexit }
}

/// A probe of a library that is kept loaded by it.
#[derive(Clone)]
struct Found {
    library: ProbeLibrary,
    place: usize,
}

impl Found {
    fn row(&self) -> &Row {
        &self.library.0.table().rows()[self.place]
    }
}

/// A library's probe for before functions: [`ProbeLibrary::entry`]. It is attached as a closure is.
#[derive(Clone)]
pub struct LibraryEntry(Found);

/// A library's probe for after functions: [`ProbeLibrary::exit`]. It is attached as a closure is.
#[derive(Clone)]
pub struct LibraryExit(Found);

// Not for everybody whose closure does not fit.
#[diagnostic::do_not_recommend]
// SAFETY: it asks for no argument.
unsafe impl EntryProbe for LibraryEntry {
    fn params() -> Vec<Param> {
        Vec::new()
    }

    unsafe fn call(&self, ctx: &Entry<'_>) {
        run(self.0.row(), At::Entry(ctx));
    }
}

#[diagnostic::do_not_recommend]
// SAFETY: as above, and for no result.
unsafe impl ExitProbe for LibraryExit {
    fn params() -> Vec<Param> {
        Vec::new()
    }

    fn ret() -> Option<RetParam> {
        None
    }

    unsafe fn call(&self, ctx: &Exit<'_>) {
        run(self.0.row(), At::Exit(ctx));
    }
}

impl fmt::Debug for ProbeLibrary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProbeLibrary").field(&self.name()).finish()
    }
}

macro_rules! debug {
    ($($ty:ident),*) => { $(
        impl fmt::Debug for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let (library, probe) = (self.0.library.name(), self.0.row().name.get());
                f.debug_tuple(stringify!($ty)).field(&library).field(&probe).finish()
            }
        }
    )* };
}

debug!(LibraryEntry, LibraryExit);
