// Other attributes, qualifiers, and functions made by macros.
#![deny(warnings, missing_docs, elided_lifetimes_in_paths)]
//! Documented.

#[path = "shared/everything.rs"]
mod everything;

use std::borrow::Cow;

use gtramp::traceable;

/// Documented.
#[traceable]
#[inline]
#[must_use = "reason"]
pub fn documented<'s>(s: &'s str) -> Cow<'s, str> {
    Cow::Borrowed(s)
}

#[traceable]
#[deprecated]
fn old() -> u8 {
    1
}

#[traceable]
#[inline(always)]
fn always(x: u8) -> u8 {
    x
}

#[traceable]
#[cold]
#[inline(never)]
fn cold(x: u8) -> u8 {
    x
}

#[traceable]
#[cfg(target_pointer_width = "64")]
fn conditional() -> u8 {
    1
}

#[traceable]
#[cfg(not(target_pointer_width = "64"))]
fn conditional() -> u8 {
    missing()
}

#[cfg_attr(all(), traceable)]
fn by_condition() -> u8 {
    1
}

#[traceable(skip)]
fn skipped() -> u8 {
    1
}

#[traceable]
fn lints_on_arguments(#[allow(unused_variables)] x: u32, #[expect(unused_mut)] mut y: u32) -> u32 {
    y
}

/// Has its own name in the object file.
#[traceable]
#[unsafe(no_mangle)]
pub extern "C" fn gtramp_test_unmangled(x: i32, y: f64) -> f64 {
    f64::from(x) + y
}

#[traceable]
extern "system" fn system(x: u8) -> u8 {
    x
}

#[traceable]
pub(self) fn restricted(x: u8) -> u8 {
    x
}

#[traceable]
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
fn with_feature(x: u32) -> u32 {
    x + 1
}

#[traceable]
fn r#try(r#type: u32) -> u32 {
    r#type
}

mod renamed {
    pub(crate) mod deep {
        pub(crate) use gtramp as g;
    }
}

#[traceable(crate = crate::renamed::deep::g)]
fn other_path(x: u32) -> u32 {
    x
}

struct Made(u32);

macro_rules! functions {
    ($name:ident($arg:ident: $ty:ty) => $body:expr, $self:ident => $method:expr) => {
        #[traceable]
        fn $name($arg: $ty) -> $ty {
            $body
        }

        #[traceable]
        impl Made {
            fn $name(&$self, $arg: $ty) -> $ty {
                $method + $arg
            }

            fn own(&self) -> $ty {
                self.0
            }
        }
    };
}

functions!(made(x: u32) => x + 1, self => self.0);

fn run() {
    assert_eq!(documented("a"), "a");
    #[allow(deprecated)]
    let one = old();
    assert_eq!(one + always(1) + cold(1) + conditional() + by_condition() + skipped(), 6);
    assert_eq!(lints_on_arguments(1, 2), 2);
    assert!(gtramp_test_unmangled(1, 2.0) > 2.9);
    assert_eq!(system(1) + restricted(1), 2);
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has it.
    assert_eq!(unsafe { with_feature(1) }, 2);
    assert_eq!(r#try(2), 2);
    assert_eq!(other_path(1) + made(1) + Made(3).made(4) + Made(5).own(), 15);
}

fn main() {
    everything::off_armed_and_off(run);
}
