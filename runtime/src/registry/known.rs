//! Functions that were found before by the compiler's name for them, so that the next search costs nothing:
//! `Site::original` finds its function in every call.

use std::sync::OnceLock;

use crate::site::Function;

/// Names and functions.
struct Names([OnceLock<Known>; 256]);

/// A few. What does not fit in is searched for each time.
static NAMES: Names = Names::new();

struct Known {
    /// A literal of the program: the same address and length are the same text.
    name: &'static str,
    function: &'static Function,
}

impl Names {
    const fn new() -> Self {
        Self([const { OnceLock::new() }; 256])
    }

    fn place(&self, name: &'static str) -> &OnceLock<Known> {
        // The upper half of the product depends on all bits (Fibonacci hashing).
        let product = (name.as_ptr().addr() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        &self.0[(product >> 56) as usize]
    }

    fn known(&self, name: &'static str) -> Option<&'static Function> {
        let known = self.place(name).get()?;
        core::ptr::eq(known.name, name).then_some(known.function)
    }

    fn note(&self, name: &'static str, function: &'static Function) {
        // Another may have the place, which is as well.
        let _ = self.place(name).set(Known { name, function });
    }
}

/// The function of this name, if it is noted.
pub(super) fn known(name: &'static str) -> Option<&'static Function> {
    NAMES.known(name)
}

/// Notes it, if there is room.
pub(super) fn note(name: &'static str, function: &'static Function) {
    NAMES.note(name, function);
}

#[cfg(all(test, gtramp_stubs, not(loom)))]
mod tests {
    use super::Names;

    #[test]
    fn a_name_stands_for_what_was_noted_first_and_for_no_other_text() {
        // Of its own: which places others have in the program's depends on addresses.
        static NAMES: Names = Names::new();
        let [one, other] = [0, 1].map(|at| &crate::functions()[at]);
        let text: &'static str = "one name and another";
        let (name, longer) = (&text[..8], text);
        assert!(NAMES.known(name).is_none());
        NAMES.note(name, one);
        NAMES.note(name, other);
        assert!(NAMES.known(name).is_some_and(|found| core::ptr::eq(found, one)));
        // It begins at the same place, but is another.
        assert!(NAMES.known(longer).is_none());
        NAMES.note(longer, other);
        assert!(NAMES.known(longer).is_none(), "the place is taken");
    }
}
