//! The rows of the table, one idea per file.

mod arity;
mod breakpoint;
mod code;
mod cold;
mod detour;
mod elsewhere;
mod fail;
mod fastrace;
mod fentry;
mod fexit;
mod floor;
mod fmodret;
mod fsession;
mod futures;
mod hand;
mod ilhook;
mod inlined;
mod jit;
mod many;
mod maps;
mod off;
mod off_slot;
mod patched;
mod recursion;
mod replaced;
mod retour;
mod scoped;
mod signatures;
mod static_keys;
mod traced;
mod tracepoint;
mod tracing;
mod twins;
mod uprobe;

use gtramp_bench::row::Row;

/// All rows, in the order of the table.
pub(crate) fn all() -> Vec<Row> {
    [
        floor::ROWS,
        hand::ROWS,
        off::ROWS,
        off_slot::ROWS,
        signatures::ROWS,
        inlined::ROWS,
        elsewhere::ROWS,
        recursion::ROWS,
        cold::ROWS,
        fentry::ROWS,
        many::ROWS,
        fexit::ROWS,
        fsession::ROWS,
        fmodret::ROWS,
        scoped::ROWS,
        tracepoint::ROWS,
        replaced::ROWS,
        futures::ROWS,
        jit::ROWS,
        detour::ROWS,
        retour::ROWS,
        ilhook::ROWS,
        static_keys::ROWS,
        tracing::ROWS,
        fastrace::ROWS,
        fail::ROWS,
        uprobe::ROWS,
        breakpoint::ROWS,
        arity::ROWS,
    ]
    .concat()
}

/// The rows that match one of the comma-separated patterns, in which `*` stands for anything, and
/// the rows they are compared with.
pub(crate) fn select(patterns: Option<&str>) -> Vec<Row> {
    let Some(patterns) = patterns else { return all() };
    let all = all();
    let mut chosen: Vec<_> = all
        .iter()
        .map(|row| patterns.split(',').any(|pattern| matches(pattern, row.name)))
        .collect();
    // A floor has a floor of its own.
    for _ in 0..2 {
        let floors: Vec<_> = all
            .iter()
            .zip(&chosen)
            .filter(|(_, chosen)| **chosen)
            .map(|(row, _)| row.floor)
            .collect();
        for (row, chosen) in all.iter().zip(&mut chosen) {
            *chosen |= floors.contains(&row.name);
        }
    }
    all.into_iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(row, _)| row).collect()
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            (0..=name.len()).any(|at| name.is_char_boundary(at) && matches(rest, &name[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("fentry*", "fentry-multi"));
        assert!(matches("*-multi", "fentry-multi"));
        assert!(!matches("fentry", "fentry-multi"));
    }

    #[test]
    fn every_floor_is_a_row_and_no_name_is_used_twice() {
        let rows = all();
        for (index, row) in rows.iter().enumerate() {
            assert!(rows.iter().any(|floor| floor.name == row.floor), "{}", row.floor);
            assert!(rows[..index].iter().all(|other| other.name != row.name), "{}", row.name);
        }
    }

    #[test]
    fn every_row_hits_once_for_every_call() {
        for row in all() {
            match (row.setup)() {
                Ok(armed) => (armed.check)().unwrap_or_else(|why| panic!("{}: {why}", row.name)),
                Err(why) => eprintln!("{}: {why}", row.name),
            }
        }
    }
}
