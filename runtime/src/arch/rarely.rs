//! Branches that are hardly ever taken.
//!
//! Stable Rust has no way to say so, and a compiler that is not told lets the usual case jump as often
//! as the rare one. A call's usual way has few branches and as few taken ones as there can be:
//! each costs a cycle.

/// Runs a block, which ends in `return`, unless two words are equal.
#[cfg(all(target_arch = "x86_64", not(miri), not(loom)))]
macro_rules! unless_equal {
    ($left:expr, $right:expr, $rare:block) => {{
        let (left, right): (*const (), *const ()) = ($left, $right);
        // SAFETY: compares two registers.
        unsafe {
            ::core::arch::asm!(
                "cmp {left}, {right}",
                "jne {rare}",
                left = in(reg) left,
                right = in(reg) right,
                rare = label $rare,
                options(readonly, nostack),
            );
        }
    }};
}

#[cfg(not(all(target_arch = "x86_64", not(miri), not(loom))))]
macro_rules! unless_equal {
    ($left:expr, $right:expr, $rare:block) => {{
        let (left, right): (*const (), *const ()) = ($left, $right);
        if !core::ptr::eq(left, right) {
            $rare
        }
    }};
}

/// Runs a block, which ends in `return`, unless a word is null.
#[cfg(all(target_arch = "x86_64", not(miri), not(loom)))]
macro_rules! unless_null {
    ($word:expr, $rare:block) => {{
        let word: *mut () = $word;
        // SAFETY: tests a register.
        unsafe {
            ::core::arch::asm!(
                "test {word}, {word}",
                "jne {rare}",
                word = in(reg) word,
                rare = label $rare,
                options(readonly, nostack),
            );
        }
    }};
}

#[cfg(not(all(target_arch = "x86_64", not(miri), not(loom))))]
macro_rules! unless_null {
    ($word:expr, $rare:block) => {{
        let word: *mut () = $word;
        if !word.is_null() {
            $rare
        }
    }};
}

pub(crate) use {unless_equal, unless_null};
