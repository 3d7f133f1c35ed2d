//! Stand-ins for what the runtime defines around the rendered text. A test appends `samples`.
#![allow(dead_code, reason = "a small configuration leaves much of it unused")]

/// Sites.
mod site {
    use core::any::{TypeId, type_name};
    use core::marker::PhantomData;
    use core::mem::{ManuallyDrop, MaybeUninit, needs_drop};

    #[derive(Clone, Copy)]
    #[repr(transparent)]
    pub struct Slot(MaybeUninit<*const ()>);

    impl Slot {
        pub const fn uninit() -> Self {
            Self(MaybeUninit::uninit())
        }
        pub const fn holds<T>() -> bool {
            size_of::<T>() <= size_of::<Self>() && align_of::<T>() <= align_of::<Self>()
        }
        pub const fn pointer<T>(address: *mut T) -> Self {
            Self(MaybeUninit::new(address.cast_const().cast()))
        }
        /// # Safety
        ///
        /// An address was put in.
        pub unsafe fn address(self) -> *mut () {
            // SAFETY: the caller's promise.
            unsafe { self.0.assume_init() }.cast_mut()
        }
        /// # Safety
        ///
        /// The value is taken out at most once, and lives until then.
        pub unsafe fn of<T>(value: &ManuallyDrop<T>) -> Self {
            if !Self::holds::<T>() {
                return Self::pointer(core::ptr::from_ref(value).cast_mut());
            }
            let mut slot = Self(MaybeUninit::uninit());
            // SAFETY: `holds` has compared size and alignment; whose the value is then, is the caller's promise.
            unsafe { (&raw mut slot).cast::<T>().write(core::ptr::from_ref(value).cast::<T>().read()) };
            slot
        }
        /// # Safety
        ///
        /// A `T` was put in, and nobody has taken it out.
        pub unsafe fn take<T>(self) -> T {
            let value = match Self::holds::<T>() {
                true => (&raw const self).cast::<T>(),
                // SAFETY: `of` puts the address of what the slot does not hold.
                false => unsafe { self.address() }.cast::<T>().cast_const(),
            };
            // SAFETY: the caller's promise.
            unsafe { value.read() }
        }
    }

    impl Slot {
        /// # Safety
        ///
        /// There is room for a `T` at this place.
        unsafe fn at<T>(place: *mut T) -> Self {
            if !Self::holds::<T>() {
                return Self::pointer(place);
            }
            let mut slot = Self(MaybeUninit::uninit());
            // SAFETY: `holds` has compared size and alignment, and the rest is the caller's promise.
            unsafe { core::ptr::copy_nonoverlapping(place, (&raw mut slot).cast::<T>(), 1) };
            slot
        }
        /// # Safety
        ///
        /// `at` has made it of this place.
        unsafe fn restore<T>(&self, place: *mut T) {
            if Self::holds::<T>() {
                // SAFETY: `holds` has compared size and alignment, and the rest is the caller's promise.
                unsafe { core::ptr::copy_nonoverlapping((&raw const *self).cast::<T>(), place, 1) };
            }
        }
    }

    /// # Safety
    ///
    /// As the runtime's.
    pub unsafe trait Lives {
        type Args;
        type Slots: AsMut<[Slot]>;
        type Future: Future;
        fn switch() -> *const ();
        fn make(args: Self::Args) -> Self::Future;
        /// # Safety
        ///
        /// There are arguments at this place.
        unsafe fn slots(args: *mut Self::Args) -> Self::Slots;
        /// # Safety
        ///
        /// The slots are those of this place.
        unsafe fn restore(args: *mut Self::Args, slots: &Self::Slots);
    }
    pub struct Unpolled<L: Lives> {
        pub args: L::Args,
    }
    pub struct Refused<A, U>(PhantomData<fn(A) -> U>);
    // SAFETY: nobody asks.
    unsafe impl<A, U: Future> Lives for Refused<A, U> {
        type Args = A;
        type Slots = [Slot; 1];
        type Future = U;
        fn switch() -> *const () {
            core::ptr::null()
        }
        fn make(_: A) -> U {
            unreachable!()
        }
        unsafe fn slots(_: *mut A) -> [Slot; 1] {
            [Slot::uninit()]
        }
        unsafe fn restore(_: *mut A, _: &[Slot; 1]) {}
    }
    fn never_entered() -> ! {
        unreachable!()
    }

