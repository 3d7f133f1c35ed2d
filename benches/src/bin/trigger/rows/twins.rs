//! Two rows beside each other: a function without the attribute, and the same function with it, off.

/// The rows `plain/name` and `off/name`: how each is run, by which path the second's function is selected, and how
/// often a call of the loop calls it.
macro_rules! twins {
    ($name:literal, $plain:expr, $off:expr, $path:expr, $each:expr) => {
        [
            gtramp_bench::row::Row {
                name: concat!("plain/", $name),
                floor: concat!("plain/", $name),
                can: gtramp_bench::row::Can::NOTHING,
                setup: || {
                    let seen = $crate::check::Seen::Same($plain);
                    Ok($crate::check::armed($plain, $plain, seen, ()))
                },
            },
            gtramp_bench::row::Row {
                name: concat!("off/", $name),
                floor: concat!("plain/", $name),
                can: gtramp_bench::row::Can::GTRAMP,
                setup: || Ok($crate::check::off($off, $plain, $path, $each)),
            },
        ]
    };
}

pub(super) use twins;
