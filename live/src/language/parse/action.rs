//! Actions.

use super::super::ast::{Action, Aggregate, At};
use super::super::cursor::Cursor;
use super::super::error::{Wrong, near};
use super::super::value::Kept;
use super::predicate::{list, term};

const FUNCTIONS: [&str; 9] =
    ["count", "sum", "avg", "min", "max", "hist", "lhist", "print", "trace"];

/// What is between the braces.
pub(super) fn actions(cursor: &mut Cursor<'_>) -> Result<Vec<Action>, Wrong> {
    cursor.expect("{", "and what to do, such as `{ count() }`")?;
    let mut actions = Vec::new();
    loop {
        while cursor.eat(";") {}
        if cursor.eat("}") {
            break;
        }
        actions.push(action(cursor)?);
        if !cursor.eat(";") {
            cursor.expect("}", "or `;` after an action")?;
            break;
        }
    }
    match actions.len() {
        0 => Err(cursor.wrong("nothing to do: `{ count() }` counts, `{ print(func) }` shows")),
        1..=8 => Ok(actions),
        more => Err(cursor.wrong(format!("{more} actions; 8 are done at most"))),
    }
}

fn action(cursor: &mut Cursor<'_>) -> Result<Action, Wrong> {
    let assigned = cursor.eat("@");
    let (mut name, mut keys) = (String::new(), Vec::new());
    if assigned {
        if let Some(given) = cursor.name() {
            given.what.clone_into(&mut name);
        }
        if cursor.eat("[") {
            keys = list(cursor, "]")?;
            if keys.len() > 4 {
                return Err(Wrong::at(keys[4].column, "4 keys are kept at most"));
            }
        }
        cursor.expect("=", "and what is kept, such as `@[func] = count()`")?;
    }
    let Some(At { what, column }) = cursor.name() else {
        return Err(cursor.wrong(format!("expected an action, found {}", cursor.found())));
    };
    if !FUNCTIONS.contains(&what) {
        let hint = near(what, FUNCTIONS);
        let all = FUNCTIONS.join(", ");
        return Err(Wrong::at(column, format!("no action `{what}`{hint}; there are {all}")));
    }
    cursor.expect("(", &format!("after `{what}`"))?;
    if matches!(what, "print" | "trace") && assigned {
        return Err(Wrong::at(column, format!("`{what}` keeps nothing to be assigned")));
    }
    let (function, value) = match what {
        "print" => {
            let items = list(cursor, ")")?;
            if items.is_empty() {
                return Err(Wrong::at(column, "nothing to print: `print(func, latency)`"));
            }
            return Ok(Action::Print(items));
        }
        "trace" => {
            return Ok(Action::Trace(list(cursor, ")")?));
        }
        "count" => {
            cursor.expect(")", "after `count(`: it counts calls")?;
            return Ok(Action::Aggregate { name, keys, function: Aggregate::Count, value: None });
        }
        _ => (what, term(cursor)?),
    };
    let function = match function {
        "sum" => Aggregate::Sum,
        "avg" => Aggregate::Avg,
        "min" => Aggregate::Min,
        "max" => Aggregate::Max,
        "hist" => Aggregate::Hist,
        _ => lhist(cursor, column)?,
    };
    cursor.expect(")", &format!("after the value of `{what}`"))?;
    Ok(Action::Aggregate { name, keys, function, value: Some(value) })
}

fn lhist(cursor: &mut Cursor<'_>, column: usize) -> Result<Aggregate, Wrong> {
    let mut bound = |of: &str| -> Result<u64, Wrong> {
        cursor.expect(",", "and `lhist(value, from, to, step)`")?;
        match cursor.literal()? {
            Some(At { what: Kept::Int(bound), column }) => u64::try_from(bound)
                .map_err(|_| Wrong::at(column, format!("{of} of `lhist` is not negative"))),
            _ => Err(cursor.wrong(format!("expected {of} of `lhist`, a number or a time"))),
        }
    };
    let (from, to, step) = (bound("the beginning")?, bound("the end")?, bound("the step")?);
    if step == 0 || to <= from || (to - from).div_ceil(step) > 1000 {
        return Err(Wrong::at(
            column,
            "`lhist` has 1 to 1000 steps between its beginning and its end",
        ));
    }
    Ok(Aggregate::Lhist { from, to, step })
}
