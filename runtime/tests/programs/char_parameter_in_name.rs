use gtramp::{Entry, traceable};
struct Tag<const C: char>;
trait Parse {
    fn parse(&self, s: &str) -> bool;
}
#[traceable]
impl Parse for Tag<'('> {
    fn parse(&self, s: &str) -> bool {
        s.starts_with('(')
    }
}
fn main() {
    Tag::<'('>.parse("(");
    let link = gtramp::fentry("char_parameter_in_name::**", |_: &Entry| ())
        .expect("its name begins with the crate");
    drop(link);
}
