use gtramp::traceable;

#[traceable]
async fn fetch(url: &str) -> usize {
    url.len()
}

fn main() {
    drop(fetch("x"));
}
