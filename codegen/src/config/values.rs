//! From the entries of a file to a [`Config`], and back.

use std::collections::BTreeSet;

use super::parse::{Entry, Fault, Value};
use super::{Config, EntryMode, Kind, MOST_ARGS};
use crate::shape::Lookup;

const KEYS: &str = "`max-args`, `args`, `kinds`, `sleepable`, `lookup`, `entry`";

/// What the entries ask for.
pub(super) fn config(entries: &[Entry]) -> Result<Config, Fault> {
    let mut config = Config::default();
    let mut max_args = None;
    let mut args = None;
    for entry in entries {
        match entry.key.as_str() {
            "max-args" => {
                max_args = Some((entry.line, count(entry.line, &entry.value, "max-args")?))
            }
            "args" => args = Some(counts(entry)?),
            "kinds" => config.kinds = kinds(entry)?,
            "sleepable" => config.sleepable = boolean(entry)?,
            "lookup" => config.lookups = lookups(entry)?,
            "entry" => config.entry = entry_mode(entry)?,
            other => {
                return Err(fault(
                    entry.line,
                    format!("there is no key `{other}`: the keys are {KEYS}"),
                ));
            }
        }
    }
    match (args, max_args) {
        (Some(args), Some((line, max))) if args.last().is_some_and(|&most| most > max) => {
            return Err(fault(
                line,
                format!(
                    "`args` has counts above the `max-args` of {max}: leave one of the two out"
                ),
            ));
        }
        (Some(args), _) => config.args = args,
        (None, Some((_, max))) => config.args = (0..=max).collect(),
        (None, None) => {}
    }
    Ok(config)
}

/// The file that asks for `config`, without what is the default anyway.
pub(super) fn to_toml(config: &Config) -> String {
    let default = Config::default();
    let mut text = String::new();
    let mut line = |key: &str, value: String| text.push_str(&format!("{key} = {value}\n"));
    if config.args.iter().copied().eq(0..=config.max_args()) && !config.args.is_empty() {
        line("max-args", config.max_args().to_string());
    } else {
        line("args", list(config.args.iter().map(ToString::to_string)));
    }
    if config.kinds != default.kinds {
        line("kinds", list(config.kinds.iter().map(|kind| quoted(kind.name()))));
    }
    if config.sleepable != default.sleepable {
        line("sleepable", config.sleepable.to_string());
    }
    if config.lookups != default.lookups {
        let name = if config.lookups.contains(&Lookup::Inline) { "inline" } else { "hash" };
        line("lookup", quoted(name));
    }
    if config.entry != default.entry {
        line("entry", quoted(config.entry.name()));
    }
    text
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

fn count(line: usize, value: &Value, key: &str) -> Result<usize, Fault> {
    match value {
        Value::Number(number) => match usize::try_from(*number) {
            Ok(count) if count <= MOST_ARGS => Ok(count),
            _ => Err(fault(
                line,
                format!("{number} arguments are too many: `{key}` goes from 0 to {MOST_ARGS}"),
            )),
        },
        other => Err(fault(
            line,
            format!(
                "{} is no argument count: `{key}` takes whole numbers from 0 to {MOST_ARGS}",
                shown(other)
            ),
        )),
    }
}

fn counts(entry: &Entry) -> Result<BTreeSet<usize>, Fault> {
    let Value::Array(items) = &entry.value else {
        return Err(fault(
            entry.line,
            format!(
                "`args` takes an array of argument counts, like [0, 1, 2]; found {}",
                shown(&entry.value)
            ),
        ));
    };
    items.iter().map(|(line, item)| count(*line, item, "args")).collect()
}

fn kinds(entry: &Entry) -> Result<BTreeSet<Kind>, Fault> {
    const ALLOWED: &str = "`kinds` takes an array of \"fentry\", \"fexit\", \"fmod_ret\"";
    let Value::Array(items) = &entry.value else {
        return Err(fault(entry.line, format!("{ALLOWED}; found {}", shown(&entry.value))));
    };
    items
        .iter()
        .map(|(line, item)| {
            let found =
                Kind::ALL.into_iter().find(|kind| *item == Value::Text(kind.name().to_owned()));
            found.ok_or_else(|| fault(*line, format!("{ALLOWED}; found {}", shown(item))))
        })
        .collect()
}

fn boolean(entry: &Entry) -> Result<bool, Fault> {
    match entry.value {
        Value::Bool(value) => Ok(value),
        ref other => Err(fault(
            entry.line,
            format!("`{}` is true or false; found {}", entry.key, shown(other)),
        )),
    }
}

fn lookups(entry: &Entry) -> Result<BTreeSet<Lookup>, Fault> {
    match &entry.value {
        Value::Text(text) if text == "inline" => Ok([Lookup::Inline].into()),
        Value::Text(text) if text == "hash" => Ok([Lookup::Hash].into()),
        Value::Text(text) if text == "both" => Ok(Lookup::ALL.into()),
        other => Err(fault(
            entry.line,
            format!("`lookup` is \"inline\", \"hash\" or \"both\"; found {}", shown(other)),
        )),
    }
}

fn entry_mode(entry: &Entry) -> Result<EntryMode, Fault> {
    EntryMode::ALL
        .into_iter()
        .find(|mode| entry.value == Value::Text(mode.name().to_owned()))
        .ok_or_else(|| {
            fault(
                entry.line,
                format!("`entry` is \"patch\" or \"slot\"; found {}", shown(&entry.value)),
            )
        })
}

/// A value as it is written.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Array(items) => list(items.iter().map(|(_, item)| shown(item))),
    }
}

fn fault(line: usize, message: String) -> Fault {
    Fault { line, message }
}
