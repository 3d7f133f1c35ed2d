//! Folded stacks, `a;b;c 12` a line, of which flame graphs are made.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::tree::Node;

/// Writes the time of each stack without what its calls took, in nanoseconds.
///
/// # Errors
///
/// It cannot be written.
pub fn folded(out: &mut impl Write, trees: &[Node]) -> io::Result<()> {
    let mut stacks: BTreeMap<String, u64> = BTreeMap::new();
    for root in trees {
        let mut stack: Vec<&str> = Vec::new();
        root.walk(0, &mut |node, depth| {
            stack.truncate(depth);
            stack.push(&node.call.func);
            *stacks.entry(stack.join(";")).or_default() += node.own();
        });
    }
    stacks.iter().try_for_each(|(stack, own)| writeln!(out, "{stack} {own}"))
}

#[cfg(test)]
mod tests {
    use super::super::Forest;
    use super::super::tree::tests::call;
    use super::folded;

    #[test]
    fn time_is_where_it_was_spent() {
        let calls = vec![call("b", 1, 10, 10), call("b", 1, 30, 5), call("a", 0, 0, 50)];
        let trees = Forest::default().take_in(calls);
        let mut text = Vec::new();
        folded(&mut text, &trees).expect("memory takes it");
        assert_eq!(String::from_utf8(text).expect("it is text"), "a 35\na;b 15\n");
    }
}
