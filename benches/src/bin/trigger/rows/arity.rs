//! The main rows by argument count, each with the floors of its own count.

use gtramp::{Entry, Exit, fentry, fexit, site, traceable};

use crate::cells::{hit, hit_exit};
use gtramp_bench::row::{Can, Row, Run};

use crate::check::{self, Seen};
use crate::target::{body, calls};

/// The rows for one argument count.
macro_rules! arity {
    ($module:ident, $count:literal, $($arg:ident)*) => {
        mod $module {
            use super::*;

            pub(super) const ROWS: [Row; 5] = [
                Row {
                    name: concat!("plain/", $count),
                    floor: concat!("plain/", $count),
                    can: Can::NOTHING,
                    setup: || Ok(check::armed(calls!(plain; $($arg)*), PLAIN, Seen::Same(PLAIN), ())),
                },
                Row {
                    name: concat!("hand-fentry/", $count),
                    floor: concat!("plain/", $count),
                    can: Can::BY_HAND,
                    setup: || Ok(check::armed(calls!(hand_fentry; $($arg)*), PLAIN, Seen::Same(BEFORE), ())),
                },
                Row {
                    name: concat!("hand-fexit/", $count),
                    floor: concat!("plain/", $count),
                    can: Can::BY_HAND,
                    setup: || Ok(check::armed(calls!(hand_fexit; $($arg)*), PLAIN, Seen::Same(BOTH), ())),
                },
                Row {
                    name: concat!("fentry/", $count),
                    floor: concat!("hand-fentry/", $count),
                    can: Can::GTRAMP,
                    setup: || {
                        let link = before::link().functions(site!(entry)).attach();
                        let link = link.map_err(|error| error.to_string())?;
                        Ok(check::armed(calls!(entry; $($arg)*), PLAIN, Seen::Same(BEFORE), link))
                    },
                },
                Row {
                    name: concat!("both/", $count),
                    floor: concat!("hand-fexit/", $count),
                    can: Can::GTRAMP,
                    setup: || {
                        let link = site!(both).link().fentry(before).fexit(after).attach();
                        let link = link.map_err(|error| error.to_string())?;
                        Ok(check::armed(calls!(both; $($arg)*), PLAIN, Seen::Same(BOTH), link))
                    },
                },
            ];

            const PLAIN: Run = calls!(plain; $($arg)*);
            const BEFORE: Run = calls!(hand_fentry; $($arg)*);
            const BOTH: Run = calls!(hand_fexit; $($arg)*);

            #[inline(never)]
            fn plain($($arg: u64),*) -> u64 {
                body([$($arg),*])
            }

            #[inline(never)]
            fn hand_before($($arg: u64),*) {
                hit([$($arg),*]);
            }

            #[inline(never)]
            fn hand_after($($arg: u64,)* ret: u64) {
                hit_exit([$($arg),*], ret);
            }

            #[inline(never)]
            fn hand_fentry($($arg: u64),*) -> u64 {
                hand_before($($arg),*);
                body([$($arg),*])
            }

            #[inline(never)]
            fn hand_fexit($($arg: u64),*) -> u64 {
                hand_before($($arg),*);
                only_after($($arg),*)
            }

            #[inline(always)]
            fn only_after($($arg: u64),*) -> u64 {
                let ret = body([$($arg),*]);
                hand_after($($arg,)* ret);
                ret
            }

            #[fentry]
            fn before(_: &Entry<'_>, $($arg: u64),*) {
                hit([$($arg),*]);
            }

            #[fexit]
            fn after(_: &Exit<'_>, $($arg: u64,)* ret: &u64) {
                hit_exit([$($arg),*], *ret);
            }

            #[traceable]
            #[inline(never)]
            fn entry($($arg: u64),*) -> u64 {
                body([$($arg),*])
            }

            #[traceable]
            #[inline(never)]
            fn both($($arg: u64),*) -> u64 {
                body([$($arg),*])
            }
        }
    };
}

arity!(none, 0,);
arity!(one, 1, a);
arity!(four, 4, a b c d);
arity!(six, 6, a b c d e f);
arity!(eight, 8, a b c d e f g h);
arity!(twelve, 12, a b c d e f g h i j k l);

/// Two arguments are the rows without a count.
pub(super) const ROWS: &[Row] = {
    const SETS: [[Row; 5]; 6] =
        [none::ROWS, one::ROWS, four::ROWS, six::ROWS, eight::ROWS, twelve::ROWS];
    SETS.as_flattened()
};
