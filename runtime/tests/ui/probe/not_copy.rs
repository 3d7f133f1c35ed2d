use gtramp::{Entry, fentry};

#[fentry]
fn greet(_ctx: &Entry<'_>, name: String) {
    println!("{name}");
}

fn main() {}
