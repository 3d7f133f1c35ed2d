#[fentry("bank::**", fast)]
pub fn change(ctx: &Entry, amount: &mut u64) {
    *amount += 1;
}
