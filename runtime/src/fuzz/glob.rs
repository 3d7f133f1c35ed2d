//! Globs against a matcher that tries everything.

use super::Bytes;
use crate::registry::Glob;

/// A part of a pattern, as its text means it.
#[derive(Clone, Debug)]
enum Piece {
    /// This character.
    Literal(char),
    /// Any character of a segment.
    Any,
    /// Any characters of a segment.
    Star,
    /// One of these characters, or none of them; within a segment in either case.
    Class { negated: bool, ranges: Vec<(char, char)> },
    /// One of these.
    OneOf(Vec<Vec<Piece>>),
    /// The end of a segment and the begin of the next.
    Separator,
    /// Any segments, none among them.
    Segments,
}

const LETTERS: [char; 6] = ['a', 'b', 'c', 'z', '_', '<'];

/// A pattern of segments, most of which are made of pieces.
fn pattern(bytes: &mut Bytes<'_>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let segments = 1 + bytes.below(4);
    for segment in 0..segments {
        if segment > 0 {
            pieces.push(Piece::Separator);
        }
        if bytes.below(4) == 0 {
            pieces.push(Piece::Segments);
        } else {
            pieces.extend(within_segment(bytes, true));
        }
    }
    pieces
}

fn within_segment(bytes: &mut Bytes<'_>, alternatives: bool) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for _ in 0..1 + bytes.below(3) {
        let piece = match bytes.below(9) {
            0..=3 => Piece::Literal(LETTERS[bytes.below(LETTERS.len())]),
            4 => Piece::Any,
            // Two stars in a row mean something else.
            5 if !matches!(pieces.last(), Some(Piece::Star)) => Piece::Star,
            6 | 7 => {
                let ranges = (0..1 + bytes.below(2)).map(|_| range(bytes)).collect();
                Piece::Class { negated: bytes.coin(), ranges }
            }
            _ if alternatives => {
                let count = 1 + bytes.below(3);
                Piece::OneOf((0..count).map(|_| alternative(bytes)).collect())
            }
            _ => Piece::Literal('a'),
        };
        pieces.push(piece);
    }
    pieces
}

fn range(bytes: &mut Bytes<'_>) -> (char, char) {
    // Among them ranges over every character that a separator could be.
    const RANGES: [(char, char); 6] =
        [('a', 'a'), ('b', 'b'), ('a', 'c'), (' ', '~'), ('#', '@'), ('z', 'z')];
    RANGES[bytes.below(RANGES.len())]
}

fn alternative(bytes: &mut Bytes<'_>) -> Vec<Piece> {
    let literal = |bytes: &mut Bytes<'_>| Piece::Literal(LETTERS[bytes.below(LETTERS.len())]);
    let mut pieces = vec![literal(bytes)];
    for _ in 0..bytes.below(3) {
        // It may end a segment as well: `{Ledger::fee,tax}`.
        match bytes.below(4) {
            0 => pieces.extend([Piece::Separator, literal(bytes)]),
            _ => pieces.push(literal(bytes)),
        }
    }
    pieces
}

fn text(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(letter) => text.push(*letter),
            Piece::Any => text.push('?'),
            Piece::Star => text.push('*'),
            Piece::Class { negated, ranges } => {
                text.push_str(if *negated { "[!" } else { "[" });
                for (from, to) in ranges {
                    text.push(*from);
                    if from != to {
                        text.extend(['-', *to]);
                    }
                }
                text.push(']');
            }
            Piece::OneOf(alternatives) => {
                let texts: Vec<String> = alternatives.iter().map(|one| self::text(one)).collect();
                text.push_str(&format!("{{{}}}", texts.join(",")));
            }
            Piece::Separator => text.push_str("::"),
            Piece::Segments => text.push_str("**"),
        }
    }
    text
}

