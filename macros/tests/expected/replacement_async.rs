#[replace("bank::Ledger::fetch")]
pub async fn cached(_ledger: &Ledger, page: u64) -> Result<u64, Denied> {
    Ok(page)
}
