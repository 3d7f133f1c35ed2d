//! Values that all parts of a program share.

use core::alloc;
use core::any::type_name;
use core::ffi::c_void;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic;

use crate::error::Error;
use crate::sync::{AtomicPtr, Mutex, Ordering, lock};
use crate::sys::allocate_zeroed;

use super::abi::{Answer, Ask, Host, Text};
use super::layout::Layout;

/// A type whose values parts of a program share that were compiled separately: atomics, and arrays of them.
///
/// Its layout is the same whatever compiled it, all zeroes are a value of it, and there is nothing to be dropped. So it has no
/// struct of a user's, which another compilation may lay out otherwise, nor anything that allocates, because each part
/// may have an allocator of its own: give each counter a name of its own instead.
///
/// # Safety
///
/// As it says above, and `LAYOUT` is that of no type that differs from it in more than how an array of arrays is divided.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be shared by parts of a program that are compiled separately",
    label = "neither an atomic nor an array of atomics"
)]
pub unsafe trait Shared: Sync + Sized + 'static {
    /// What it is.
    #[doc(hidden)]
    const LAYOUT: Layout;
}

/// The numbers of the kinds are a part of what [`VERSION`](super::abi::VERSION) is of: no number is used again.
macro_rules! atomics {
    ($($ty:ident $kind:literal;)*) => { $(
        // SAFETY: it has the layout of its integer, and zero is a value of that.
        unsafe impl Shared for atomic::$ty {
            const LAYOUT: Layout = Layout::of::<Self>($kind);
        }
    )* };
}

atomics! {
    AtomicBool 101;
    AtomicU8 102; AtomicU16 103; AtomicU32 104; AtomicUsize 106;
    AtomicI8 107; AtomicI16 108; AtomicI32 109; AtomicIsize 111;
}

#[cfg(target_has_atomic = "64")]
atomics! { AtomicU64 105; AtomicI64 110; }

// SAFETY: its elements are such, one beside the other.
unsafe impl<T: Shared, const N: usize> Shared for [T; N] {
    const LAYOUT: Layout = Layout {
        kind: T::LAYOUT.kind,
        count: N * T::LAYOUT.count,
        bytes: size_of::<Self>(),
        align: align_of::<Self>(),
    };
}

/// The value that is shared under the name of a library and a name in it: the same wherever in the program it is asked
/// for, also in a library that was compiled on its own and opened with [`ProbeLibrary::open`](super::ProbeLibrary::open).
///
/// Whoever asks first makes it, of zeroes. It stays for the life of the program, so a library that is loaded again, or
/// its next version, finds what the first has left.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
///
/// let hits = gtramp::shared::<AtomicU64>("audit", "hits")?;
/// hits.fetch_add(1, Relaxed);
/// assert_eq!(gtramp::shared::<AtomicU64>("audit", "hits")?.load(Relaxed), 1);
/// # Ok::<(), gtramp::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::OtherShared`] if what is there under these names is of another type, and [`Error::OutOfMemory`]. What is
/// there stays as it is.
pub fn shared<T: Shared>(library: &str, name: &str) -> Result<&'static T, Error> {
    let ask = Ask {
        library: Text::new(library),
        name: Text::new(name),
        layout: T::LAYOUT,
        type_name: Text::new(type_name::<T>()),
    };
    let host: *const Host = HOST.load(Ordering::Acquire);
    // SAFETY: null, or a host of this version, which is there for ever.
    let answer = match unsafe { host.as_ref() } {
        Some(host) => (host.share)(&ask),
        None => share(&ask),
    };
    if answer.layout != T::LAYOUT {
        return Err(Error::OtherShared {
            library: library.to_owned(),
            name: name.to_owned(),
            asked: type_name::<T>(),
            there: answer.type_name.get(),
        });
    }
    // SAFETY: null, or a value of this layout, which is `T`'s alone, and stays for ever.
    unsafe { answer.at.cast_const().cast::<T>().as_ref() }.ok_or(Error::OutOfMemory {
        function: None,
        what: "a shared value",
        bytes: T::LAYOUT.bytes,
    })
}

