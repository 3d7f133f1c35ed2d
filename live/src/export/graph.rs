//! One call and all within it, as an indented tree.

use std::io::{self, Write};

use super::text::duration;
use super::tree::Node;

/// What ftrace puts beside durations, by decades.
const FLAGS: [(u64, char); 6] = [
    (1_000_000_000, '$'),
    (100_000_000, '@'),
    (10_000_000, '*'),
    (1_000_000, '#'),
    (100_000, '!'),
    (10_000, '+'),
];

/// Writes a tree: duration, time without what is within, function. Calls of one function after each other, with
/// nothing within them, are one line.
///
/// # Errors
///
/// It cannot be written.
pub fn graph(out: &mut impl Write, root: &Node) -> io::Result<()> {
    writeln!(out, "{:>10} {:>10}   thread {}", "DURATION", "SELF", root.call.thread)?;
    lines(out, std::slice::from_ref(root), 0)?;
    writeln!(out)
}

fn lines(out: &mut impl Write, nodes: &[Node], depth: usize) -> io::Result<()> {
    let is_one_line = |one: &Node, other: &Node| {
        let key = |node: &Node| (node.call.func.clone(), node.call.outcome.clone());
        let plain = |node: &Node| node.within.is_empty() && node.call.values.is_empty();
        plain(one) && plain(other) && key(one) == key(other)
    };
    for same in nodes.chunk_by(is_one_line) {
        let latency: u64 = same.iter().map(|node| node.call.latency).sum();
        let own: u64 = same.iter().map(Node::own).sum();
        let flag = FLAGS.iter().find(|(least, _)| latency >= *least).map_or(' ', |(_, flag)| *flag);
        let show = |nanoseconds: u64| duration(i64::try_from(nanoseconds).unwrap_or(i64::MAX));
        let call = &same[0].call;
        let indent = "  ".repeat(depth);
        write!(out, "{:>10} {:>10} {flag} {indent}{}", show(latency), show(own), call.func)?;
        for (name, value) in &call.values {
            match &**name {
                "args" => write!(out, "({value})")?,
                "ret" => write!(out, " -> {value}")?,
                "latency" | "func" => {}
                name => write!(out, " {name}={value}")?,
            }
        }
        if call.outcome != "returned" {
            write!(out, " {}", call.outcome)?;
        }
        if same.len() > 1 {
            write!(out, "  {} times", same.len())?;
        }
        writeln!(out)?;
        lines(out, &same[0].within, depth + 1)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Forest;
    use super::super::tree::tests::call;
    use super::graph;

    #[test]
    fn repeated_leaves_are_one_line() {
        let calls = vec![
            call("b", 1, 10, 10),
            call("b", 1, 30, 5),
            call("d", 2, 41, 2),
            call("c", 1, 40, 9),
            call("a", 0, 0, 12_000),
        ];
        let trees = Forest::default().take_in(calls);
        let mut text = Vec::new();
        graph(&mut text, &trees[0]).expect("memory takes it");
        let expected = [
            "  DURATION       SELF   thread 1",
            "      12us     11.9us + a",
            "      15ns       15ns     b  2 times",
            "       9ns        7ns     c",
            "       2ns        2ns       d",
        ];
        let text = String::from_utf8(text).expect("it is text");
        assert_eq!(text.trim_end().lines().collect::<Vec<_>>(), expected);
    }
}
