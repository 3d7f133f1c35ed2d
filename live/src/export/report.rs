//! Calls by function: how many, how long, with and without what is within.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::text::duration;
use super::tree::Node;

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    calls: u64,
    failed: u64,
    total: u64,
    own: u64,
}

/// Writes a row for each function, at most so many, those of the longest total first. The time of a call within
/// another of the same function is counted once.
///
/// # Errors
///
/// It cannot be written.
pub fn report(out: &mut impl Write, trees: &[Node], rows: usize) -> io::Result<()> {
    let mut functions: BTreeMap<&str, Row> = BTreeMap::new();
    for root in trees {
        let mut around: Vec<&str> = Vec::new();
        root.walk(0, &mut |node, depth| {
            around.truncate(depth);
            let func = &*node.call.func;
            let row = functions.entry(func).or_default();
            row.calls += 1;
            row.failed += u64::from(node.call.outcome != "returned");
            row.own += node.own();
            if !around.contains(&func) {
                row.total += node.call.latency;
            }
            around.push(func);
        });
    }
    let mut sorted: Vec<(&str, Row)> = functions.into_iter().collect();
    sorted.sort_by(|one, other| other.1.total.cmp(&one.1.total).then(one.0.cmp(other.0)));
    let titles = ["TOTAL", "SELF", "CALLS", "FAILED"];
    let [total, own, calls, failed] = titles;
    writeln!(out, "{total:>10} {own:>10} {calls:>10} {failed:>8}  FUNCTION")?;
    let time = |nanoseconds: u64| duration(i64::try_from(nanoseconds).unwrap_or(i64::MAX));
    for (func, Row { calls, failed, total, own }) in sorted.iter().take(rows) {
        let (total, own) = (time(*total), time(*own));
        writeln!(out, "{total:>10} {own:>10} {calls:>10} {failed:>8}  {func}")?;
    }
    if sorted.len() > rows {
        writeln!(out, "{:>10} and {} more", "..", sorted.len() - rows)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Forest;
    use super::super::tree::tests::call;
    use super::report;

    #[test]
    fn functions_are_sorted_by_their_time_and_recursion_is_counted_once() {
        let failed = |mut call: crate::protocol::Event| {
            call.outcome = "failed".to_owned();
            call
        };
        let calls = vec![
            call("b", 2, 10, 10),
            failed(call("a", 1, 5, 30)),
            call("a", 0, 0, 50),
            call("c", 0, 60, 7),
        ];
        let trees = Forest::default().take_in(calls);
        let mut text = Vec::new();
        report(&mut text, &trees, 2).expect("memory takes it");
        let text = String::from_utf8(text).expect("it is text");
        let words: Vec<Vec<&str>> =
            text.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(words[0], ["50ns", "40ns", "2", "1", "a"]);
        assert_eq!(words[1], ["10ns", "10ns", "1", "0", "b"]);
        assert_eq!(words[2], ["..", "and", "1", "more"]);
    }
}
