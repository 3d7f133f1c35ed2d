//! From the compiler's name of a function to the path by which it is selected.
//!
//! The names are those of [`core::any::type_name`]: of a site's body closure, with
//! `::{{closure}}` cut off, or of the function item that `site!` is given. Both come from the
//! same printer, so they agree but for the place of an `impl`:
//!
//! ```text
//! bank::pick<u32>                              a function
//! bank::Ledger::fee                            a method
//! bank::audit::<impl bank::Ledger>::far        a method, the impl in another module
//! <bank::Ledger as bank::Account>::fee         a trait's method
//! bank::<impl bank::Account for (u8,)>::fee    a trait's method, seen from its own crate
//! ```

use std::borrow::Cow;

/// A function's name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name<'n> {
    /// `bank::Ledger::fee`: what globs match.
    pub(crate) path: Cow<'n, str>,
    /// The same with generic arguments.
    pub(crate) instance: Cow<'n, str>,
    /// `bank::Account`.
    pub(crate) trait_path: Option<String>,
    /// Equal for the two spellings of one function.
    pub(crate) key: Cow<'n, str>,
}

/// What every name has in it that is more than a path.
const BRACKETS: [char; 3] = ['<', '(', '['];

impl<'n> Name<'n> {
    /// Takes `name` apart. `module` is where the function is written: a method of a
    /// foreign type gets a path of that module, not of the type's crate.
    pub(crate) fn parse(name: &'n str, module: &str) -> Self {
        if !name.contains(BRACKETS) {
            // A function or a method without generics, which most are: the name is the path.
            let [path, instance, key] = [name; 3].map(Cow::Borrowed);
            return Self { path, instance, trait_path: None, key };
        }
        let mut owner = None;
        let mut trait_name = None;
        let mut rest: Vec<&str> = Vec::new();
        for segment in split(name, "::") {
            let block = segment.strip_prefix('<').and_then(|inner| inner.strip_suffix('>'));
            let Some(block) = block else {
                rest.push(segment);
                continue;
            };
            // An impl: what stood before it says where it is written, not whose it is.
            rest.clear();
            if let Some(header) = block.strip_prefix("impl ") {
                let mut parts = split(header, " for ").into_iter();
                let first = parts.next().unwrap_or(header);
                match parts.next() {
                    Some(owner_type) => (trait_name, owner) = (Some(first), Some(owner_type)),
                    None => owner = Some(first),
                }
            } else {
                let mut parts = split(block, " as ").into_iter();
                owner = parts.next();
                trait_name = parts.next();
            }
        }
        let instance_rest = rest.iter().map(|segment| without_lifetimes(segment));
        let instance_rest = instance_rest.collect::<Vec<_>>().join("::");
        let path_rest = rest.iter().map(|segment| without_generics(segment));
        let path_rest = path_rest.collect::<Vec<_>>().join("::");
        let (path, instance) = match owner {
            None => (path_rest, instance_rest.clone()),
            Some(owner) => {
                let instance = without_lifetimes(owner);
                let path = local(&path_of_type(owner), module);
                let instance = local(&instance, module);
                (format!("{path}::{path_rest}"), format!("{instance}::{instance_rest}"))
            }
        };
        let key = match (owner, trait_name) {
            (Some(owner), Some(of)) => {
                format!(
                    "<{} as {}>::{instance_rest}",
                    without_lifetimes(owner),
                    without_lifetimes(of)
                )
            }
            (Some(owner), None) => format!("{}::{instance_rest}", without_lifetimes(owner)),
            _ => instance_rest,
        };
        let [path, instance, key] = [path, instance, key].map(Cow::Owned);
        Self { path, instance, trait_path: trait_name.map(path_of_type), key }
    }
}

/// The trait of a trait object; other names as they are.
fn principal(name: &str) -> &str {
    let object = name.strip_prefix("dyn ");
    object.map_or(name, |bounds| split(bounds, " + ").first().copied().unwrap_or(bounds))
}

