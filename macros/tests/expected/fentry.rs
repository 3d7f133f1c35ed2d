#[fentry("bank::**", "!bank::audit::*", sleepable)]
/// Sees everything.
#[cfg(unix)]
#[allow(unused_variables)]
pub(crate) fn audit<'a>(ctx: &Entry, from: u32, View(to): &'a View<'a>, by: Option<&'a str>) {
    log(ctx);
}
