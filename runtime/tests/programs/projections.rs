// `S: 'static` says nothing of `S::Out` where the trait has a parameter that is not.
#![deny(warnings)]

use gtramp::{Entry, traceable};

trait Service<R> {
    type Out;
    fn serve(&mut self, request: R) -> Self::Out;
}

struct Echo;

impl<'a> Service<&'a str> for Echo {
    type Out = &'a str;
    fn serve(&mut self, request: &'a str) -> &'a str {
        request
    }
}

struct Boxed<S>(S);

#[traceable]
impl<S, R> Service<R> for Boxed<S>
where
    S: Service<R> + 'static,
{
    type Out = S::Out;
    fn serve(&mut self, request: R) -> S::Out {
        self.0.serve(request)
    }
}

#[traceable]
impl<S> Boxed<S> {
    fn bounded_there<R>(&mut self, request: R) -> Option<S::Out>
    where
        S: 'static,
        S: Service<R>,
    {
        Some(self.0.serve(request))
    }
}

#[traceable]
fn free<S: Service<R> + 'static, R>(s: &mut S, r: R) -> S::Out {
    s.serve(r)
}

#[traceable]
fn qualified<S: Service<R> + 'static, R>(s: &mut S, r: R) -> <S as Service<R>>::Out {
    s.serve(r)
}

#[traceable]
fn called<F: FnOnce(A) -> B + 'static, A, B>(f: F, a: A) -> F::Output {
    f(a)
}

trait Lend {
    type Out<'a>
    where
        Self: 'a;
    fn lend(&self) -> Self::Out<'_>;
}

impl Lend for String {
    type Out<'a> = &'a str;
    fn lend(&self) -> &str {
        self
    }
}

#[traceable]
fn lent<'a, L: Lend + 'static>(l: &'a L, _: Option<L::Out<'a>>) -> L::Out<'a> {
    l.lend()
}

/// These borrow nothing, and are as good as their types.
#[traceable]
fn last<I: Iterator + 'static>(items: I, or: I::Item) -> Option<I::Item> {
    items.last().or(Some(or))
}

trait Repo: 'static {
    fn id(&self) -> u64;
}

#[traceable]
trait Stored: 'static {
    fn id(&self) -> u64 {
        7
    }
}

#[derive(Debug)]
struct Own(u64);

impl Stored for Own {}

impl Repo for Own {
    fn id(&self) -> u64 {
        self.0
    }
}

#[traceable]
fn stored<R: Repo>(repo: R) -> u64 {
    repo.id()
}

fn main() {
    let text = String::from("borrowed");
    assert_eq!(Boxed(Echo).serve(&*text), "borrowed");
    assert_eq!(Boxed(Echo).bounded_there(&*text), Some("borrowed"));
    assert_eq!(free(&mut Echo, &*text), "borrowed");
    assert_eq!(qualified(&mut Echo, &*text), "borrowed");
    assert_eq!(called(|x: &str| x.len(), &*text), 8);
    assert_eq!(lent(&text, None), "borrowed");
    assert_eq!(last([Own(1)].into_iter(), Own(2)).map(|own| own.0), Some(1));
    assert_eq!((Stored::id(&Own(1)), stored(Own(2))), (7, 2));

    let path = "**::last";
    drop(gtramp::fentry(path, |ctx: &Entry| assert_eq!(ctx.arg::<Own>(1).unwrap().0, 2)).unwrap());
    let read = |_: &Entry, _: &std::array::IntoIter<Own, 1>, or: &Own| assert_eq!(or.0, 2);
    let link = gtramp::fentry(path, read).unwrap();
    assert_eq!(last([Own(1)].into_iter(), Own(2)).map(|own| own.0), Some(1));
    assert_eq!(link.info().panic, None);
    drop(link);
    // A trait says what its `Self` is bounded by.
    drop(gtramp::fentry("**::Own::id", |_: &Entry, _: &Own| ()).unwrap());
    // Another trait's bound is not seen; the error says what to write.
    let error = gtramp::fentry("**::stored", |_: &Entry, _: &Own| ()).unwrap_err();
    assert!(error.to_string().contains("bound it, `R: 'static`"), "{error}");
}