    pub struct Source;
    #[derive(Clone, Copy)]
    pub struct Shown;
    pub struct Of<T>(PhantomData<T>);
    pub struct ArgFacts;
    impl ArgFacts {
        pub const fn of<T>() -> Self {
            ArgFacts
        }
    }
    pub struct RawDescription {
        pub source: &'static Source,
        pub body_name: &'static str,
        pub types: &'static TypeFacts,
        pub id: fn() -> TypeId,
    }
    /// Here only a name for it.
    pub fn erased_id_of<T>() -> TypeId {
        TypeId::of::<()>()
    }
    pub struct TypeFacts {
        pub args: &'static [ArgFacts],
        pub ret: ArgFacts,
        pub drop_args: Option<unsafe fn(*mut Slot)>,
        pub drop_ret: Option<unsafe fn(*mut ())>,
    }
    /// # Safety
    ///
    /// There is room for a description, and at `name` so many bytes of text that stay.
    #[expect(improper_ctypes_definitions, reason = "its callers are compiled with it")]
    unsafe extern "C" fn write_description(
        description: *mut RawDescription,
        source: &'static Source,
        name: *const u8,
        name_len: usize,
        types: &'static TypeFacts,
        id: fn() -> TypeId,
        _: *const Shown,
        _: *mut Shown,
    ) {
        // SAFETY: the caller's promise.
        let body_name = unsafe { core::slice::from_raw_parts(name, name_len) };
        // SAFETY: the caller's promise.
        let body_name = unsafe { core::str::from_utf8_unchecked(body_name) };
        // SAFETY: the caller's promise.
        unsafe { description.write(RawDescription { source, body_name, types, id }) };
    }
    /// # Safety
    ///
    /// `ret` points to an `R` that nobody uses any more.
    unsafe fn drop_ret<R>(ret: *mut ()) {
        // SAFETY: the caller's promise.
        unsafe { ret.cast::<R>().drop_in_place() };
    }
    struct Fits<T>(PhantomData<T>);
    impl<T> Fits<T> {
        const YES: bool = Slot::holds::<T>();
    }
    union ZeroSized<F: Copy> {
        nothing: (),
        value: F,
    }

    pub trait Body: Copy {
        /// # Safety
        ///
        /// `entry` is the stub of a site.
        unsafe fn announce(entry: *const ());
        /// # Safety
        ///
        /// `entry` is the stub of a site.
        unsafe fn is_new(entry: *const ()) -> bool;
    }
    #[derive(Clone, Copy)]
    pub struct Closure;
    impl Body for Closure {
        unsafe fn announce(_: *const ()) {}
        unsafe fn is_new(_: *const ()) -> bool {
            true
        }
    }

    include!(concat!(env!("OUT_DIR"), "/entries.rs"));
}

/// Callers.
mod caller {
    use crate::site::Slot;

