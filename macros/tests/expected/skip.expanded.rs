mod bank {
    const fn new() {}
    fn old() {}
}
