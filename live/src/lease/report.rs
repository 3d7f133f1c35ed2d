//! What was measured, as it is told.

use crate::language::{Kept, Plan, Step, Term, Word};
use crate::measure::{Engine, Event, Shown, Tables};
use crate::protocol;

use super::stack;

/// Every aggregate of an engine, as it is now.
pub(super) fn tables(engine: &Engine) -> Vec<protocol::Table> {
    let plan = engine.plan();
    let mut tables = engine.tables().iter();
    let mut told = Vec::new();
    for step in &plan.steps {
        if let Step::Aggregate { name, keys, function, value } = step
            && let Some(table) = tables.next()
        {
            told.push(protocol::Table {
                name: name.clone(),
                function: function.text().to_owned(),
                of: value.as_ref().map_or_else(String::new, |value| value.name.clone()),
                keys: keys.iter().map(|(name, _)| name.clone()).collect(),
                rows: rows(plan, table),
            });
        }
    }
    told
}

fn rows(plan: &Plan, table: &Tables) -> Vec<protocol::Row> {
    let mut rows: Vec<protocol::Row> = table
        .merged()
        .into_iter()
        .map(|(key, merged)| {
            let (min, max) = merged.range.unwrap_or_default();
            let key = key.iter().zip(&table.keys).map(|(kept, operand)| text(plan, kept, operand));
            protocol::Row {
                key: key.collect(),
                count: merged.count,
                sum: merged.sum,
                min,
                max,
                p50: merged.quantile(0.5),
                p90: merged.quantile(0.9),
                p99: merged.quantile(0.99),
                buckets: merged.buckets(table.function),
            }
        })
        .collect();
    rows.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.key.cmp(&other.key)));
    rows
}

/// A function that is its own key is a number.
fn text(plan: &Plan, kept: &Kept, operand: &Term<usize>) -> String {
    match (operand, kept) {
        (Term::Word(Word::Func), Kept::Int(place)) => {
            let planned = usize::try_from(*place).ok().and_then(|place| plan.functions.get(place));
            planned.map_or_else(String::new, |planned| planned.function.instance().to_owned())
        }
        _ => kept.to_string(),
    }
}

fn shown(shown: &Shown) -> String {
    match shown {
        Shown::Kept(kept) => kept.to_string(),
        Shown::Stack(stack) => stack::frames(&stack.to_string()),
    }
}

/// What numbers in records mean.
pub(super) fn names(plan: &Plan) -> protocol::Names {
    let functions = plan.functions.iter().map(|planned| planned.function.instance().to_owned());
    let items = plan.steps.iter().map(|step| match step {
        Step::Show { items, .. } => items.iter().map(|(name, _)| name.clone()).collect(),
        Step::Aggregate { .. } => Vec::new(),
    });
    protocol::Names {
        pid: std::process::id(),
        name: protocol::program(),
        functions: functions.collect(),
        items: items.collect(),
    }
}

/// One call.
pub(super) fn event(plan: &Plan, event: &Event) -> protocol::Event {
    let planned = plan.functions.get(event.function as usize);
    let items = match plan.steps.get(event.step as usize) {
        Some(Step::Show { items, .. }) => &items[..],
        _ => &[],
    };
    let names = items.iter().map(|(name, _)| name.clone());
    let values = event.texts.iter().map(shown);
    protocol::Event {
        at: event.begun,
        func: planned.map_or_else(String::new, |planned| planned.function.instance().to_owned()),
        thread: event.thread,
        depth: event.depth,
        life: planned.is_some_and(|planned| planned.is_async),
        id: event.life.map_or(0, |(id, _)| id),
        parent: event.life.map_or(0, |(_, parent)| parent),
        latency: event.latency,
        outcome: event.outcome.text().to_owned(),
        values: names.zip(values).collect(),
    }
}
