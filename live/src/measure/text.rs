//! Arguments as text: `account="ann", amount=700`.

use core::fmt::Write as _;

use gtramp::Entry;

/// All arguments of a call; `_` for one that has no text.
pub(super) fn arguments(ctx: &Entry<'_>) -> String {
    let mut text = String::with_capacity(64);
    let call = ctx.call();
    for (index, argument) in ctx.function().arguments().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        // Writing to a text fails where a type's own `Debug` does: what there is of it stands.
        let _ = match call.argument(index) {
            Some(value) => write!(text, "{comma}{}={value}", argument.name()),
            None => write!(text, "{comma}{}=_", argument.name()),
        };
    }
    text
}

/// One argument, if there is a text of it.
pub(super) fn argument(ctx: &Entry<'_>, index: usize) -> Option<String> {
    let value = ctx.call().argument(index)?;
    let mut text = String::new();
    write!(text, "{value}").ok()?;
    Some(text)
}

/// The result of a call.
pub(super) fn result(ctx: &gtramp::Exit<'_>) -> Option<String> {
    let value = ctx.call().result()?;
    let mut text = String::new();
    write!(text, "{value}").ok()?;
    Some(text)
}
