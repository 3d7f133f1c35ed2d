use proc_macro2::TokenStream;

use super::rename_self;

#[track_caller]
fn renames(body: &str, wanted: &str) {
    let parse = |text: &str| text.parse::<TokenStream>().expect("tokens").to_string();
    let body: TokenStream = body.parse().expect("tokens");
    assert_eq!(rename_self(body, "__self", &quote::quote!(gtramp)).to_string(), parse(wanted));
}

#[track_caller]
fn keeps(body: &str) {
    renames(body, body);
}

#[test]
fn values_are_renamed_at_any_depth() {
    renames("self.a + f(self, [self.b])", "__self.a + f(__self, [__self.b])");
    renames("{ let Self { a, .. } = self; }", "{ let Self { a, .. } = __self; }");
    renames("move || self.go()", "move || __self.go()");
}

#[test]
fn paths_and_visibilities_stay() {
    keeps("self::go()");
    keeps("use self::x::{self, y};");
    keeps("pub(self) struct X;");
    renames("use a::{self}; self.b", "use a::{self}; __self.b");
}

#[test]
fn nested_items_keep_their_own() {
    keeps("fn inner(&self) -> u8 { self.0 }");
    keeps("impl A<{ 1 }> for B { fn a(&self) { self.b() } }");
    keeps("trait T { fn a(&self) { self.b() } }");
    keeps("mod m { use self::x; }");
    renames("let f: fn(u8) = g; { self.x }", "let f: fn(u8) = g; { __self.x }");
    renames("fn inner() {} self.x", "fn inner() {} __self.x");
}

#[test]
fn local_macros_are_part_of_the_body() {
    renames("macro_rules! m { () => { self.x } }", "macro_rules! m { () => { __self.x } }");
    renames("vec![self.x; 2]", "vec![__self.x; 2]");
}

#[test]
fn captures_in_format_strings_are_renamed() {
    renames(r#"format!("{self}")"#, r#"format!("{__self}")"#);
    renames(r#"println!("{self:?} {x} {{self}}")"#, r#"println!("{__self:?} {x} {{self}}")"#);
    renames(r##"write!(f, r#"{self:>4}"#)"##, r##"write!(f, r#"{__self:>4}"#)"##);
    renames(r#"assert_eq!("{self}", x, "{self}")"#, r#"assert_eq!("{self}", x, "{__self}")"#);
    renames(
        r#"log::info!(target: "{self}", "{self}")"#,
        r#"log::info!(target: "{self}", "{__self}")"#,
    );
    renames(r#"format!("{x:self$} {x:.myself$}")"#, r#"format!("{x:__self$} {x:.myself$}")"#);
}

#[test]
fn other_strings_are_data() {
    keeps(r#"println!("{}", "{self}")"#);
    keeps(r#"template!("{self}")"#);
    keeps(r#"f("{self}")"#);
}

#[test]
fn quoted_code_keeps_its_own() {
    renames("quote! { self.x + #self }", "quote! { self.x + #__self }");
    keeps("stringify!(self.x)");
}

#[test]
fn what_is_asserted_is_said_as_it_was_written() {
    renames(
        "assert!(a <= self.b);",
        "assert!(! !(a <= __self.b) || gtramp::assertion!(a <= self.b));",
    );
    renames(
        "core::debug_assert!(self.b,)",
        "core::debug_assert!(! !(__self.b) || gtramp::assertion!(self.b,))",
    );
    renames(r#"assert!(self.b, "{self}")"#, r#"assert!(__self.b, "{__self}")"#);
    renames("assert!(f::<A, B>(self))", "assert!(f::<A, B>(__self))");
    keeps("assert!(a)");
}
