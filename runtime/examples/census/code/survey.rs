//! Visits one parsed file and tallies every function in it.

use gtramp::traceable;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprCall, ExprClosure, ExprMethodCall, Signature, Stmt};

use super::facts::{Facts, Place};
use super::sources::SourceFile;
use super::tally::{Location, Tally};
use crate::trace::own::ran;

/// The visitor of one file.
pub(crate) struct Survey<'file> {
    file: &'file SourceFile,
    /// Where a function in an `impl` would stand now.
    place: Place,
    tally: Tally,
}

#[traceable]
impl<'file> Survey<'file> {
    pub(crate) fn new(file: &'file SourceFile) -> Self {
        ran!("Survey::new");
        Self { file, place: Place::Inherent, tally: Tally::new() }
    }

    /// Visits the whole file.
    pub(crate) fn run(mut self, syntax: &syn::File) -> Tally {
        ran!("Survey::run");
        self.visit_file(syntax);
        self.tally
    }

    /// Tallies one function that has a body.
    fn record(&mut self, place: Place, attributes: &[Attribute], signature: &Signature) {
        ran!("Survey::record");
        let facts = Facts::new(place, attributes, signature);
        self.tally.add(facts);
        let (file, name) = (self.file, &signature.ident);
        let place = || locate(file, &name.to_string(), facts);
        self.tally.largest.offer(&file.package.name, signature.inputs.len(), place);
    }
}

#[traceable]
fn locate(file: &SourceFile, name: &str, at: Facts) -> Location {
    ran!("locate");
    Location::new(&file.package.root, &file.path, at.line, at.column, name)
}

#[traceable]
impl<'ast> Visit<'ast> for Survey<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        ran!("Survey::visit_item_fn");
        self.record(Place::Free, &function.attrs, &function.sig);
        visit::visit_item_fn(self, function);
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        ran!("Survey::visit_item_impl");
        let here = if block.trait_.is_some() { Place::TraitImpl } else { Place::Inherent };
        let outside = std::mem::replace(&mut self.place, here);
        visit::visit_item_impl(self, block);
        self.place = outside;
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        ran!("Survey::visit_impl_item_fn");
        self.record(self.place, &function.attrs, &function.sig);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        ran!("Survey::visit_trait_item_fn");
        match function.default {
            Some(_) => self.record(Place::TraitDefault, &function.attrs, &function.sig),
            None => self.tally.declared += 1,
        }
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_foreign_item_fn(&mut self, function: &'ast syn::ForeignItemFn) {
        ran!("Survey::visit_foreign_item_fn");
        self.tally.declared += 1;
        visit::visit_foreign_item_fn(self, function);
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        ran!("Survey::visit_stmt");
        self.tally.statements += 1;
        visit::visit_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        ran!("Survey::visit_expr");
        self.tally.expressions += 1;
        visit::visit_expr(self, expression);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        ran!("Survey::visit_expr_call");
        self.tally.calls.bump(call.args.len());
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        ran!("Survey::visit_expr_method_call");
        self.tally.calls.bump(call.args.len() + 1);
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        ran!("Survey::visit_expr_closure");
        self.tally.closures += 1;
        visit::visit_expr_closure(self, closure);
    }

    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        ran!("Survey::visit_macro");
        self.tally.macros += 1;
        visit::visit_macro(self, invocation);
    }
}
