#[traceable]
fn compare<'a, T: Ord, K>(key: &'a K) -> impl Fn(&T, &'a K) -> Ordering + use<'a, T, K> {
    move |a, b| a.cmp(b)
}
