//! The functions: every argument count, and every type in every place.
//!
//! An item of a list is `(name: type as written => type as probes see it, whether an exit probe
//! may read it, type as a result)`.

use std::ops::ControlFlow;

use gtramp::{Entry, Exit, Function, LinkBuilder, ModRet, Return, site, traceable};

use crate::palette::{
    Aligned, AlignedZst, Counted, CountedBig, CountedZst, Fallible, Large, Make, Niche, Object,
    Odd, Padded, Pointer, Sample, SmallPadded, Zst,
};
use crate::runner::{Case, Ended, Seeds, at_entry, at_exit, at_mod_ret, every_variant, in_body};

/// What an exit probe reads of an argument.
macro_rules! read_at_exit {
    (copy, $ctx:ident, $index:ident, $seen:ty) => {
        $ctx.arg::<$seen>($index).ok().map(|value| value.digest())
    };
    (moved, $ctx:ident, $index:ident, $seen:ty) => {
        None
    };
}

macro_rules! is_copy {
    (copy) => {
        true
    };
    (moved) => {
        false
    };
}

/// A traceable function, its [`Case`] and its test.
macro_rules! case {
    ($test:ident, [$(($name:ident: $written:ty => $seen:ty, $at_exit:ident, $result:ty))*], $ret:ty) => {
        pub(crate) mod $test {
            use super::*;

            #[traceable]
            #[allow(clippy::too_many_arguments, clippy::unused_unit, reason = "the cases' types")]
            fn traced($($name: $written),*) -> $ret {
                in_body(vec![$($name.digest()),*])
            }

            struct This;

            impl Case for This {
                type Ret = $ret;
                const ARGUMENTS: usize = Self::READABLE_AT_EXIT.len();
                const READABLE_AT_EXIT: &'static [bool] = &[$(is_copy!($at_exit)),*];

                fn function() -> &'static Function {
                    site!(traced).function().expect("it is traceable")
                }

                fn call(mut seeds: Seeds) -> $ret {
                    let _ = &mut seeds;
                    traced($(<$written as Make>::make(seeds.next())),*)
                }

                fn arguments(mut seeds: Seeds) -> Vec<u64> {
                    let _ = &mut seeds;
                    vec![$(<$written as Make>::make(seeds.next()).digest()),*]
                }

                fn with_entry(link: LinkBuilder) -> LinkBuilder {
                    link.fentry(|ctx: &Entry, $($name: &$seen),*| {
                        let mut index = 0..;
                        let mut next = || index.next().unwrap_or(0);
                        let _ = (&mut next, ctx);
                        at_entry(
                            vec![$($name.digest()),*],
                            vec![$(ctx.arg::<$seen>(next()).map_or(0, Sample::digest)),*],
                        );
                    })
                }

                fn with_mod_ret(link: LinkBuilder) -> LinkBuilder {
                    link.fmod_ret(|ctx: &ModRet, $($name: &$seen),*| -> ControlFlow<$ret> {
                        let mut index = 0..;
                        let mut next = || index.next().unwrap_or(0);
                        let _ = (&mut next, ctx);
                        let decided = at_mod_ret(
                            vec![$($name.digest()),*],
                            vec![$(ctx.arg::<$seen>(next()).map_or(0, Sample::digest)),*],
                        );
                        decided.map_or(ControlFlow::Continue(()), ControlFlow::Break)
                    })
                }

                fn with_exit(link: LinkBuilder) -> LinkBuilder {
                    link.fexit(|ctx: &Exit, ret: Return<'_, $ret>| {
                        let mut index = 0..;
                        let mut next = || index.next().unwrap_or(0);
                        let _ = &mut next;
                        let arguments = vec![$({
                            let index = next();
                            let _ = index;
                            read_at_exit!($at_exit, ctx, index, $seen)
                        }),*];
                        let by_type = ctx.ret::<$ret>().ok().flatten().map(Sample::digest);
                        let ended = match (ret.get().map(Sample::digest), by_type) {
                            (Some(typed), Some(by_type)) if typed == by_type => {
                                if ctx.origin_skipped() { Ended::Skipped(typed) } else { Ended::Returned(typed) }
                            }
                            (None, None) if ctx.unwound() => Ended::Unwound,
                            other => panic!("exit probe sees {other:?}"),
                        };
                        at_exit(arguments, ended);
                    })
                }
            }

            #[test]
            fn is_served_by_every_variant() {
                every_variant::<This>();
            }
        }
    };
}

