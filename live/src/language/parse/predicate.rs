//! Predicates, and the names in them.

use super::super::ast::{At, Comparison, Expr};
use super::super::cursor::Cursor;
use super::super::error::Wrong;
use super::super::value::Kept;
use super::super::word::{Named, Term, Word};

/// So deep may expressions be.
const DEPTH: usize = 32;

/// What is between the slashes.
pub(super) fn predicate(cursor: &mut Cursor<'_>) -> Result<Expr, Wrong> {
    or(cursor, DEPTH)
}

fn or(cursor: &mut Cursor<'_>, depth: usize) -> Result<Expr, Wrong> {
    let mut left = and(cursor, depth)?;
    while cursor.eat("||") {
        left = Expr::Or(Box::new(left), Box::new(and(cursor, depth)?));
    }
    Ok(left)
}

fn and(cursor: &mut Cursor<'_>, depth: usize) -> Result<Expr, Wrong> {
    let mut left = not(cursor, depth)?;
    while cursor.eat("&&") {
        left = Expr::And(Box::new(left), Box::new(not(cursor, depth)?));
    }
    Ok(left)
}

fn not(cursor: &mut Cursor<'_>, depth: usize) -> Result<Expr, Wrong> {
    let depth = depth.checked_sub(1).ok_or_else(|| {
        cursor.wrong(format!("the predicate is deeper than {DEPTH} parentheses and `!`"))
    })?;
    if cursor.eat("!") {
        return Ok(Expr::Not(Box::new(not(cursor, depth)?)));
    }
    let left = primary(cursor, depth)?;
    cursor.spaces();
    let column = cursor.column();
    let comparisons = [
        ("==", Comparison::Equal),
        ("!=", Comparison::Unequal),
        ("<=", Comparison::AtMost),
        (">=", Comparison::AtLeast),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ];
    for (text, what) in comparisons {
        if cursor.eat(text) {
            let right = primary(cursor, depth)?;
            return Ok(Expr::Compare(Box::new(left), At { what, column }, Box::new(right)));
        }
    }
    if cursor.rest().starts_with('=') {
        return Err(cursor.wrong("`=` compares nothing; write `==`"));
    }
    Ok(left)
}

fn primary(cursor: &mut Cursor<'_>, depth: usize) -> Result<Expr, Wrong> {
    if cursor.eat("(") {
        let inner = or(cursor, depth)?;
        cursor.expect(")", "to close the parenthesis")?;
        return Ok(inner);
    }
    if let Some(At { what, column }) = cursor.literal()? {
        return Ok(Expr::Term(At { what: Term::Literal(what), column }));
    }
    let before = *cursor;
    if let Some(At { what: what @ ("true" | "false"), column }) = cursor.name() {
        let what = Term::Literal(Kept::Bool(what == "true"));
        return Ok(Expr::Term(At { what, column }));
    }
    *cursor = before;
    term(cursor).map(Expr::Term)
}

pub(super) fn term(cursor: &mut Cursor<'_>) -> Result<At<Term>, Wrong> {
    let Some(At { what, column }) = cursor.name() else {
        return Err(cursor.wrong(format!("expected a name or a value, found {}", cursor.found())));
    };
    // What else has the name of a word is reached as `args.name`.
    let name = match (Word::named(what), what) {
        (Some(Word::Args), _) => match member(cursor, "an argument's name")? {
            Some(name) => name,
            None => return Ok(At { what: Term::Word(Word::Args), column }),
        },
        (Some(word), _) => return Ok(At { what: Term::Word(word), column }),
        (None, "scope") => match member(cursor, "a key of scopes")? {
            Some(key) => return Ok(At { what: Term::Scope(key.to_owned()), column }),
            None => what,
        },
        (None, _) => what,
    };
    let mut path = name.to_owned();
    while let Some(name) = cursor.member() {
        path.extend([".", name]);
    }
    let optional = cursor.rest().starts_with('?');
    cursor.skip(usize::from(optional));
    Ok(At { what: Term::Arg(Named { name: path, optional }), column })
}

/// The name behind a dot, if there is one.
fn member<'t>(cursor: &mut Cursor<'t>, of: &str) -> Result<Option<&'t str>, Wrong> {
    if !cursor.rest().starts_with('.') {
        return Ok(None);
    }
    cursor.skip(1);
    let name = cursor.name().ok_or_else(|| cursor.wrong(format!("expected {of}")))?;
    Ok(Some(name.what))
}

/// Terms with commas between them, up to this end.
pub(super) fn list(cursor: &mut Cursor<'_>, end: &str) -> Result<Vec<At<Term>>, Wrong> {
    let mut terms = Vec::new();
    if cursor.eat(end) {
        return Ok(terms);
    }
    loop {
        terms.push(term(cursor)?);
        if cursor.eat(end) {
            return Ok(terms);
        }
        cursor.expect(",", &format!("or `{end}`"))?;
    }
}
