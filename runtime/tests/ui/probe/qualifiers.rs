use gtramp::{Entry, fentry};

#[fentry]
const unsafe extern "C" fn all_wrong(_ctx: &Entry<'_>) -> u32 {
    3
}

#[fentry]
async fn later(_ctx: &Entry<'_>) {}

struct Auditor;

impl Auditor {
    #[fentry]
    fn method(&self, _ctx: &Entry<'_>) {}
}

fn main() {
    let _ = Auditor;
}