/// A case for each count of arguments: a list's beginnings.
macro_rules! counts {
    ([], [$($some:tt)*], [$($rest:tt)*], $ret:ty) => {};
    ([$test:ident $($tests:ident)*], [$($some:tt)*], [$($rest:tt)*], $ret:ty) => {
        case!($test, [$($some)*], $ret);
        counts!(@more [$($tests)*], [$($some)*], [$($rest)*], $ret);
    };
    (@more [$($tests:ident)*], [$($some:tt)*], [$next:tt $($rest:tt)*], $ret:ty) => {
        counts!([$($tests)*], [$($some)* $next], [$($rest)*], $ret);
    };
    (@more [], [$($some:tt)*], [], $ret:ty) => {};
}

/// Functions whose result comes back in its slot: as many slots as arguments.
mod result_in_slot {
    use super::*;

    counts!(
        [none one two three four five six seven eight nine ten eleven twelve],
        [],
        [
            (word: u64 => u64, copy, u64)
            (double: f64 => f64, copy, f64)
            (text: String => String, moved, String)
            (text_ref: &str => str, moved, &'static str)
            (short: u16 => u16, copy, u16)
            (list: Vec<Counted> => Vec<Counted>, moved, Vec<Counted>)
            (wide: u128 => u128, copy, u128)
            (counted: Counted => Counted, moved, Counted)
            (single: f32 => f32, copy, f32)
            (aligned: Aligned => Aligned, copy, Aligned)
            (odd: Odd => Odd, copy, Odd)
            (items: &[u32] => [u32], moved, &'static [u32])
        ],
        Counted
    );
}

/// Functions whose result does not fit a slot: one slot more than arguments.
mod result_through_pointer {
    use super::*;

    counts!(
        [none one two three four five six seven eight nine ten eleven twelve],
        [],
        [
            (counted_big: CountedBig => CountedBig, moved, CountedBig)
            (letter: char => char, copy, char)
            (zst: Zst => Zst, copy, Zst)
            (object: Box<Object> => Box<Object>, moved, Box<Object>)
            (padded: Padded => Padded, copy, Padded)
            (truth: bool => bool, copy, bool)
            (number_ref: &u64 => u64, moved, &'static u64)
            (pointer: Pointer => Pointer, copy, Pointer)
            (counted_zst: CountedZst => CountedZst, moved, CountedZst)
            (byte: u8 => u8, copy, u8)
            (fallible: Fallible => Fallible, moved, Fallible)
            (niche: Niche => Niche, copy, Niche)
        ],
        CountedBig
    );
}

/// For each item a function that takes it first and eleven others after it, and returns it.
macro_rules! rotations {
    ([] $($done:tt)*) => {};
    ([$first:tt $($rest:tt)*] $($done:tt)*) => {
        rotations!(@case $first $($rest)* $($done)*);
        rotations!([$($rest)*] $($done)* $first);
    };
    (@case ($name:ident: $written:ty => $seen:ty, $at_exit:ident, $ret:ty)
        $a:tt $b:tt $c:tt $d:tt $e:tt $f:tt $g:tt $h:tt $i:tt $j:tt $k:tt $($more:tt)*) => {
        case!(
            $name,
            [($name: $written => $seen, $at_exit, $ret) $a $b $c $d $e $f $g $h $i $j $k],
            $ret
        );
    };
}

/// Functions of twelve arguments: every type as the result, and in every place.
mod twelve_beginning_with {
    use super::*;

    rotations!([
        (zst: Zst => Zst, copy, Zst)
        (byte: u8 => u8, copy, u8)
        (text: String => String, moved, String)
        (double: f64 => f64, copy, f64)
        (aligned: Aligned => Aligned, copy, Aligned)
        (truth: bool => bool, copy, bool)
        (text_ref: &str => str, moved, &'static str)
        (counted_zst: CountedZst => CountedZst, moved, CountedZst)
        (wide: u128 => u128, copy, u128)
        (letter: char => char, copy, char)
        (list: Vec<Counted> => Vec<Counted>, moved, Vec<Counted>)
        (aligned_zst: AlignedZst => AlignedZst, copy, AlignedZst)
        (single: f32 => f32, copy, f32)
        (number_ref: &u64 => u64, moved, &'static u64)
        (counted_big: CountedBig => CountedBig, moved, CountedBig)
        (odd: Odd => Odd, copy, Odd)
        (pointer: Pointer => Pointer, copy, Pointer)
        (items: &[u32] => [u32], moved, &'static [u32])
        (large: Large => Large, copy, Large)
        (word: u64 => u64, copy, u64)
        (object: Box<Object> => Box<Object>, moved, Box<Object>)
        (padded: Padded => Padded, copy, Padded)
        (short: u16 => u16, copy, u16)
        (counted: Counted => Counted, moved, Counted)
        (unit: () => (), copy, ())
        (object_ref: &Object => Object, moved, &'static Object)
        (fallible: Fallible => Fallible, moved, Fallible)
        (small_padded: SmallPadded => SmallPadded, copy, SmallPadded)
        (niche: Niche => Niche, copy, Niche)
        (signed: i64 => i64, copy, i64)
    ]);
}
