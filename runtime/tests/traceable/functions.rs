//! Free functions.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::ops::ControlFlow;
use std::panic::catch_unwind;

use gtramp::{Entry, ModRet, site, traceable};

use crate::observe::observe;
use crate::support::{Log, function};

/// The function of this file with this name.
fn local(name: &str) -> &'static gtramp::Function {
    function(&format!("traceable::functions::{name}"))
}

#[traceable]
fn nothing() {}

#[traceable]
fn pick<'a>(hay: &'a str, needle: &str) -> Option<&'a str> {
    let at = hay.find(needle)?;
    Some(&hay[at..])
}

#[traceable]
fn elided(hay: &str) -> &str {
    if hay.is_empty() {
        return "empty";
    }
    &hay[1..]
}

#[test]
fn lifetimes_elided_or_named_and_the_question_mark_keep_their_meaning() {
    assert_eq!(observe!(local("nothing"); ; nothing()), [">", "<"]);
    let seen = observe!(local("pick"); 0: str, 1: str; {
        let (hay, needle) = (String::from("haystack"), String::from("st"));
        let found = pick(&hay, &needle);
        drop(needle);
        assert_eq!(found, Some("stack"));
        assert_eq!(pick(&hay, "x"), None);
    });
    assert_eq!(
        seen,
        [">", "0: \"haystack\"", "1: \"st\"", "<", ">", "0: \"haystack\"", "1: \"x\"", "<"]
    );
    let seen =
        observe!(local("elided"); 0: str; assert_eq!((elided("abc"), elided("")), ("bc", "empty")));
    assert_eq!(seen, [">", "0: \"abc\"", "<", ">", "0: \"\"", "<"]);
}

#[traceable]
fn pointed_at(hay: &str) -> &str {
    &hay[1..]
}

#[test]
fn a_pointer_to_a_traced_function_is_like_any_other_and_is_traced() {
    let pointer: for<'a> fn(&'a str) -> &'a str = std::hint::black_box(pointed_at);
    let seen = observe!(local("pointed_at"); 0: str; assert_eq!(pointer("pq"), "q"));
    assert_eq!(seen, [">", "0: \"pq\"", "<"]);
    let seen = observe!(local("pointed_at"); ; assert_eq!(["ab"].map(pointed_at), ["b"]));
    assert_eq!(seen, [">", "<"]);
}

#[traceable]
fn identity<T>(x: T) -> T {
    x
}

#[traceable]
fn fixed_by_return<T: Default>() -> T {
    T::default()
}

#[traceable]
fn repeated<const N: usize, T: Copy + 'static>(x: T) -> [T; N] {
    [x; N]
}

#[traceable]
fn with_where<I>(iter: I) -> u32
where
    I: IntoIterator,
    I::Item: Into<u32>,
{
    iter.into_iter().map(Into::into).sum()
}

#[test]
fn each_instantiation_of_a_generic_function_is_a_function_of_its_own() {
    let call = || {
        assert_eq!((identity(1_u8), identity("a"), identity(vec![2])), (1, "a", vec![2]));
        assert_eq!((fixed_by_return::<u32>(), fixed_by_return::<String>().as_str()), (0, ""));
        assert_eq!(repeated::<3, u8>(1), [1; 3]);
        assert_eq!(repeated::<2, char>('c'), ['c'; 2]);
        assert_eq!(with_where([1_u8, 2]), 3);
    };
    call();
    let seen = observe!(site!(identity::<u8>).function().unwrap(); 0: u8; call());
    assert_eq!(seen, [">", "0: 1", "<"]);
    let seen = observe!(site!(identity::<&str>).function().unwrap(); 0: str; call());
    assert_eq!(seen, [">", "0: \"a\"", "<"]);
    let seen = observe!(site!(fixed_by_return::<u32>).function().unwrap(); ; call());
    assert_eq!(seen, [">", "<"]);
    let seen = observe!(site!(repeated::<3, u8>).function().unwrap(); 0: u8; call());
    assert_eq!(seen, [">", "0: 1", "<"]);
    let seen = observe!(site!(repeated::<2, char>).function().unwrap(); 0: char; call());
    assert_eq!(seen, [">", "0: 'c'", "<"]);
    let seen = observe!(site!(with_where::<[u8; 2]>).function().unwrap(); ; call());
    assert_eq!(seen, [">", "<"]);
    assert_eq!(site!(repeated::<3, u8>).function().unwrap().generics(), ["N", "T"]);
}

#[traceable]
fn takes_impl(f: impl Fn(&str) -> usize, text: &str) -> usize {
    f(text)
}

