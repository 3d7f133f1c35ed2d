//! From the compiler's name of a function to the path by which it is selected.

/// The path of the function that the compiler calls `name` and that is written in `module`: crate,
/// modules, type, function, without generic arguments. A method has the path of its type; where
/// the type is of another crate, that of the type's name in `module`.
#[must_use]
pub fn function_path(name: &str, module: &str) -> String {
    let name = Name::parse(name);
    let rest = name.rest.join("::");
    match name.owner {
        None => rest,
        Some(owner) => format!("{}::{rest}", local(&type_path(owner), module)),
    }
}

/// The path of the trait that the function the compiler calls `name` implements, or whose default
/// it is.
#[must_use]
pub fn trait_path(name: &str) -> Option<String> {
    Name::parse(name).of_trait.map(type_path)
}

/// A function's name, taken apart.
#[derive(Default)]
struct Name<'n> {
    /// The type whose method it is.
    owner: Option<&'n str>,
    /// The trait whose method it is.
    of_trait: Option<&'n str>,
    /// The segments after those, without generic arguments; all of them if it is no method.
    rest: Vec<&'n str>,
}

impl<'n> Name<'n> {
    fn parse(name: &'n str) -> Name<'n> {
        let mut parsed = Name::default();
        for segment in split(name, "::") {
            let Some(block) = segment.strip_prefix('<').and_then(|inner| inner.strip_suffix('>'))
            else {
                parsed.rest.push(without_arguments(segment));
                continue;
            };
            // An impl: what stood before it says where it is written, not whose it is.
            let mut parts = match block.strip_prefix("impl ") {
                Some(header) => split(header, " for "),
                None => split(block, " as "),
            };
            if block.starts_with("impl ") {
                parts.reverse();
            }
            let mut parts = parts.into_iter();
            parsed = Name { owner: parts.next(), of_trait: parts.next(), rest: Vec::new() };
        }
        parsed
    }
}

fn type_path(name: &str) -> String {
    if name.starts_with(|first: char| first.is_alphanumeric() || first == '_') {
        split(name, "::").into_iter().map(without_arguments).collect::<Vec<_>>().join("::")
    } else {
        name.to_owned()
    }
}

/// A type's path as one that begins with the crate of `module`.
fn local(name: &str, module: &str) -> String {
    if name.split("::").next() == module.split("::").next() {
        return name.to_owned();
    }
    let start = name.find(['<', '(', '[']).unwrap_or(name.len());
    let last = name[..start].rfind("::").map_or(0, |at| at + 2);
    format!("{module}::{}", &name[last..])
}

fn without_arguments(segment: &str) -> &str {
    segment.find('<').filter(|at| *at > 0).map_or(segment, |at| &segment[..at])
}

/// Splits at `separator` where no bracket is open.
fn split<'n>(name: &'n str, separator: &str) -> Vec<&'n str> {
    let mut parts = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    let mut previous = '\0';
    for (at, c) in name.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            // Not the arrow of a function type.
            '>' if previous == '-' => {}
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 && at >= start && name[at..].starts_with(separator) => {
                parts.push(&name[start..at]);
                start = at + separator.len();
            }
            _ => {}
        }
        previous = c;
    }
    parts.push(&name[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::{function_path, trait_path};

    #[test]
    fn names_become_paths() {
        for (name, path) in [
            ("bank::pick", "bank::pick"),
            ("bank::pick<alloc::vec::Vec<u8>>", "bank::pick"),
            ("bank::outer::inner", "bank::outer::inner"),
            ("bank::Ledger<T>::fee", "bank::Ledger::fee"),
            ("bank::audit::<impl bank::Ledger>::far", "bank::Ledger::far"),
            ("<bank::Ledger<u8> as bank::Account>::fee", "bank::Ledger::fee"),
            ("bank::<impl bank::Account for (u8, u16)>::fee", "bank::sub::(u8, u16)::fee"),
            ("<alloc::vec::Vec<T> as bank::Account>::fee", "bank::sub::Vec::fee"),
            ("<fn(u8) -> u8 as bank::Account>::fee", "bank::sub::fn(u8) -> u8::fee"),
        ] {
            assert_eq!(function_path(name, "bank::sub"), path, "for {name}");
        }
    }

    #[test]
    fn methods_of_traits_name_their_trait() {
        for (name, path) in [
            ("bank::pick", None),
            ("bank::audit::<impl bank::Ledger>::far", None),
            ("<bank::Ledger<u8> as bank::Account<u16>>::fee", Some("bank::Account")),
            ("bank::<impl bank::Account for (u8, u16)>::fee", Some("bank::Account")),
        ] {
            assert_eq!(trait_path(name).as_deref(), path, "for {name}");
        }
    }
}
