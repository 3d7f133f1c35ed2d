//! A place in a program's text, and the small things that are read there.

use std::time::Duration;

use super::ast::At;
use super::error::{Wrong, near};
use super::value::Kept;

/// Texts in programs are no longer than what is kept of an argument's.
pub(crate) const LONGEST_TEXT: usize = 200;

#[derive(Clone, Copy)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn column(&self) -> usize {
        self.text[..self.at].chars().count() + 1
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    pub(super) fn spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Takes this, if it is here, with the space in front of it.
    pub(super) fn eat(&mut self, what: &str) -> bool {
        self.spaces();
        let found = self.rest().starts_with(what);
        if found {
            self.at += what.len();
        }
        found
    }

    /// Takes this, which has to be here.
    pub(super) fn expect(&mut self, what: &str, after: &str) -> Result<(), Wrong> {
        if self.eat(what) {
            return Ok(());
        }
        Err(self.wrong(format!("expected `{what}` {after}, found {}", self.found())))
    }

    pub(super) fn wrong(&self, message: impl Into<String>) -> Wrong {
        Wrong::at(self.column(), message)
    }

    /// What is here, for a message.
    pub(super) fn found(&self) -> String {
        let word: String =
            self.rest().chars().take_while(|c| !c.is_whitespace()).take(20).collect();
        if word.is_empty() { "the end".to_owned() } else { format!("`{word}`") }
    }

    pub(super) fn while_(&mut self, is_part: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// A name; nothing is taken if there is none.
    pub(super) fn name(&mut self) -> Option<At<&'t str>> {
        self.spaces();
        let column = self.column();
        if !self.peek().is_some_and(|c| c.is_alphabetic() || c == '_') {
            return None;
        }
        let what = self.while_(|c| c.is_alphanumeric() || c == '_');
        Some(At { what, column })
    }

    /// A member's name or number, with the dot in front of it; nothing is taken if there is none.
    pub(super) fn member(&mut self) -> Option<&'t str> {
        let rest = self.rest().strip_prefix('.')?;
        if !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return None;
        }
        self.skip(1);
        Some(self.while_(|c| c.is_alphanumeric() || c == '_'))
    }

    /// A whole number without a unit.
    pub(super) fn whole(&mut self, of: &str) -> Result<u64, Wrong> {
        self.spaces();
        let wrong = self.wrong(format!("expected a whole number {of}, found {}", self.found()));
        let digits = self.while_(|c| c.is_ascii_digit() || c == '_');
        digits.replace('_', "").parse().map_err(|_| wrong)
    }

    /// A number from 0 to 100.
    pub(super) fn percent(&mut self, of: &str) -> Result<f64, Wrong> {
        self.spaces();
        let wrong = self.wrong(format!("expected 0 to 100 {of}, found {}", self.found()));
        let number: Option<f64> = self.while_(|c| c.is_ascii_digit() || c == '.').parse().ok();
        number.filter(|number| *number <= 100.0).ok_or(wrong)
    }

    /// A length of time: `30s`, `1.5ms`.
    pub(super) fn duration(&mut self, of: &str) -> Result<Duration, Wrong> {
        self.spaces();
        let wrong =
            self.wrong(format!("expected a time {of}, such as `30s`, found {}", self.found()));
        let column = self.column();
        let number = self.while_(|c| c.is_ascii_digit() || c == '.');
        let number: f64 = number.parse().map_err(|_| wrong)?;
        let unit = self.while_(char::is_alphabetic);
        let nanoseconds = unit_of(unit).ok_or_else(|| no_unit(column, unit))?;
        // As many as there are, if it is more than a `Duration` holds.
        Ok(Duration::try_from_secs_f64(number * nanoseconds / 1e9).unwrap_or(Duration::MAX))
    }

    /// A number, with a unit of time if it has one, or a text in quotes; nothing is taken if neither is here.
    pub(super) fn literal(&mut self) -> Result<Option<At<Kept>>, Wrong> {
        self.spaces();
        let column = self.column();
        let what = match self.peek() {
            Some('"') => Kept::Text(self.quoted()?),
            Some(c) if c.is_ascii_digit() || c == '-' => self.number()?,
            _ => return Ok(None),
        };
        Ok(Some(At { what, column }))
    }

    fn number(&mut self) -> Result<Kept, Wrong> {
        let column = self.column();
        let negative = self.eat("-");
        let written = self.while_(|c| c.is_ascii_digit() || c == '_' || c == '.').replace('_', "");
        let unit = self.while_(char::is_alphabetic);
        let sign = if negative { -1 } else { 1 };
        if unit.is_empty()
            && let Ok(whole) = written.parse::<u64>()
        {
            return Ok(Kept::Int(sign * i128::from(whole)));
        }
        let number: f64 =
            written.parse().map_err(|_| Wrong::at(column, format!("`{written}` is no number")))?;
        let number = if negative { -number } else { number };
        match unit_of(unit) {
            _ if unit.is_empty() => Ok(Kept::Float(number)),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it is as large as it can be, then"
            )]
            Some(nanoseconds) => Ok(Kept::Int((number * nanoseconds).round() as i128)),
            None => Err(no_unit(column, unit)),
        }
    }

    pub(super) fn quoted(&mut self) -> Result<String, Wrong> {
        let begin = *self;
        self.skip(1);
        let mut text = String::new();
        let mut chars = self.rest().char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.skip(at + 1);
                    if text.len() > LONGEST_TEXT {
                        return Err(begin.wrong(format!(
                            "a text of {} bytes; {LONGEST_TEXT} are compared at most",
                            text.len()
                        )));
                    }
                    return Ok(text);
                }
                '\\' => text.extend(chars.next().map(|(_, c)| c)),
                c => text.push(c),
            }
        }
        Err(begin.wrong("a text without its closing `\"`"))
    }
}

const UNITS: [&str; 6] = ["ns", "us", "ms", "s", "min", "m"];

fn unit_of(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1.0,
        "us" | "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "min" | "m" => 60e9,
        _ => return None,
    })
}

fn no_unit(column: usize, unit: &str) -> Wrong {
    let hint = near(unit, UNITS);
    Wrong::at(column, format!("`{unit}` is no unit of time{hint}; there are ns, us, ms, s, min"))
}