/// A type's name as a path that begins with the crate of `module`.
fn local(name: &str, module: &str) -> String {
    let name = principal(name);
    let root = module.split("::").next().unwrap_or(module);
    if name.split("::").next() == Some(root) {
        return name.to_owned();
    }
    let start = name.find(['<', '(', '[']).unwrap_or(name.len());
    let last = name[..start].rfind("::").map_or(0, |at| at + 2);
    format!("{module}::{}", &name[last..])
}

/// A type's path without generic arguments, that of its trait for a trait object; other types as
/// they are.
fn path_of_type(name: &str) -> String {
    let name = principal(name);
    if name.starts_with(|first: char| first.is_alphanumeric() || first == '_') {
        let segments = split(name, "::").into_iter().map(without_generics);
        segments.collect::<Vec<_>>().join("::")
    } else {
        name.to_owned()
    }
}

fn without_generics(segment: &str) -> &str {
    segment.find('<').map_or(segment, |open| if open == 0 { segment } else { &segment[..open] })
}

/// Newer compilers print lifetimes, as `'_`; older ones do not.
fn without_lifetimes(name: &str) -> String {
    let without = |text: &str| {
        text.replace("'_, ", "").replace(", '_", "").replace("<'_>", "").replace("&'_ ", "&")
    };
    if !name.contains('\'') {
        return name.to_owned();
    }
    let mut kept = String::with_capacity(name.len());
    let mut start = 0;
    let mut at = 0;
    while let Some(quote) = name[at..].find('\'').map(|quote| at + quote) {
        let length = char_literal(&name[quote..]);
        at = quote + length.max(1);
        if length > 0 {
            kept.push_str(&without(&name[start..quote]));
            kept.push_str(&name[quote..at]);
            start = at;
        }
    }
    kept.push_str(&without(&name[start..]));
    kept
}

/// How long the literal is that `text` begins with: a `char` argument is printed as `'('`. 0 where it
/// is a lifetime.
fn char_literal(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        // `'\''`, `'\u{7f}'`
        Some((_, '\\')) => {
            chars.next();
        }
        Some(_) => {
            let ends = matches!(chars.next(), Some((_, '\'')));
            return if ends {
                text.char_indices().nth(3).map_or(text.len(), |(end, _)| end)
            } else {
                0
            };
        }
        None => return 0,
    }
    chars.find(|(_, c)| *c == '\'').map_or(0, |(at, _)| at + 1)
}

