#[fmod_ret("bank::Ledger::fee")]
fn waive(_ctx: &ModRet<'_>, ledger: &Ledger) -> std::ops::ControlFlow<u64> {
    std::ops::ControlFlow::Break(0)
}
