//! What callgrind says was executed.

use std::collections::BTreeMap;

use crate::support::callgrind::CALLS;

/// The instructions of the program that every call runs, by address.
///
/// The format is `positions: instr line`: lines of an address, a line of source and a count, where an
/// address may be relative to that of the line before.
pub(crate) fn instructions(file: &str, program: &str) -> Vec<u64> {
    let mut counts = BTreeMap::<u64, u64>::new();
    let mut inside = false;
    let mut names = BTreeMap::new();
    let mut address = 0;
    let mut inclusive = false;
    for line in file.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            // Once with its name, later by its number alone.
            let (number, name) = object.split_once(' ').unwrap_or((object, ""));
            let name = names.entry(number).or_insert(name);
            inside = *name == program;
        } else if let Some(object) = line.strip_prefix("cob=") {
            let (number, name) = object.split_once(' ').unwrap_or((object, ""));
            names.entry(number).or_insert(name);
        } else if line.starts_with("calls=") {
            // The next line is what the called function took.
            inclusive = true;
        } else if let Some((at, count)) = cost(line, address) {
            address = at;
            if inside && !inclusive {
                *counts.entry(address).or_default() += count;
            }
            inclusive = false;
        }
    }
    // All but a few calls: the first ones may have more to do.
    counts.into_iter().filter(|&(_, count)| count >= CALLS / 10 * 9).map(|(at, _)| at).collect()
}

/// The address and the count of a line that has them.
fn cost(line: &str, before: u64) -> Option<(u64, u64)> {
    let mut words = line.split(' ');
    let (at, _line, count) = (words.next()?, words.next()?, words.next()?.parse().ok()?);
    let at = match at.split_at_checked(1)? {
        ("*", "") => before,
        ("+", distance) => before.checked_add(number(distance)?)?,
        ("-", distance) => before.checked_sub(number(distance)?)?,
        _ => number(at)?,
    };
    Some((at, count))
}

fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}
