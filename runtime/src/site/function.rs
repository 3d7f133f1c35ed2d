//! A traced function, as users see it.

use core::fmt;

use crate::sync::OnceLock;

use super::{RawDescription, Record, Shown, Source};

/// One traced function: one instantiation, with every copy that the compiler has made of it.
///
/// A small function becomes a part of its callers, and may be compiled again in another crate. Each copy
/// has a switch of its own; all of them are this one function.
pub struct Function {
    path: &'static str,
    instance: &'static str,
    trait_path: Option<&'static str>,
    /// Taken out of its description when somebody asks.
    generics: OnceLock<Box<[&'static str]>>,
    /// As above.
    shown: OnceLock<Box<[Shown]>>,
    description: RawDescription,
    sites: &'static [&'static Record],
}

impl Function {
    pub(crate) fn new(
        path: &'static str,
        instance: &'static str,
        trait_path: Option<&'static str>,
        description: RawDescription,
        sites: &'static [&'static Record],
    ) -> Self {
        let (generics, shown) = (OnceLock::new(), OnceLock::new());
        Self { path, instance, trait_path, generics, shown, description, sites }
    }

    /// The path by which it is selected, such as `bank::Ledger::fee`: crate, modules, type,
    /// function, without generic arguments.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path
    }

    /// The path with generic arguments, such as `bank::Stack<u32>::push`.
    #[must_use]
    pub fn instance(&self) -> &str {
        self.instance
    }

    /// The trait it implements or is the default of, such as `bank::Account`.
    #[must_use]
    pub fn trait_path(&self) -> Option<&str> {
        self.trait_path
    }

    /// Its own name, such as `fee`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.source().name()
    }

    /// The module it is written in, such as `bank::ledger`.
    #[must_use]
    pub fn module(&self) -> &'static str {
        self.source().module
    }

    /// The source file, as it was given to the compiler.
    #[must_use]
    pub fn file(&self) -> &'static str {
        self.source().file
    }

    /// The line in [`Function::file`], from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.source().line
    }

    /// The signature as written, from the name on.
    #[must_use]
    pub fn signature(&self) -> &'static str {
        self.source().signature()
    }

    /// Whether it is an `async fn`: what probes see as its call is the life of its future, from the first poll on.
    #[must_use]
    pub fn is_async(&self) -> bool {
        self.source().is_async()
    }

    /// Whether it is no function but a [`tracepoint`](crate::tracepoint!) in one, with arguments and without an end.
    #[must_use]
    pub fn is_tracepoint(&self) -> bool {
        self.source().is_tracepoint()
    }

    /// Names of its type and const parameters.
    #[must_use]
    pub fn generics(&self) -> &[&'static str] {
        self.generics.get_or_init(|| self.source().generics().collect())
    }

    /// How many arguments it takes, the receiver among them.
    #[must_use]
    pub fn argument_count(&self) -> usize {
        self.description.types.args.len()
    }

    /// The argument at `index`, from 0.
    #[must_use]
    pub fn argument(&self, index: usize) -> Option<Argument> {
        let facts = self.description.types.args.get(index)?;
        let (name, written) = self.source().arg(index);
        let shown = self.shown()[index];
        let (is_redacted, has_fields) = (shown.is_redacted(), shown.has_fields());
        Some(Argument { name, written, type_name: (facts.name)(), is_redacted, has_fields })
    }

    /// The place among its arguments of the one with this name.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        (0..self.argument_count()).find(|&index| self.source().arg(index).0 == name)
    }

    /// Its arguments, the receiver first.
    pub fn arguments(&self) -> impl ExactSizeIterator<Item = Argument> {
        let arguments = (0..self.argument_count()).map(|index| self.argument(index));
        arguments.map(|argument| argument.expect("there are as many"))
    }

    /// Whether its result must not be shown: `#[traceable(redact(return))]`.
    #[must_use]
    pub fn is_result_redacted(&self) -> bool {
        self.shown()[self.argument_count()].is_redacted()
    }

    /// The name of the type it returns.
    #[must_use]
    pub fn return_type(&self) -> &'static str {
        (self.description.types.ret.name)()
    }

    /// The address of its first entry stub, which armed switches lead to. A function pointer to it has
    /// another value: that of the function itself.
    #[must_use]
    pub fn address(&self) -> usize {
        self.sites.first().map_or(0, |site| site.entry().addr())
    }

    /// The addresses of all its entry stubs.
    pub fn addresses(&self) -> impl ExactSizeIterator<Item = usize> {
        self.sites.iter().map(|site| site.entry().addr())
    }

    /// The addresses of its switches, one for each copy of it in the program: the function itself, and
    /// wherever the compiler has made it a part of a caller. Each is in the code of its copy.
    pub fn copies(&self) -> impl Iterator<Item = usize> {
        let switches = self.sites.iter().flat_map(|site| site.switches());
        switches.map(|switch| switch.place())
    }

    /// The addresses of what is written to arm it, one for each copy: an instruction, or in a build with `slot`
    /// entries a byte of data.
    #[doc(hidden)]
    pub fn switches(&self) -> impl Iterator<Item = usize> {
        let switches = self.sites.iter().flat_map(|site| site.switches());
        switches.map(|switch| switch.code().addr())
    }

    /// How many slots a call of it takes: one for each argument, and one for the address of a
    /// result of more than eight bytes.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.description.types.args.len() + usize::from(!self.description.types.ret.in_slot)
    }

    /// What can be shown of each argument, of the result, and which variant the result is.
    pub(crate) fn shown(&self) -> &[Shown] {
        let count = self.argument_count();
        self.shown.get_or_init(|| match self.sites.first() {
            Some(site) => site.shown(count),
            None => vec![Shown::UNKNOWN; count + 2].into(),
        })
    }

    pub(crate) fn source(&self) -> &'static Source {
        self.description.source
    }

    pub(crate) fn description(&self) -> &RawDescription {
        &self.description
    }

    pub(crate) fn sites(&self) -> &'static [&'static Record] {
        self.sites
    }
}

/// `bank::Ledger::fee(&self, amount: u64) -> u64   src/ledger.rs:40`
impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signature = self.signature();
        let rest = signature.strip_prefix(self.name()).unwrap_or(signature);
        // The instance already shows what the generic parameters are.
        let rest = rest.find('(').map_or(rest, |open| &rest[open..]);
        let before = match () {
            () if self.is_async() => "async ",
            () if self.is_tracepoint() => "tracepoint ",
            () => "",
        };
        write!(f, "{before}{}{rest}   {}:{}", self.instance, self.file(), self.line())
    }
}

/// As `Display`: what is behind it is addresses.
impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One argument of a traced function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument {
    name: &'static str,
    written: &'static str,
    type_name: &'static str,
    is_redacted: bool,
    has_fields: bool,
}

impl Argument {
    /// Its name; the pattern's text where it is destructured.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its type as written in the source.
    #[must_use]
    pub fn written_type(&self) -> &'static str {
        self.written
    }

    /// The name of its type in this instantiation.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Whether it must not be shown: `#[traceable(redact(..))]`. Probes may still read it; tools that show what they
    /// read leave it out.
    #[must_use]
    pub fn is_redacted(&self) -> bool {
        self.is_redacted
    }

    /// Whether its members are found by name: its type, or what it refers to, has [`Fields`](trait@crate::Fields), and it is
    /// not redacted.
    #[must_use]
    pub fn has_fields(&self) -> bool {
        self.has_fields
    }
}
