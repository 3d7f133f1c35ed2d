//! Arguments as text: `account="ann", amount=700`.

use core::fmt::Write as _;

use gtramp::Entry;

use crate::language::{Reader, Value, kept_part};

/// All arguments of a call that can be read.
pub(super) fn arguments(ctx: &Entry<'_>) -> String {
    let mut text = String::new();
    for (index, argument) in ctx.function().arguments().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        if argument.is_redacted() {
            text.push_str(argument.name());
            text.push_str("=<redacted>");
            continue;
        }
        let value = match Reader::of(argument.type_name()) {
            Some(reader) => reader.argument(ctx, index),
            None => Value::Absent,
        };
        // Writing to a text does not fail.
        let _ = match value {
            Value::Absent => write!(text, "{}=_", argument.name()),
            Value::Int(int) => write!(text, "{}={int}", argument.name()),
            Value::Float(float) => write!(text, "{}={float}", argument.name()),
            Value::Bool(bool) => write!(text, "{}={bool}", argument.name()),
            Value::Text(value) => write!(text, "{}={:?}", argument.name(), kept_part(value)),
        };
    }
    text
}
