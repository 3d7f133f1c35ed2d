//! Functions that were found before by the compiler's name for them, so that the next search costs nothing:
//! `Site::original` finds its function in every call.

use std::sync::OnceLock;

use crate::site::Function;

/// A few. What does not fit in is searched for each time.
static KNOWN: [OnceLock<Known>; 256] = [const { OnceLock::new() }; 256];

struct Known {
    /// A literal of the program: the same address and length are the same text.
    name: &'static str,
    function: &'static Function,
}

fn place(name: &'static str) -> &'static OnceLock<Known> {
    // The upper half of the product depends on all bits (Fibonacci hashing).
    let product = (name.as_ptr().addr() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    &KNOWN[(product >> 56) as usize]
}

/// The function of this name, if it is noted.
pub(super) fn known(name: &'static str) -> Option<&'static Function> {
    let known = place(name).get()?;
    core::ptr::eq(known.name, name).then_some(known.function)
}

/// Notes it, if there is room.
pub(super) fn note(name: &'static str, function: &'static Function) {
    // Another may have the place, which is as well.
    let _ = place(name).set(Known { name, function });
}

#[cfg(all(test, gtramp_stubs, not(loom)))]
mod tests {
    use super::{known, note};

    #[test]
    fn a_name_stands_for_what_was_noted_first_and_for_no_other_text() {
        let [one, other] = [0, 1].map(|at| &crate::functions()[at]);
        let text: &'static str = "one name and another";
        let (name, longer) = (&text[..8], text);
        assert!(known(name).is_none());
        note(name, one);
        note(name, other);
        assert!(known(name).is_some_and(|found| core::ptr::eq(found, one)));
        // It begins at the same place, but is another.
        assert!(known(longer).is_none());
        note(longer, other);
        assert!(known(longer).is_none(), "the place is taken");
    }
}