#[traceable]
fn returns_impl<'a>(items: &'a [u32], by: &'a u32) -> impl Iterator<Item = u32> + 'a {
    items.iter().map(move |x| x * by)
}

#[traceable]
fn impl_in_a_result(
    text: &str,
) -> Result<impl Iterator<Item = u32> + use<>, std::num::ParseIntError> {
    let end: u32 = text.parse()?;
    Ok(0..end)
}

#[traceable]
fn boxed<'a>(n: &'a u32) -> Box<dyn Fn(&u32) -> u32 + 'a> {
    Box::new(move |x| x + n)
}

#[test]
fn impl_trait_in_arguments_and_results() {
    let seen = observe!(local("takes_impl"); 1: str; assert_eq!(takes_impl(str::len, "abc"), 3));
    assert_eq!(seen, [">", "1: \"abc\"", "<"]);
    let seen = observe!(local("returns_impl"); 0: [u32], 1: u32; {
        let by = 3;
        assert_eq!(returns_impl(&[1, 2], &by).sum::<u32>(), 9);
    });
    assert_eq!(seen, [">", "0: [1, 2]", "1: 3", "<"]);
    let seen = observe!(local("impl_in_a_result"); 0: str; {
        assert_eq!(impl_in_a_result("3").unwrap().count(), 3);
        assert!(impl_in_a_result("x").is_err());
    });
    assert_eq!(seen, [">", "0: \"3\"", "<", ">", "0: \"x\"", "<"]);
    let seen = observe!(local("boxed"); 0: u32; assert_eq!(boxed(&1)(&2), 3));
    assert_eq!(seen, [">", "0: 1", "<"]);
}

#[traceable]
fn coerces(n: u32) -> Result<Box<dyn Display>, Box<dyn std::error::Error>> {
    match n {
        0 => return Err("zero".into()),
        1 => Err("one")?,
        _ => {}
    }
    Ok(Box::new(n))
}

#[traceable]
fn loops(n: u32) -> u32 {
    let mut sum = 0;
    'out: for i in 0..n {
        for j in 0..n {
            if i * j > 6 {
                break 'out;
            }
            if j > i {
                continue 'out;
            }
            sum += j;
        }
    }
    sum
}

#[traceable]
fn with_items(x: u32) -> u32 {
    const K: u32 = 4;
    fn helper(y: u32) -> u32 {
        y + K
    }
    let double = |z: u32| z * 2;
    let mut total = 0;
    let mut add = |n| total += n;
    add(helper(x));
    add(double(x));
    total
}

#[test]
fn bodies_with_returns_coercions_labels_closures_and_items() {
    let seen = observe!(local("coerces"); 0: u32; {
        assert!(coerces(0).is_err() && coerces(1).is_err());
        assert_eq!(coerces(2).unwrap().to_string(), "2");
    });
    assert_eq!(seen.len(), 9);
    let seen = observe!(local("loops"); 0: u32; assert_eq!(loops(4), 7));
    assert_eq!(seen, [">", "0: 4", "<"]);
    let seen = observe!(local("with_items"); 0: u32; assert_eq!(with_items(1), 7));
    assert_eq!(seen, [">", "0: 1", "<"]);
}

#[traceable]
fn never(code: i32) -> ! {
    std::panic::resume_unwind(Box::new(code))
}

#[traceable]
fn never_by_another() -> ! {
    never(7)
}

#[test]
fn a_function_that_never_returns_unwinds_through_its_caller() {
    let call = || {
        let payload = catch_unwind(|| never(3)).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&3));
    };
    assert_eq!(observe!(local("never"); 0: i32; call()), [">", "0: 3", "<!"]);
    let call = || assert!(catch_unwind(|| never_by_another()).is_err());
    assert_eq!(observe!(local("never"); 0: i32; call()), [">", "0: 7", "<!"]);
    assert_eq!(observe!(local("never_by_another"); ; call()), [">", "<!"]);
}

struct Point {
    x: u32,
    _y: u32,
}

#[traceable]
fn patterns(
    (a, mut b): (u32, u32),
    Point { x, .. }: Point,
    [first, ..]: [u8; 3],
    _: String,
    &c: &u32,
) -> u32 {
    b += 1;
    a + b + x + u32::from(first) + c
}

#[traceable]
#[expect(clippy::toplevel_ref_arg, reason = "the pattern is what is tested")]
fn bindings(whole @ (a, _): (u32, u32), ref text: String) -> String {
    format!("{whole:?} {a} {text}")
}

