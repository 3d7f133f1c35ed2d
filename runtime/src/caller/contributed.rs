//! Callers that crates contribute: compiled for two probes of theirs whose types no builder sees
//! together. Their records lie in the section `gtramp_variants`, so that nobody has to register
//! them.

use core::any::TypeId;
use core::mem::size_of;

use crate::probe::{EntryProbe, ExitProbe, PairCaller};

use super::compiled::pair_caller;

/// A caller for an entry and an exit probe, which attributes made.
#[derive(Debug)]
#[repr(C)]
pub struct Contributed {
    entry: fn() -> TypeId,
    exit: fn() -> TypeId,
    caller: PairCaller,
}

impl Contributed {
    /// The caller for a probe of type `P` and one of type `Q`.
    #[must_use]
    pub const fn pair<P: EntryProbe, Q: ExitProbe>() -> Self {
        Self { entry: TypeId::of::<P>, exit: TypeId::of::<Q>, caller: pair_caller::<P, (), Q, ()> }
    }
}

/// The caller that some crate has contributed for these two types.
pub(crate) fn contributed_caller(entry: TypeId, exit: TypeId) -> Option<PairCaller> {
    let fits = |one: &&Contributed| (one.entry)() == entry && (one.exit)() == exit;
    all().iter().find(fits).map(|one| one.caller)
}

#[cfg(gtramp_stubs)]
fn all() -> &'static [Contributed] {
    let [start, stop] = crate::arch::variants().map(<*const ()>::cast::<Contributed>);
    if start.is_null() {
        return &[];
    }
    let bytes = stop.addr() - start.addr();
    // SAFETY: the section holds nothing but these, which are constant and of one alignment and size.
    unsafe { core::slice::from_raw_parts(start, bytes / size_of::<Contributed>()) }
}

#[cfg(not(gtramp_stubs))]
fn all() -> &'static [Contributed] {
    &[]
}

/// Contributes a caller for the entry probe and the exit probe of these paths.
#[doc(hidden)]
#[macro_export]
macro_rules! __contribute {
    ($entry:path, $exit:path) => {
        const _: () = {
            #[cfg(target_os = "linux")]
            #[used]
            #[unsafe(link_section = "gtramp_variants")]
            static CONTRIBUTED: $crate::__private::Contributed =
                $crate::__private::Contributed::pair::<$entry, $exit>();
        };
    };
}

#[cfg(all(test, gtramp_stubs, not(loom)))]
mod tests {
    use core::any::TypeId;

    use crate::{Entry, Exit, fentry, fexit, site, traceable};

    #[traceable]
    fn watched(x: u64) -> u64 {
        x + 1
    }

    #[fentry]
    fn before(_: &Entry<'_>, _: u64) {}

    #[fexit]
    fn after(_: &Exit<'_>, _: u64) {}

    #[fexit]
    fn another(_: &Exit<'_>, _: u64) {}

    crate::__contribute!(before, after);

    #[test]
    fn a_link_of_two_probes_has_the_caller_that_was_contributed_for_them() {
        let types = (TypeId::of::<before>(), TypeId::of::<after>());
        let caller = super::contributed_caller(types.0, types.1).expect("it is in the section");
        assert!(super::contributed_caller(types.1, types.0).is_none());
        let md = |function: &crate::Function| {
            let mds =
                function.sites().iter().filter_map(|site| crate::md::Md::existing(site.data()));
            mds.map(|md| md.caller()).collect::<Vec<_>>()
        };
        let function = site!(watched).function().expect("it is traceable");
        let link = site!(watched).link().fentry(before).fexit(after).attach().unwrap();
        assert_eq!(md(function), [caller(1, 0).unwrap()]);
        assert_eq!(watched(1), 2);
        drop(link);
        let link = site!(watched).link().fentry(before).fexit(another).attach().unwrap();
        assert_ne!(md(function), [caller(1, 0).unwrap()]);
        assert_eq!(watched(1), 2);
        drop(link);
    }
}