/// Splits at `separator` where no bracket is open.
fn split<'n>(name: &'n str, separator: &str) -> Vec<&'n str> {
    let mut parts = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    let mut previous = '\0';
    let mut literal_end = 0;
    for (at, c) in name.char_indices() {
        if at < literal_end {
            continue;
        }
        match c {
            '\'' => literal_end = at + char_literal(&name[at..]),
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
    use super::Name;

    #[track_caller]
    fn check(name: &str, path: &str, instance: &str, trait_path: Option<&str>) {
        let parsed = Name::parse(name, "bank::sub");
        assert_eq!(parsed.path, path, "path of {name}");
        assert_eq!(parsed.instance, instance, "instance of {name}");
        assert_eq!(parsed.trait_path.as_deref(), trait_path, "trait of {name}");
    }

    #[test]
    fn functions_keep_their_module_path() {
        check("bank::pick", "bank::pick", "bank::pick", None);
        check(
            "bank::pick<alloc::vec::Vec<u8>>",
            "bank::pick",
            "bank::pick<alloc::vec::Vec<u8>>",
            None,
        );
        check("bank::outer::inner", "bank::outer::inner", "bank::outer::inner", None);
    }

    #[test]
    fn methods_are_named_after_their_type_wherever_the_impl_stands() {
        check("bank::Ledger::fee", "bank::Ledger::fee", "bank::Ledger::fee", None);
        check(
            "bank::sub::<impl bank::Ledger>::far",
            "bank::Ledger::far",
            "bank::Ledger::far",
            None,
        );
        check("bank::Stack<u8>::map<i32>", "bank::Stack::map", "bank::Stack<u8>::map<i32>", None);
        check("bank::Parser<'_>::go", "bank::Parser::go", "bank::Parser::go", None);
    }

    #[test]
    fn trait_methods_are_named_after_the_implementing_type() {
        let account = Some("bank::Account");
        check(
            "<bank::Ledger as bank::Account>::fee",
            "bank::Ledger::fee",
            "bank::Ledger::fee",
            account,
        );
        check(
            "<bank::Stack<u8> as bank::Account>::fee<u32>",
            "bank::Stack::fee",
            "bank::Stack<u8>::fee<u32>",
            account,
        );
    }

    #[test]
    fn methods_of_foreign_types_are_found_in_the_crate_that_wrote_them() {
        let account = Some("bank::Account");
        check(
            "<alloc::vec::Vec<u8> as bank::Account>::fee",
            "bank::sub::Vec::fee",
            "bank::sub::Vec<u8>::fee",
            account,
        );
        check(
            "<(u8,) as bank::Account>::fee",
            "bank::sub::(u8,)::fee",
            "bank::sub::(u8,)::fee",
            account,
        );
        check(
            "<&str as bank::Account>::fee",
            "bank::sub::&str::fee",
            "bank::sub::&str::fee",
            account,
        );
        check(
            "<[u8] as bank::Account>::fee",
            "bank::sub::[u8]::fee",
            "bank::sub::[u8]::fee",
            account,
        );
        check(
            "<fn(u8) -> u8 as bank::Account>::fee",
            "bank::sub::fn(u8) -> u8::fee",
            "bank::sub::fn(u8) -> u8::fee",
            account,
        );
    }

    #[test]
    fn methods_of_trait_objects_are_named_after_the_trait() {
        check(
            "bank::<impl dyn bank::Account + core::marker::Send>::fee",
            "bank::Account::fee",
            "bank::Account::fee",
            None,
        );
    }

    #[test]
    fn lifetimes_are_left_out() {
        check("bank::pick<'_>", "bank::pick", "bank::pick", None);
        check("bank::pick<'_, '_, u8>", "bank::pick", "bank::pick<u8>", None);
        check("bank::pick<'_, '_>", "bank::pick", "bank::pick", None);
    }

    #[test]
    fn what_a_char_argument_is_opens_and_separates_nothing() {
        for literal in
            ["'('", "'<'", "'>'", "'\\''", "'\\\\'", "'\\u{7f}'", "'_'", "':'", "'é'", "'\"'"]
        {
            let name = format!("<bank::Tag<{literal}> as bank::Parse<{literal}, '_>>::parse");
            check(
                &name,
                "bank::Tag::parse",
                &format!("bank::Tag<{literal}>::parse"),
                Some("bank::Parse"),
            );
            let name = format!("bank::Tag<'_, {literal}, u8>::parse<'_, {literal}>");
            let instance = format!("bank::Tag<{literal}, u8>::parse<{literal}>");
            check(&name, "bank::Tag::parse", &instance, None);
        }
        check("bank::pick<':', ':'>", "bank::pick", "bank::pick<':', ':'>", None);
        check("bank::pick<'_, '_'>", "bank::pick", "bank::pick<'_'>", None);
    }

    #[test]
    fn both_spellings_of_an_impl_have_one_key() {
        let parse = |name| Name::parse(name, "bank").key;
        assert_eq!(
            parse("bank::sub::<impl bank::Account for (u8,)>::fee"),
            parse("<(u8,) as bank::Account>::fee"),
        );
        assert_eq!(parse("bank::sub::<impl bank::Ledger>::far"), parse("bank::Ledger::far"));
        assert_ne!(
            parse("<bank::Ledger as bank::Account>::fee"),
            parse("<bank::Ledger as bank::Audited>::fee"),
        );
    }
}
