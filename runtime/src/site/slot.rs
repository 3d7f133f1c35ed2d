//! One argument, whatever its type, in eight bytes.

use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit, align_of, size_of};

/// One 8-byte argument cell.
///
/// A value of at most 8 bytes travels in the slot itself, a larger one by pointer to the
/// caller's copy. The bytes may be uninitialised or part of a pointer, so the type is never an
/// integer: it keeps provenance and promises nothing about its content.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Slot(MaybeUninit<*const ()>);

impl Slot {
    /// Whether a `T` travels in the slot itself.
    #[must_use]
    pub const fn holds<T>() -> bool {
        size_of::<T>() <= size_of::<Self>() && align_of::<T>() <= align_of::<Self>()
    }

    /// The slot for an argument.
    ///
    /// # Safety
    ///
    /// A large `value` must stay where it is for as long as the slot is used, and whoever takes
    /// the slot's value must be the only one to use it.
    #[inline]
    pub unsafe fn of<T>(value: &ManuallyDrop<T>) -> Self {
        if Fits::<T>::YES {
            let mut slot = MaybeUninit::<*const ()>::uninit();
            let (from, to) = (core::ptr::from_ref(value), (&raw mut slot).cast());
            // SAFETY: both are valid for one `T`: `from` is a reference, `to` is a slot that
            // holds a `T` by the test above. They are different objects.
            unsafe { core::ptr::copy_nonoverlapping(from, to, 1) };
            Self(slot)
        } else {
            Self::pointer(core::ptr::from_ref(value).cast::<T>().cast_mut())
        }
    }

    /// The slot for the argument at this place, as [`Slot::of`] one that stays there. What is read out of it is a
    /// second copy of the argument.
    ///
    /// # Safety
    ///
    /// There is a `T`, or what was one, for as long as the slot is used.
    #[inline]
    pub(super) unsafe fn at<T>(place: *mut T) -> Self {
        if Fits::<T>::YES {
            let mut slot = MaybeUninit::<*const ()>::uninit();
            let to = (&raw mut slot).cast::<MaybeUninit<T>>();
            // SAFETY: there is room for a `T` at both, by the caller's promise and by the test above.
            unsafe { core::ptr::copy_nonoverlapping(place.cast(), to, 1) };
            Self(slot)
        } else {
            Self::pointer(place)
        }
    }

    /// Puts the value of a slot that was made by [`Slot::at`] this place back there, if it travelled in the slot: its
    /// copy is not used any more.
    ///
    /// # Safety
    ///
    /// The place is the one that the slot was made of.
    #[inline]
    pub(super) unsafe fn restore<T>(&self, place: *mut T) {
        if Fits::<T>::YES {
            let from = core::ptr::from_ref(self).cast::<MaybeUninit<T>>();
            // SAFETY: there is room for a `T` at both; they are different objects.
            unsafe { core::ptr::copy_nonoverlapping(from, place.cast(), 1) };
        }
    }

    /// A slot that holds an address.
    #[inline]
    #[must_use]
    pub const fn pointer<T>(address: *mut T) -> Self {
        Self(MaybeUninit::new(address.cast_const().cast()))
    }

    /// A slot without content.
    #[inline]
    #[must_use]
    pub const fn uninit() -> Self {
        Self(MaybeUninit::uninit())
    }

    /// Moves the value out.
    ///
    /// # Safety
    ///
    /// The slot was made by [`Slot::of`] a `T` that is still there, and the value is not used
    /// again through this slot or a copy of it (unless `T` is `Copy`).
    #[inline]
    pub unsafe fn take<T>(self) -> T {
        let value = self.value::<T>();
        // SAFETY: `value` points to the `T` this slot was made of, says the caller.
        unsafe { value.read() }
    }

    /// Where the value is: in the slot, or where the slot points.
    #[inline]
    pub(crate) fn value<T>(&self) -> *const T {
        if Fits::<T>::YES {
            core::ptr::from_ref(self).cast()
        } else {
            // SAFETY: a slot whose type does not fit holds an initialised pointer: `of` and
            // `pointer` write nothing else there. Reading it as such is all that happens here.
            unsafe { self.0.assume_init() }.cast()
        }
    }

    /// The address a slot of [`Slot::pointer`] holds.
    ///
    /// # Safety
    ///
    /// The slot was made by [`Slot::pointer`].
    #[inline]
    #[must_use]
    pub unsafe fn address(self) -> *mut () {
        // SAFETY: the caller's promise: `pointer` initialised it.
        unsafe { self.0.assume_init() }.cast_mut()
    }
}

/// Takes the value of an argument out of its slot.
///
/// # Safety
///
/// At `index` of `slots` is a slot as [`Slot::take`] wants it.
#[inline(always)]
#[must_use]
pub unsafe fn taken<T>(slots: *mut Slot, index: usize) -> T {
    // SAFETY: the caller's promise.
    let place = unsafe { slots.add(index) };
    // SAFETY: as above.
    let slot = unsafe { place.read() };
    // SAFETY: the caller's promise.
    unsafe { slot.take() }
}

/// The slot of a result, which is written where it belongs.
///
/// # Safety
///
/// Unless a `T` fits a slot, there is one at `arguments` of `slots` that holds the address of room for it.
#[inline(always)]
pub unsafe fn returned<T>(slots: *mut Slot, arguments: usize, value: T) -> Slot {
    if Fits::<T>::YES {
        // SAFETY: the slot holds the value itself, which nobody else takes.
        return unsafe { Slot::of(&ManuallyDrop::new(value)) };
    }
    // SAFETY: the caller's promise.
    let place = unsafe { slots.add(arguments) };
    // SAFETY: as above.
    let out = unsafe { place.read() };
    // SAFETY: the caller's promise.
    let room = unsafe { out.address() }.cast::<T>();
    // SAFETY: it is the address of room for a `T`.
    unsafe { room.write(value) };
    out
}

/// [`Slot::holds`] for one type, as a constant that all functions share.
pub(super) struct Fits<T>(PhantomData<T>);

impl<T> Fits<T> {
    /// Whether a `T` travels in the slot itself.
    pub(super) const YES: bool = Slot::holds::<T>();
}
