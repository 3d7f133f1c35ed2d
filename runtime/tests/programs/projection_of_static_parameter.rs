// `S: 'static` says nothing of `S::Out` where the trait has a parameter that is not 'static.
use gtramp::traceable;
trait Service<R> {
    type Out;
    fn call(&mut self, request: R) -> Self::Out;
}
struct Echo;
impl<'a> Service<&'a str> for Echo {
    type Out = &'a str;
    fn call(&mut self, r: &'a str) -> &'a str {
        r
    }
}
struct Boxed<S>(S);
#[traceable]
impl<S, R> Service<R> for Boxed<S>
where
    S: Service<R> + 'static,
{
    type Out = S::Out;
    fn call(&mut self, request: R) -> S::Out {
        self.0.call(request)
    }
}
#[traceable]
fn free<S: Service<R> + 'static, R>(s: &mut S, r: R) -> S::Out {
    s.call(r)
}
fn main() {
    let text = String::from("borrowed");
    assert_eq!(Boxed(Echo).call(&*text), "borrowed");
    assert_eq!(free(&mut Echo, &*text), "borrowed");
}