#[traceable]
fn mutable(mut x: u32, mut list: Vec<u32>) -> Vec<u32> {
    x += 1;
    list.push(x);
    list
}

#[test]
fn destructured_and_mutable_arguments_are_seen_as_they_were_passed() {
    let seen = observe!(local("patterns"); 0: (u32, u32), 2: [u8; 3], 3: String, 4: u32; {
        assert_eq!(patterns((1, 2), Point { x: 3, _y: 4 }, [5; 3], "s".to_owned(), &6), 18);
    });
    assert_eq!(seen, [">", "0: (1, 2)", "2: [5, 5, 5]", "3: \"s\"", "4: 6", "<"]);
    let seen = observe!(local("bindings"); 0: (u32, u32), 1: String; {
        assert_eq!(bindings((1, 2), "r".into()), "(1, 2) 1 r");
    });
    assert_eq!(seen, [">", "0: (1, 2)", "1: \"r\"", "<"]);
    let seen =
        observe!(local("mutable"); 0: u32, 1: Vec<u32>; assert_eq!(mutable(1, vec![0]), [0, 2]));
    assert_eq!(seen, [">", "0: 1", "1: [0]", "<"]);
}

/// # Safety
///
/// The pointer is valid.
#[traceable]
unsafe fn reads(pointer: *const u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { *pointer }
}

#[traceable]
#[unsafe(no_mangle)]
extern "C" fn gtramp_test_called_from_c(x: i32, y: f64) -> f64 {
    f64::from(x) + y
}

mod as_c_sees_it {
    unsafe extern "C" {
        pub(super) safe fn gtramp_test_called_from_c(x: i32, y: f64) -> f64;
    }
}

#[test]
fn unsafe_and_extern_functions_also_when_called_by_symbol() {
    let seen = observe!(local("reads"); ; {
        // SAFETY: a reference is valid.
        assert_eq!(unsafe { reads(&3) }, 3);
    });
    assert_eq!(seen, [">", "<"]);
    let seen = observe!(local("gtramp_test_called_from_c"); 0: i32, 1: f64; {
        assert!(as_c_sees_it::gtramp_test_called_from_c(1, 2.5) > 3.4);
        assert!(gtramp_test_called_from_c(2, 2.5) > 4.4);
    });
    assert_eq!(seen, [">", "0: 1", "1: 2.5", "<", ">", "0: 2", "1: 2.5", "<"]);
}

#[traceable]
fn factorial(n: u64) -> u64 {
    if n == 0 { 1 } else { n * factorial(n - 1) }
}

#[traceable]
fn is_even(n: u32) -> bool {
    n == 0 || is_odd(n - 1)
}

#[traceable]
fn is_odd(n: u32) -> bool {
    n != 0 && is_even(n - 1)
}

#[test]
fn functions_that_call_themselves_and_each_other() {
    let seen = observe!(local("factorial"); 0: u64; assert_eq!(factorial(2), 2));
    assert_eq!(seen, [">", "0: 2", ">", "0: 1", ">", "0: 0", "<", "<", "<"]);
    let seen = observe!(local("is_odd"); 0: u32; assert!(is_even(4)));
    assert_eq!(seen, [">", "0: 3", ">", "0: 1", "<", "<"]);
}

/// Documented.
///
/// # Errors
///
/// Never.
#[inline]
#[must_use = "it is why it is called"]
#[traceable]
#[track_caller]
fn decorated<'s>(
    text: &'s str,
    #[expect(unused_variables, reason = "of an argument")] spare: u8,
) -> Result<Cow<'s, str>, ()> {
    Ok(Cow::Borrowed(text))
}

#[traceable]
#[inline(always)]
fn always_inlined(x: u8) -> u8 {
    x
}

#[traceable]
fn r#try(r#type: u32) -> u32 {
    r#type
}

#[traceable]
fn inner_attributes(x: u32) -> u32 {
    #![expect(unused_variables, reason = "it is an inner attribute")]
    3
}

#[cfg_attr(all(), traceable)]
fn by_condition(x: u32) -> u32 {
    x
}

macro_rules! made {
    ($name:ident, $argument:ident: $type:ty, $more:expr) => {
        #[traceable]
        fn $name($argument: $type) -> $type {
            $argument + $more
        }
    };
}

made!(made_by_a_macro, argument: u32, 1);

