//! Branches that are hardly ever taken.
//!
//! Stable Rust has no way to say so, and a compiler that is not told lets the usual case jump as often
//! as the rare one. A call's usual way has few branches and as few taken ones as there can be:
//! each costs a cycle.

/// Runs a block, which ends in `return`, unless the word so many bytes behind a reference equals a value.
/// `same` asks so in Rust.
#[cfg(all(target_arch = "x86_64", not(miri), not(loom)))]
macro_rules! unless_equal_at {
    ($base:expr, $offset:expr, $value:expr, same: $same:expr, $rare:block) => {{
        let (base, value) = (::core::ptr::from_ref($base), $value);
        // SAFETY: reads a word of what is referred to.
        unsafe {
            ::core::arch::asm!(
                "cmp [{base} + {offset}], {value}",
                "jne {rare}",
                base = in(reg) base,
                offset = const $offset,
                value = in(reg) value,
                rare = label $rare,
                options(readonly, nostack),
            );
        }
    }};
}

#[cfg(not(all(target_arch = "x86_64", not(miri), not(loom))))]
macro_rules! unless_equal_at {
    ($base:expr, $offset:expr, $value:expr, same: $same:expr, $rare:block) => {{
        const _: usize = $offset;
        if !$same {
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

/// Runs a block, which ends in `return`, unless a number is odd.
#[cfg(all(target_arch = "x86_64", not(miri), not(loom)))]
macro_rules! unless_odd {
    ($number:expr, $rare:block) => {{
        let number: u64 = $number;
        // SAFETY: tests a register.
        unsafe {
            ::core::arch::asm!(
                "test {number:l}, 1",
                "je {rare}",
                number = in(reg) number,
                rare = label $rare,
                options(readonly, nostack),
            );
        }
    }};
}

#[cfg(not(all(target_arch = "x86_64", not(miri), not(loom))))]
macro_rules! unless_odd {
    ($number:expr, $rare:block) => {{
        let number: u64 = $number;
        if number & 1 == 0 {
            $rare
        }
    }};
}

/// Runs a block if a number in memory is another than it was; what follows is run either way.
#[cfg(all(target_arch = "x86_64", not(miri), not(loom)))]
macro_rules! if_changed {
    ($place:expr, $was:expr, $changed:block) => {{
        let (place, was): (&i32, i32) = ($place, $was);
        // SAFETY: reads what is referred to.
        unsafe {
            ::core::arch::asm!(
                "cmp dword ptr [{place}], {was:e}",
                "jne {changed}",
                place = in(reg) ::core::ptr::from_ref(place),
                was = in(reg) was,
                changed = label $changed,
                options(readonly, nostack),
            );
        }
    }};
}

#[cfg(not(all(target_arch = "x86_64", not(miri), not(loom))))]
macro_rules! if_changed {
    ($place:expr, $was:expr, $changed:block) => {{
        let (place, was): (&i32, i32) = ($place, $was);
        if *place != was {
            $changed
        }
    }};
}

pub(crate) use {if_changed, unless_equal_at, unless_null, unless_odd};
