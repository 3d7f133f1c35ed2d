//! How a stub runs the body of its function.
//!
//! Where the body stays in the function itself, running it means to call the function once more. Its
//! switch is armed, so that call would enter the stub again. So what calls it first notes the site's
//! *pass*, a number, in a variable of the thread; and the code behind the switch, which finds it there,
//! takes it away and goes on with the body.
//!
//! ```text
//!   the stub's body          the function                  when the switch is disarmed meanwhile
//!   thread's pass = site's
//!   call the function  --->  switch: jmp armed             switch: test
//!                            thread's == site's ?          (the body runs, the thread's pass stays)
//!                              thread's = 0, the body
//!                              : the stub
//! ```
//!
//! A pass that stays is never taken for another: a site gets a new number whenever it is armed after it
//! was off, and numbers are not used twice. Between the two steps a thread does nothing else. If a signal's
//! handler calls the very same function there, the two calls change places: the handler's goes on with the
//! body, and the interrupted one enters the stub in its stead.

use crate::arch;
use crate::sync::Ordering;

use super::record::SiteData;

/// What a stub's closure is to its function.
pub trait Body: Copy {
    /// Is called right before the closure.
    ///
    /// # Safety
    ///
    /// `entry` is the stub of a site.
    unsafe fn announce(entry: *const ());

    /// Whether a call that comes to an armed switch is to enter the stub.
    ///
    /// # Safety
    ///
    /// `entry` is the stub of a site.
    unsafe fn is_new(entry: *const ()) -> bool;
}

/// The closure is the body, or a copy of it.
#[derive(Clone, Copy, Debug)]
pub struct Closure;

/// The closure calls the function again.
#[derive(Clone, Copy, Debug)]
pub struct Itself;

impl Body for Closure {
    #[inline(always)]
    unsafe fn announce(_: *const ()) {}

    #[inline(always)]
    unsafe fn is_new(_: *const ()) -> bool {
        true
    }
}

impl Body for Itself {
    #[inline(always)]
    unsafe fn announce(entry: *const ()) {
        // SAFETY: the caller's promise.
        arch::set_pass(unsafe { pass_of(entry) });
    }

    #[inline(always)]
    unsafe fn is_new(entry: *const ()) -> bool {
        // SAFETY: the caller's promise.
        let pass = unsafe { pass_of(entry) };
        if arch::pass() != pass {
            return true;
        }
        arch::set_pass(0);
        false
    }
}

/// Runs `call` with a stack frame of its own.
///
/// What a call takes by value is copied for it where it is written, and room for that is in the frame of the
/// function around it, whether or not the call is ever made. For a large argument that is much.
#[cold]
#[inline(never)]
pub fn aside<R>(call: impl FnOnce() -> R) -> R {
    call()
}

/// The same reference, of any lifetime.
///
/// # Safety
///
/// What it refers to lives for as long.
#[inline(always)]
#[must_use]
pub unsafe fn unbound<'a, T: ?Sized>(reference: &T) -> &'a T {
    // SAFETY: the caller's promise.
    unsafe { &*core::ptr::from_ref(reference) }
}

/// The same reference, of any lifetime.
///
/// # Safety
///
/// What it refers to lives for as long, and nobody else uses it meanwhile.
#[inline(always)]
#[must_use]
pub unsafe fn unbound_mut<'a, T: ?Sized>(reference: &mut T) -> &'a mut T {
    // SAFETY: the caller's promise.
    unsafe { &mut *core::ptr::from_mut(reference) }
}

/// The site's number.
///
/// # Safety
///
/// `entry` is the stub of a site.
#[inline(always)]
unsafe fn pass_of(entry: *const ()) -> usize {
    // SAFETY: the caller's promise.
    unsafe { data_of(entry) }.pass.load(Ordering::Relaxed)
}

/// The mutable words of a site.
///
/// # Safety
///
/// `entry` is the stub of one.
#[inline(always)]
pub(crate) unsafe fn data_of(entry: *const ()) -> &'static SiteData {
    // SAFETY: the caller's promise.
    let data = unsafe { arch::data_of(entry) };
    // SAFETY: it is laid out as this, and lives as long as the program.
    unsafe { &*data.cast::<SiteData>() }
}
