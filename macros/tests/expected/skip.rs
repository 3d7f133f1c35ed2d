#[traceable(skip)]
mod bank {
    #[gtramp::traceable(skip)]
    const fn new() {}

    #[traceable]
    fn old() {}
}
