#[fexit]
fn denied(_: &Exit, from: u32, at: *mut Ledger<'_>, ret: &Result<u64, Denied<'_>>) {
    log(from, ret);
}