/// The program that has opened this library; null where this is the program.
static HOST: AtomicPtr<Host> = AtomicPtr::new(core::ptr::null_mut());

/// From now on it has what is shared.
pub(super) fn set_host(host: &'static Host) {
    // Release: whoever finds it finds what it points to.
    HOST.store(core::ptr::from_ref(host).cast_mut(), Ordering::Release);
}

/// The program that this library is a part of, if another has opened it.
pub(super) fn outer_host() -> *const Host {
    HOST.load(Ordering::Acquire)
}

/// A value, and what it was made as. Both stay for ever.
struct Held {
    at: *mut c_void,
    layout: Layout,
    type_name: &'static str,
}

// SAFETY: what it points to is `Sync`.
unsafe impl Send for Held {}

/// All of them, by library and name.
static HELD: Mutex<BTreeMap<(String, String), Held>> = Mutex::new(BTreeMap::new());

/// Finds or makes what is asked for.
pub(super) extern "C" fn share(ask: &Ask<'_>) -> Answer<'static> {
    let key = (ask.library.get().to_owned(), ask.name.get().to_owned());
    let mut all = lock(&HELD);
    let held = match all.entry(key) {
        Entry::Occupied(there) => there.into_mut(),
        Entry::Vacant(room) => {
            let at = zeroed(ask.layout);
            if at.is_null() {
                return Answer { at, layout: ask.layout, type_name: Text::new("") };
            }
            // Whoever has asked may be unloaded.
            let type_name = ask.type_name.get().to_owned().leak();
            room.insert(Held { at, layout: ask.layout, type_name })
        }
    };
    Answer { at: held.at, layout: held.layout, type_name: Text::new(held.type_name) }
}

/// Room for a value for ever; null if there is none.
fn zeroed(layout: Layout) -> *mut c_void {
    let layout = alloc::Layout::from_size_align(layout.bytes.max(1), layout.align);
    let room = layout.ok().and_then(|layout| allocate_zeroed(layout).ok());
    room.map_or(core::ptr::null_mut(), |room| room.as_ptr().cast())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering::Relaxed};

    use super::shared;
    use crate::error::Error;

    #[test]
    fn one_name_in_one_library_is_one_value() {
        let [one, same] = [(); 2].map(|()| shared::<AtomicU64>("shared::tests", "one").unwrap());
        one.store(7, Relaxed);
        assert_eq!(same.load(Relaxed), 7);
        for (library, name) in [("shared::tests", "other"), ("another", "one")] {
            assert_eq!(shared::<AtomicU64>(library, name).unwrap().load(Relaxed), 0);
        }
    }

    #[test]
    fn another_type_of_the_same_size_is_refused_and_told_what_is_there() {
        shared::<AtomicU64>("shared::tests", "typed").unwrap().store(3, Relaxed);
        let error = shared::<AtomicI64>("shared::tests", "typed").unwrap_err();
        assert!(matches!(error, Error::OtherShared { .. }));
        assert_eq!(
            error.to_string().replace("core::sync::atomic::", ""),
            "`typed` of library `shared::tests` is shared as `AtomicU64`, but this asks for `AtomicI64`: parts \
             that share a value name the same type"
        );
        assert_eq!(shared::<AtomicU64>("shared::tests", "typed").unwrap().load(Relaxed), 3);
        assert!(shared::<[AtomicU64; 2]>("shared::tests", "typed").is_err());
        shared::<[AtomicU8; 8]>("shared::tests", "array").unwrap()[7].store(1, Relaxed);
        assert!(shared::<AtomicU64>("shared::tests", "array").is_err());
        assert!(shared::<[AtomicU8; 0]>("shared::tests", "nothing").unwrap().is_empty());
    }
}
