//! Calls within calls, put together from single ones.

use std::collections::BTreeMap;

use crate::protocol::Event;

/// A call, and those that were made within it.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The call.
    pub call: Event,
    /// In the order in which they began.
    pub within: Vec<Node>,
}

impl Node {
    /// When it ended, in nanoseconds since its lease began.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.call.at + self.call.latency
    }

    /// How long it took without the calls within it.
    #[must_use]
    pub fn own(&self) -> u64 {
        let within: u64 = self.within.iter().map(|node| node.call.latency).sum();
        self.call.latency.saturating_sub(within)
    }

    /// It and all within it, outside first, with how deep they are.
    pub fn walk<'n>(&'n self, depth: usize, visit: &mut impl FnMut(&'n Self, usize)) {
        visit(self, depth);
        self.within.iter().for_each(|node| node.walk(depth + 1, visit));
    }
}

/// Calls that wait for the one in which they were made.
#[derive(Debug, Default)]
pub struct Forest {
    /// By thread, in the order in which they ended.
    open: BTreeMap<u32, Vec<Node>>,
}

impl Forest {
    /// Takes calls in; the trees that they complete, in the order in which they ended.
    ///
    /// A call is told when it has ended, so those within it are there before it.
    pub fn take_in(&mut self, mut calls: Vec<Event>) -> Vec<Node> {
        calls.sort_by_key(|call| (call.at + call.latency, core::cmp::Reverse(call.depth)));
        let mut whole = Vec::new();
        for call in calls {
            if call.life {
                whole.push(Node { call, within: Vec::new() });
                continue;
            }
            let open = self.open.entry(call.thread).or_default();
            let first = open
                .iter()
                .rposition(|node| node.call.depth <= call.depth || node.call.at < call.at);
            let within = open.split_off(first.map_or(0, |before| before + 1));
            let is_root = call.depth == 0;
            let node = Node { call, within };
            if is_root {
                // What is left has lost its parent.
                whole.append(open);
                whole.push(node);
            } else {
                open.push(node);
            }
        }
        whole
    }

    /// What has not found its parent: that had not ended, or was lost.
    pub fn rest(&mut self) -> Vec<Node> {
        std::mem::take(&mut self.open).into_values().flatten().collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Event, Forest, Node};

    pub(in super::super) fn call(func: &str, depth: u32, at: u64, latency: u64) -> Event {
        let outcome = "returned".to_owned();
        let func = func.to_owned();
        Event {
            at,
            func,
            thread: 1,
            depth,
            life: false,
            id: 0,
            parent: 0,
            latency,
            outcome,
            values: Vec::new(),
        }
    }

    fn shape(node: &Node) -> String {
        let within: Vec<String> = node.within.iter().map(shape).collect();
        format!("{}({})", node.call.func, within.join(""))
    }

    #[test]
    fn calls_are_within_those_that_made_them() {
        let mut forest = Forest::default();
        // c is told before the call in which it was made has ended.
        assert!(forest.take_in(vec![call("c", 2, 12, 3), call("b", 1, 10, 10)]).is_empty());
        let whole =
            forest.take_in(vec![call("b", 1, 30, 5), call("a", 0, 5, 45), call("a", 0, 60, 1)]);
        let shapes: Vec<String> = whole.iter().map(shape).collect();
        assert_eq!(shapes, ["a(b(c())b())", "a()"]);
        assert_eq!(whole[0].own(), 30);
        assert!(forest.rest().is_empty());
    }

    #[test]
    fn calls_that_end_with_their_last_one_are_around_it() {
        let mut forest = Forest::default();
        let whole =
            forest.take_in(vec![call("a", 0, 0, 10), call("b", 1, 5, 5), call("c", 2, 5, 5)]);
        assert_eq!(shape(&whole[0]), "a(b(c()))");
    }

    #[test]
    fn the_life_of_a_future_is_by_itself() {
        let mut forest = Forest::default();
        let life = Event { life: true, ..call("life", 0, 0, 20) };
        let whole = forest.take_in(vec![call("b", 1, 2, 3), life, call("a", 0, 1, 30)]);
        let shapes: Vec<String> = whole.iter().map(shape).collect();
        assert_eq!(shapes, ["life()", "a(b())"]);
    }

    #[test]
    fn calls_whose_parent_was_lost_are_not() {
        let mut forest = Forest::default();
        let mut whole = forest.take_in(vec![call("b", 1, 1, 1), call("a", 0, 5, 5)]);
        whole.append(&mut forest.take_in(vec![call("c", 1, 11, 1)]));
        whole.append(&mut forest.rest());
        let shapes: Vec<String> = whole.iter().map(shape).collect();
        assert_eq!(shapes, ["b()", "a()", "c()"]);
    }
}
