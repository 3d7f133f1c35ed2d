//! Text to [`Program`]: recursive descent, of bounded depth.
//!
//! ```text
//! program    = pattern+ [ '.' point ] [ in ] [ '/' or '/' ] '{' action (';' action)* '}' limit*
//! in         = 'in' key '=' text (',' key '=' text)*
//! action     = [ '@' name? [ '[' term (',' term)* ']' ] '=' ] function '(' .. ')'
//! or         = and ('||' and)*            and = not ('&&' not)*            not = '!'* compare
//! compare    = primary [ ('==' | '!=' | '<' | '<=' | '>' | '>=') primary ]
//! primary    = '(' or ')' | literal | term
//! term       = word | 'scope.' key | ['args.'] argument ('.' member)* ['?']
//! limit      = 'rate' N '/s' | 'for' time | 'max' N | 'every' time | 'budget' N '%'
//!            | 'keep' N 'MiB' | 'slow' time | 'depth' N
//! ```

mod action;
mod predicate;

use super::ast::{At, Comparison, Expr, Limits, Point, Program};
use super::cursor::Cursor;
use super::error::{Wrong, near};
use super::value::Kept;
use super::word::{Term, Word};

use action::actions;
use predicate::predicate;

/// So long may programs be, in bytes.
const LONGEST: usize = 8 * 1024;

/// Reads a program.
pub(crate) fn parse(text: &str) -> Result<Program, Wrong> {
    if text.len() > LONGEST {
        return Err(Wrong::whole(format!(
            "a program of {} bytes; {LONGEST} are read at most",
            text.len()
        )));
    }
    let mut cursor = Cursor::new(text);
    let (selection, point) = selection(&mut cursor)?;
    let scope = scope(&mut cursor)?;
    let predicate = if cursor.eat("/") {
        let predicate = predicate(&mut cursor)?;
        cursor.expect("/", "after the predicate")?;
        Some(predicate)
    } else {
        None
    };
    let actions = actions(&mut cursor)?;
    let limits = limits(&mut cursor)?;
    let predicate = match &limits.depth {
        Some(depth) => Some(within(predicate, depth)),
        None => predicate,
    };
    Ok(Program { selection, point, scope, predicate, actions, limits })
}

/// The predicate, of calls that are within fewer others than this.
fn within(predicate: Option<Expr>, depth: &At<u64>) -> Expr {
    let At { what, column } = *depth;
    let term = |what| Box::new(Expr::Term(At { what, column }));
    let comparison = At { what: Comparison::Less, column };
    let most = Term::Literal(Kept::Int(what.into()));
    let is_within = Expr::Compare(term(Term::Word(Word::Depth)), comparison, term(most));
    match predicate {
        Some(predicate) => Expr::And(Box::new(is_within), Box::new(predicate)),
        None => is_within,
    }
}

fn selection(cursor: &mut Cursor<'_>) -> Result<(Vec<At<String>>, Point), Wrong> {
    let mut patterns = Vec::new();
    let mut point = Point::Any;
    loop {
        cursor.spaces();
        let (column, before) = (cursor.column(), *cursor);
        // Between them a brace opens the actions, within one it is a choice.
        let is_file = cursor.peek() == Some(':');
        let word = match cursor.peek() {
            None | Some('{' | '/') => "",
            _ => pattern(cursor, is_file),
        };
        if word == "in" && !patterns.is_empty() {
            *cursor = before;
        }
        if word.is_empty() || word == "in" && !patterns.is_empty() {
            break;
        }
        let pattern = match word.rsplit_once('.') {
            Some((pattern, name)) if !is_file => {
                let column = column + pattern.chars().count() + 1;
                point = point_of(name, column)?;
                pattern
            }
            _ => word,
        };
        patterns.push(At { what: pattern.to_owned(), column });
    }
    if patterns.is_empty() {
        return Err(Wrong::at(
            1,
            "no functions: a program begins with a pattern, such as `bank::**`",
        ));
    }
    Ok((patterns, point))
}

fn point_of(name: &str, column: usize) -> Result<Point, Wrong> {
    let message = match name {
        "entry" => return Ok(Point::Entry),
        "exit" => return Ok(Point::Exit),
        "life" => return Ok(Point::Life),
        "poll" => return Ok(Point::Poll),
        _ => {
            let hint = near(name, ["entry", "exit", "life", "poll"]);
            format!("no point `.{name}`{hint}; there are .entry, .exit, .life, .poll")
        }
    };
    Err(Wrong::at(column, message))
}

/// What the scope in force has to have, if something is said of it.
fn scope(cursor: &mut Cursor<'_>) -> Result<Vec<(String, String)>, Wrong> {
    let mut values = Vec::new();
    if !cursor.eat("in ") {
        return Ok(values);
    }
    loop {
        let Some(key) = cursor.name() else {
            let found = cursor.found();
            return Err(cursor.wrong(format!("expected a key of scopes, found {found}")));
        };
        cursor.expect("=", "after the key, such as `in req=\"7f3\"`")?;
        cursor.spaces();
        if cursor.peek() != Some('"') {
            let found = cursor.found();
            return Err(cursor.wrong(format!("expected a text in quotes, found {found}")));
        }
        values.push((key.what.to_owned(), cursor.quoted()?));
        if !cursor.eat(",") {
            return Ok(values);
        }
    }
}

/// Takes a pattern, which may contain choices in braces.
fn pattern<'t>(cursor: &mut Cursor<'t>, is_file: bool) -> &'t str {
    let rest = cursor.rest();
    let mut end = 0;
    while let Some(c) = rest[end..].chars().next() {
        let is_end = match c {
            '/' => !is_file,
            '{' => match rest[end..].split_once('}') {
                Some((choice, _)) if !choice.contains([' ', '(', '@']) => {
                    end += choice.len();
                    false
                }
                _ => true,
            },
            c => c.is_whitespace(),
        };
        if is_end {
            break;
        }
        end += rest[end..].chars().next().map_or(0, char::len_utf8);
    }
    cursor.skip(end);
    &rest[..end]
}

fn limits(cursor: &mut Cursor<'_>) -> Result<Limits, Wrong> {
    let mut limits = Limits::default();
    while let Some(At { what, column }) = cursor.name() {
        match what {
            "rate" => {
                limits.rate = Some(cursor.whole("for `rate`")?);
                cursor.expect("/s", "after the number of `rate`")?;
            }
            "for" => limits.lasting = Some(cursor.duration("for `for`")?),
            "max" => limits.max = Some(cursor.whole("for `max`")?),
            "every" => limits.every = Some(cursor.duration("for `every`")?),
            "budget" => {
                limits.budget = Some(cursor.percent("for `budget`")?);
                cursor.expect("%", "after the number of `budget`")?;
            }
            "keep" => {
                limits.keep = Some(cursor.whole("of MiB for `keep`")?);
                cursor.expect("MiB", "after the number of `keep`")?;
            }
            "slow" => limits.slow = Some(cursor.duration("for `slow`")?),
            "depth" => {
                limits.depth = Some(At { what: cursor.whole("for `depth`")?, column });
            }
            _ => {
                let all = ["rate", "for", "max", "every", "budget", "keep", "slow", "depth"];
                let hint = near(what, all);
                let message = format!("no limit `{what}`{hint}; there are {}", all.join(", "));
                return Err(Wrong::at(column, message));
            }
        }
    }
    cursor.spaces();
    if cursor.rest().is_empty() {
        return Ok(limits);
    }
    Err(cursor.wrong(format!("expected a limit or the end, found {}", cursor.found())))
}
