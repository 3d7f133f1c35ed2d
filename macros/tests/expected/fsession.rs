#[fsession("bank::transfer", sleepable)]
impl Latency {
    pub(crate) fn entry(_: &Entry, from: u32) -> Option<Instant> {
        (from > 0).then(Instant::now)
    }

    fn exit(ctx: &Exit, begun: Instant, from: u32, ret: &Result<u64, Denied<'_>>) {
        Self::log(ctx, begun.elapsed(), from, ret.is_ok());
    }

    fn log(ctx: &Exit, time: Duration, from: u32, ok: bool) {
        println!("{ctx:?} {time:?} {from} {ok}");
    }
}