#[test]
fn attributes_stack_and_macros_may_write_the_function() {
    let seen =
        observe!(local("decorated"); 0: str, 1: u8; assert_eq!(decorated("a", 1).unwrap(), "a"));
    assert_eq!(seen, [">", "0: \"a\"", "1: 1", "<"]);
    let seen = observe!(local("always_inlined"); 0: u8; assert_eq!(always_inlined(1), 1));
    assert_eq!(seen, [">", "0: 1", "<"]);
    let seen = observe!(local("try"); 0: u32; assert_eq!(r#try(2), 2));
    assert_eq!(seen, [">", "0: 2", "<"]);
    let seen = observe!(local("inner_attributes"); 0: u32; assert_eq!(inner_attributes(2), 3));
    assert_eq!(seen, [">", "0: 2", "<"]);
    let seen = observe!(local("by_condition"); 0: u32; assert_eq!(by_condition(2), 2));
    assert_eq!(seen, [">", "0: 2", "<"]);
    let seen = observe!(local("made_by_a_macro"); 0: u32; assert_eq!(made_by_a_macro(2), 3));
    assert_eq!(seen, [">", "0: 2", "<"]);
}

#[traceable]
fn dynamic(
    x: &dyn Debug,
    y: Box<dyn Fn(&str) -> usize + '_>,
    f: fn(&u32) -> u32,
    g: &mut dyn FnMut(u32),
) -> usize {
    g(f(&3));
    format!("{x:?}").len() + y("abc")
}

#[traceable]
fn borrowed_parts<'a, 'b: 'a>(a: &'a [&'b str], b: Option<&'b mut Vec<Cow<'a, [u8]>>>) -> usize {
    a.len() + b.map_or(0, |b| b.len())
}

#[traceable]
fn looks_up(map: &HashMap<&str, Vec<u32>>) -> Option<u32> {
    let list = map.get("a")?;
    list.first().copied()
}

#[test]
fn arguments_with_lifetimes_inside_are_traced_and_left_alone() {
    let seen = observe!(local("dynamic"); ; {
        let text = String::from("hello");
        let mut sum = 0;
        assert_eq!(dynamic(&1, Box::new(|s| s.len() + text.len()), |x| *x, &mut |n| sum += n), 9);
        assert_eq!(sum, 3);
    });
    assert_eq!(seen, [">", "<"]);
    let seen = observe!(local("borrowed_parts"); ; assert_eq!(borrowed_parts(&["a"], Some(&mut vec![])), 1));
    assert_eq!(seen, [">", "<"]);
    let seen = observe!(local("looks_up"); ; {
        assert_eq!(looks_up(&HashMap::from([("a", vec![1])])), Some(1));
    });
    assert_eq!(seen, [">", "<"]);
}

#[traceable]
fn future<'a>(x: &'a u32) -> impl Future<Output = u32> + 'a {
    let x = *x;
    async move { x + 1 }
}

#[test]
fn a_function_that_makes_a_future_is_traced_while_it_makes_it() {
    let seen = observe!(local("future"); 0: u32; {
        let made = std::pin::pin!(future(&1));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert_eq!(made.poll(&mut context), std::task::Poll::Ready(2));
    });
    assert_eq!(seen, [">", "0: 1", "<"]);
}

mod renamed {
    pub(super) mod deep {
        pub(crate) use gtramp as other;
    }
}

#[traceable(crate = crate::functions::renamed::deep::other)]
fn by_another_path(x: u32) -> u32 {
    x
}

#[test]
fn the_crate_may_have_another_name() {
    let seen = observe!(local("by_another_path"); 0: u32; assert_eq!(by_another_path(1), 1));
    assert_eq!(seen, [">", "0: 1", "<"]);
}

#[traceable]
fn returns_closure(by: u64) -> impl Fn(u64) -> u64 + Clone {
    move |x| x + by
}

#[traceable]
fn product(n: u64) -> u64 {
    if n == 0 { 1 } else { n * product(n - 1) }
}

#[test]
fn an_override_takes_the_place_of_a_result_that_has_a_name() {
    let log = Log::new();
    assert_eq!(returns_closure(1)(2), 3);
    for _ in 0..2 {
        let seen = log.clone();
        let link = site!(product)
            .fmod_ret(move |_: &ModRet, n: &u64| {
                seen.push(n.to_string());
                if *n == 1 { ControlFlow::Break(100_u64) } else { ControlFlow::Continue(()) }
            })
            .unwrap();
        assert_eq!(product(3), 600);
        assert_eq!(log.take(), ["3", "2", "1"]);
        drop(link);
        assert_eq!(product(3), 6);
        // A closure's type has no name, but the function can be watched.
        drop(
            gtramp::fentry("traceable::functions::returns_closure", |_: &Entry, _: &u64| ())
                .unwrap(),
        );
    }
}
