#[traceable(crate = crate::other)]
impl<'a> Iterator for Parser<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<Self::Item> {
        println!("{self} {}", self.0);
        self.advance()
    }

    #[traceable(skip)]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, None)
    }
}