/// Whether the pieces match all of a path, in which `\n` stands for a separator.
fn matches(pieces: &[Piece], path: &[char]) -> bool {
    let Some((piece, rest)) = pieces.split_first() else { return path.is_empty() };
    let first = |is: &dyn Fn(char) -> bool| {
        path.split_first().is_some_and(|(&first, path)| is(first) && matches(rest, path))
    };
    match piece {
        Piece::Literal(letter) => first(&|found| found == *letter),
        Piece::Any => first(&|found| found != '\n'),
        Piece::Separator => first(&|found| found == '\n'),
        Piece::Class { negated, ranges } => first(&|found| {
            let listed = ranges.iter().any(|(from, to)| (*from..=*to).contains(&found));
            found != '\n' && listed != *negated
        }),
        Piece::Star => {
            let end = path.iter().position(|&found| found == '\n').unwrap_or(path.len());
            (0..=end).any(|taken| matches(rest, &path[taken..]))
        }
        Piece::OneOf(alternatives) => {
            alternatives.iter().any(|one| matches(&[one.as_slice(), rest].concat(), path))
        }
        // Whole segments: the separators around belong to it, and there is one less of them if
        // there are no segments.
        Piece::Segments => unreachable!("matches_segments() takes them out"),
    }
}

/// As [`matches`], with `**`: it is replaced by every number of segments.
fn matches_segments(pieces: &[Piece], path: &[char]) -> bool {
    let Some(at) = pieces.iter().position(|piece| matches!(piece, Piece::Segments)) else {
        return matches(pieces, path);
    };
    let (before, after) = (&pieces[..at], &pieces[at + 1..]);
    let most = path.iter().filter(|&&found| found == '\n').count() + 1;
    (0..=most).any(|segments| {
        let replaced = match (segments, before, after) {
            // At the end, and alone, it stands for one segment at least.
            (0, _, []) => return false,
            // The separator after it goes with it.
            (0, _, [Piece::Separator, rest @ ..]) => [before, rest].concat(),
            (0, ..) => return false,
            _ => {
                let mut stars = vec![Piece::Any, Piece::Star];
                for _ in 1..segments {
                    stars.extend([Piece::Separator, Piece::Any, Piece::Star]);
                }
                [before, &stars, after].concat()
            }
        };
        matches_segments(&replaced, path)
    })
}

/// A path that may match: made of the pattern, or at random.
fn path(bytes: &mut Bytes<'_>, pieces: &[Piece]) -> String {
    let mut path = String::new();
    let segment = |bytes: &mut Bytes<'_>, path: &mut String| {
        for _ in 0..1 + bytes.below(3) {
            path.push(LETTERS[bytes.below(LETTERS.len())]);
        }
    };
    if bytes.below(4) == 0 {
        for at in 0..1 + bytes.below(4) {
            if at > 0 {
                path.push_str("::");
            }
            segment(bytes, &mut path);
        }
        return path;
    }
    for piece in pieces {
        match piece {
            Piece::Literal(letter) => path.push(*letter),
            Piece::Any | Piece::Class { .. } if bytes.below(8) == 0 => path.push_str("::"),
            Piece::Any | Piece::Class { .. } => path.push(LETTERS[bytes.below(LETTERS.len())]),
            Piece::Star if bytes.coin() => segment(bytes, &mut path),
            Piece::Star => {}
            Piece::OneOf(alternatives) => {
                let one = &alternatives[bytes.below(alternatives.len())];
                path.push_str(&text(one));
            }
            Piece::Separator => path.push_str("::"),
            Piece::Segments => {
                for at in 0..1 + bytes.below(3) {
                    if at > 0 {
                        path.push_str("::");
                    }
                    segment(bytes, &mut path);
                }
            }
        }
    }
    path
}

/// Compares the answers for a pattern and some paths that the bytes describe. What is a pattern or not is
/// also asked of the bytes themselves, which must not panic.
pub fn run(data: &[u8]) {
    if let Ok(text) = core::str::from_utf8(data)
        && let Ok(glob) = Glob::new(text)
    {
        let _ = glob.matches(text);
    }
    let mut bytes = Bytes(data);
    while !bytes.is_empty() {
        let pieces = pattern(&mut bytes);
        let text = text(&pieces);
        let glob = Glob::new(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        for _ in 0..4 {
            let path = path(&mut bytes, &pieces);
            // No segment of a path is empty.
            let segments: Vec<&str> = path.split("::").filter(|name| !name.is_empty()).collect();
            let path = segments.join("::");
            let chars: Vec<char> = path.replace("::", "\n").chars().collect();
            let expected = matches_segments(&pieces, &chars);
            assert_eq!(glob.matches(&path), expected, "`{text}` and `{path}`");
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_matches_what_a_matcher_that_tries_everything_matches() {
        super::super::with_random_bytes(3_000, 200, super::run);
    }
}