    pub(crate) struct Md;
    impl Md {
        pub(crate) const CALLER: usize = 0;
        pub(crate) const OWN_LIST: usize = 8;
        pub(crate) const LIST: usize = 32;
        pub(crate) const ORIGIN: usize = 24;
        pub(crate) const ADDRESS: usize = 48;
        pub(crate) fn full(&self) -> *const () {
            std::hint::black_box(core::ptr::null())
        }
    }
    pub(crate) struct Front;
    impl Front {
        pub(crate) const MASK: usize = 0x3_ffe0;
        pub(crate) const KEY: usize = 0;
        pub(crate) const VALUE: usize = 8;
    }
    pub(crate) struct Thread;
    impl Thread {
        pub(crate) const OUTERMOST: usize = 16;
        pub(crate) const ERRNO: usize = 0;
        pub(crate) const OWN: usize = 8;
    }
    pub(crate) struct List;
    impl List {
        pub(crate) const FIRST: usize = 32;
        pub(crate) const NEEDS: usize = 0;
        pub(crate) const ENTRY_END: usize = 4;
        pub(crate) const ENTERING: usize = 2;
    }
    pub(crate) struct Row([usize; 6]);
    impl Row {
        pub(crate) const NAMED: usize = 1;
        pub(crate) const CODE: usize = 0;
    }
    pub(crate) struct Single {
        pub(crate) slots: usize,
        pub(crate) name: &'static str,
        pub(crate) address: unsafe extern "C-unwind" fn(),
    }
    pub(crate) trait Specialised {
        unsafe fn run<const N: usize>(slots: [Slot; N], md: &'static Md, caller: *const (), hand_over: unsafe fn([Slot; N], &'static Md) -> Slot) -> Slot;
    }
    pub(crate) struct Probe;
    impl Specialised for Probe {
        unsafe fn run<const N: usize>(slots: [Slot; N], md: &'static Md, caller: *const (), hand_over: unsafe fn([Slot; N], &'static Md) -> Slot) -> Slot {
            std::hint::black_box(caller);
            // SAFETY: the caller's promise, handed on.
            unsafe { hand_over(slots, md) }
        }
    }

    core::arch::global_asm!(
        ".pushsection .tdata.gtramp_current,\"awT\",@progbits",
        ".globl gtramp_current",
        ".hidden gtramp_current",
        ".type gtramp_current,@object",
        "gtramp_current: .quad 0, 0",
        ".size gtramp_current, 16",
        ".popsection",
        ".globl gtramp_front",
        ".hidden gtramp_front",
        ".comm gtramp_front, 0x40000, 64",
    );

    pub(crate) struct Inline;
    pub(crate) struct Hash;
    #[derive(Clone, Copy)]
    pub(crate) struct Shape {
        pub(crate) slots: usize,
        pub(crate) sleepable: bool,
        pub(crate) origin: bool,
    }
    #[derive(Clone, Copy)]
    pub(crate) enum Lookup {
        Inline,
        Hash,
    }
    pub(crate) struct Variant {
        pub(crate) shape: Shape,
        pub(crate) lookup: Lookup,
        pub(crate) name: &'static str,
        pub(crate) address: unsafe extern "C-unwind" fn(),
    }

    #[inline(never)]
    pub(crate) unsafe extern "C-unwind" fn run_entry<L, const SLEEPABLE: bool>(slots: *mut u64, site: *const ()) -> *const () {
        std::hint::black_box((slots, SLEEPABLE));
        site
    }
    #[inline(never)]
    pub(crate) unsafe extern "C-unwind" fn run_origin<L, const SLOTS: usize, const SLEEPABLE: bool>(slots: *mut u64, site: *const ()) -> *const () {
        std::hint::black_box((slots, SLEEPABLE));
        site
    }

    #[inline(never)]
    pub(crate) unsafe extern "C-unwind" fn run_patched<const SLOTS: usize>(slots: *mut u64, site: *const ()) -> *const () {
        std::hint::black_box(slots);
        site
    }

    include!(concat!(env!("OUT_DIR"), "/callers.rs"));
    include!(concat!(env!("OUT_DIR"), "/table.rs"));
}

/// What the sample functions compute, from `args` arguments that count from zero.
fn check(args: u64, result: u64) {
    assert_eq!(result, 7 + (0..args).map(|i| (i + 1) * i).sum::<u64>(), "{args} arguments");
}

fn main() {
    samples();
    for (index, variant) in caller::VARIANTS.iter().enumerate() {
        assert_eq!(caller::position(variant.shape, variant.lookup), Some(index), "{}", variant.name);
        std::hint::black_box(variant.address);
    }
    for slots in 0..=caller::MAX_SLOTS + 2 {
        let specialised = caller::specialised::<caller::Probe>(slots);
        assert_eq!(specialised.is_some(), caller::specialised_name(slots).is_some());
        std::hint::black_box(caller::patched(slots));
    }
    for single in caller::SINGLES {
        std::hint::black_box((single.slots, single.name, single.address));
    }
    let mut found = 0;
    for slots in 0..=caller::MAX_SLOTS + 2 {
        for sleepable in [false, true] {
            for origin in [false, true] {
                for lookup in [caller::Lookup::Inline, caller::Lookup::Hash] {
                    let shape = caller::Shape { slots, sleepable, origin };
                    found += usize::from(caller::position(shape, lookup).is_some());
                }
            }
        }
    }
    assert_eq!(found, caller::VARIANTS.len());
}

