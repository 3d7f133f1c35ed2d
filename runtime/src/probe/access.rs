//! Reading a call's arguments and result, where an attach-time check has vouched for the types.

use core::mem::{size_of, transmute_copy};

use crate::site::Slot;

use super::context::Context;
use super::{Entry, Exit, ModRet};

impl Context<'_> {
    /// A copy of the argument at `index`.
    ///
    /// # Safety
    ///
    /// The argument is a `T`, for any choice of `T`'s lifetimes, and no copy of it may outlive
    /// the run of the probe.
    #[inline(always)]
    unsafe fn value<T: Copy>(&self, index: usize) -> T {
        // SAFETY: the frame has a slot for every argument of its function.
        let slot = unsafe { &*self.slot(index) };
        // SAFETY: the slot was made of a `T`. Its bytes are still there after the origin has
        // run: the body copied them out.
        unsafe { slot.value::<T>().read() }
    }

    /// A reference to the argument at `index`, or the reference that it is.
    ///
    /// # Safety
    ///
    /// The argument is a `T` (`through` says whether its slot holds its address), or a
    /// reference to one (`through` is true). The reference must not be used after the origin has
    /// begun.
    #[inline(always)]
    unsafe fn shared_as<'c, T: ?Sized>(&'c self, index: usize, through: bool) -> &'c T {
        let slot = self.slot(index);
        if const { size_of::<&T>() > size_of::<usize>() } {
            // A wide reference never fits its slot, so the slot points to it; a `T` behind
            // one is unsized and cannot be an argument itself.
            // SAFETY: the frame has a slot for every argument of its function.
            let slot = unsafe { *slot };
            // SAFETY: a large argument's slot holds its address.
            let reference = unsafe { slot.address() }.cast_const().cast::<&'c T>();
            // SAFETY: the argument is a `&T` or `&mut T`, and is borrowed for the
            // probe's run alone.
            return unsafe { *reference };
        }
        let address: *const () = if through {
            // SAFETY: the frame has a slot for every argument of its function.
            let slot = unsafe { *slot };
            // SAFETY: the slot holds an address, says `through`.
            unsafe { slot.address() }.cast_const()
        } else {
            slot.cast()
        };
        // SAFETY: `&T` is thin (tested above), so an address is all there is to it; a valid
        // `T` lives there for the run of the probe.
        unsafe { transmute_copy::<*const (), &'c T>(&address) }
    }

    /// The address to which the reference argument at `index` points.
    ///
    /// # Safety
    ///
    /// The argument is a `&T`, a `&mut T`, a `*const T` or a `*mut T`.
    #[inline(always)]
    unsafe fn pointer<T: ?Sized>(&self, index: usize) -> *const T {
        let slot = self.slot(index);
        if const { size_of::<&T>() > size_of::<usize>() } {
            // SAFETY: the frame has a slot for every argument of its function.
            let slot = unsafe { *slot };
            // SAFETY: a large argument's slot holds its address.
            let pointer = unsafe { slot.address() }.cast_const().cast::<*const T>();
            // SAFETY: references and raw pointers to `T` have the same layout, and the
            // argument's bytes are still there after the origin has run.
            return unsafe { pointer.read() };
        }
        // SAFETY: the frame has a slot for every argument of its function.
        let slot = unsafe { &*slot };
        // SAFETY: the slot holds a thin pointer: all there is to a `*const T` of this size.
        unsafe { transmute_copy::<Slot, *const T>(slot) }
    }
}

macro_rules! typed_reads {
    ($($name:ident),*) => { $(
        /// Reads that attribute macros write, after [`Probe`](super::Probe)'s types were checked.
        #[doc(hidden)]
        impl $name<'_> {
            /// A copy of the argument at `index`.
            ///
            /// # Safety
            ///
            /// The probe asked for it with [`Param::value`](super::Param::value), and
            /// treats every lifetime of `T` as unknown.
            #[inline(always)]
            #[must_use]
            pub unsafe fn value<T: Copy>(&self, index: usize) -> T {
                // SAFETY: the row was bound to this function with that parameter.
                unsafe { self.0.value(index) }
            }

            /// The argument at `index` by reference.
            ///
            /// # Safety
            ///
            /// The probe asked for it with [`Param::shared`](super::Param::shared), and treats
            /// every lifetime of `T` as unknown.
            #[inline(always)]
            #[must_use]
            pub unsafe fn shared<T: ?Sized>(&self, index: usize) -> &T {
                let through = self.0.is_through(index);
                // SAFETY: the row was bound to this function with that parameter.
                unsafe { self.0.shared_as(index, through) }
            }

            #[inline(always)]
            pub(super) unsafe fn shared_as<T: ?Sized>(&self, index: usize, through: bool) -> &T {
                // SAFETY: the caller's promise is the same.
                unsafe { self.0.shared_as(index, through) }
            }
        }
    )* };
}

typed_reads!(Entry, ModRet);

/// Reads that attribute macros write, after [`Probe`](super::Probe)'s types were checked.
#[doc(hidden)]
impl Exit<'_> {
    /// A copy of the argument at `index`.
    ///
    /// # Safety
    ///
    /// The probe asked for it with [`Param::value`](super::Param::value).
    #[inline(always)]
    #[must_use]
    pub unsafe fn value<T: Copy + 'static>(&self, index: usize) -> T {
        // SAFETY: the row was bound to this function with that parameter.
        unsafe { self.0.value(index) }
    }

    /// Where the reference argument at `index` points.
    ///
    /// # Safety
    ///
    /// The probe asked for it with [`Param::pointer`](super::Param::pointer).
    #[inline(always)]
    #[must_use]
    pub unsafe fn pointer<T: ?Sized>(&self, index: usize) -> *const T {
        // SAFETY: the row was bound to this function with that parameter.
        unsafe { self.0.pointer(index) }
    }

    /// The result, if there is one: unless the call unwound or was cancelled.
    ///
    /// # Safety
    ///
    /// The function returns an `R`, and the probe treats every lifetime of `R` as unknown.
    #[inline(always)]
    #[must_use]
    pub unsafe fn returned<R>(&self) -> Option<&R> {
        let frame = self.0.frame();
        if !frame.outcome.has_result() {
            return None;
        }
        // SAFETY: if there is a result, it was written to `ret` before any exit
        // probe runs, and nobody writes it while one does.
        Some(unsafe { &*frame.ret.cast_const().cast::<R>() })
    }
}
