// A fragment between other tokens is the whole that the macro was handed, also where its body is taken apart: what a
// traceable function computes is what its plain twin does.
#![deny(warnings)]
#![allow(
    non_local_definitions,
    redundant_semicolons,
    reason = "fragments are items, and statements with their end"
)]

#[path = "shared/everything.rs"]
mod everything;

use std::future::Future;
use std::ops::ControlFlow;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use gtramp::{Entry, Exit, ModRet, traceable, tracepoint};

pub mod sub {
    pub struct Inner {
        pub a: i64,
    }
    #[derive(Debug, Clone, Copy)]
    pub enum Either {
        A,
        #[allow(dead_code)]
        B,
    }
    pub const COUNT: usize = 3;
    pub fn same(x: i64) -> i64 {
        x
    }
}

#[rustfmt::skip]
macro_rules! twice { ($e:expr) => { 2 * $e }; }
#[rustfmt::skip]
macro_rules! count { ($($t:tt)*) => { 0 $(+ { let _ = stringify!($t); 1 })* }; }

#[rustfmt::skip]
macro_rules! methods {
    ($attr:meta; $me:ident, $sum:expr, $cond:expr, $block:block, $closure:expr, $return:expr, $let:stmt,
     $if:stmt, $item:item, $ty:ty, $path:path, $struct:path, $pattern:pat, $range:expr, $less:expr, $const:expr,
     $either:pat, $never:expr, $wide:ty) => {
        impl P {
        // Of what is `self`, parts.
        #[$attr] fn bound(&$me) -> i64 { let x = $sum; x }
        #[$attr] fn asked(&$me) -> i64 { if $cond { 1 } else { 2 } }
        #[$attr] fn matched(&$me) -> i64 { match $sum { 4 => 7, _ => 8 } }
        #[$attr] fn returned(&$me) -> i64 { return $sum; }
        #[$attr] fn branch(&$me) -> i64 { if true $block else { 3 } }
        #[$attr] fn called(&$me) -> i64 { $closure(2) }
        #[$attr] fn early(&$me) -> i64 { if $cond { $return } $sum }
        #[$attr] fn stated(&$me) -> i64 { $let; 5 }
        #[$attr] fn ended(&$me) -> i64 { $if 5 }
        #[$attr] fn item(&$me) -> i64 { $item let _ = $me.v; 6 }
        #[$attr] fn typed(&$me) -> i64 { let x: $ty = [0; 3]; x.len() as i64 + $me.v }
        #[$attr] fn by_path(&$me) -> i64 { $path($me.v) }
        #[$attr] fn apart(&$me) -> i64 { let $struct { a } = self::sub::Inner { a: $me.v }; a }
        #[$attr] fn pattern(&$me) -> i64 { match sub::Either::A { $pattern => $me.v, _ => 0 } }
        #[$attr] fn in_macro(&$me) -> i64 { twice!($sum) }
        #[$attr] fn counted(&$me) -> i64 { count!($sum $cond $block) }
        #[$attr] fn several(&$me) -> Vec<i64> { vec![$sum; 2] }
        #[$attr] fn ranged(&$me) -> i64 { let mut s = 0; for i in $range { s += i } s }
        #[$attr] fn negated(&$me) -> i64 { -$less }
        #[$attr] fn guarded(&$me) -> i64 { match 1 { _ if $cond => $sum, _ => 1 } }
        #[$attr] fn arm(&$me) -> i64 { match 1 { _ => $block } }
        #[$attr] fn tail(&$me) -> i64 { $block }
        #[$attr] fn assigned(&$me) -> i64 { let mut x = 1; x += $sum; x = $sum + x; x }
        #[$attr] fn shown(&$me) -> String { format!("{} {x}", $sum, x = $sum) }
        #[$attr] fn asserted(&$me) -> i64 { assert!($cond); assert_eq!($sum, 4); $sum }
        #[$attr] fn both(&$me) -> bool { $cond && !$cond || $cond }
        #[$attr] fn chained(&$me) -> i64 { if $cond && let Some(x) = Some($sum) { x } else { 0 } }
        // Beside what is `self`, others.
        #[$attr] fn factor(&$me) -> i64 { let f = |x: i64| x; f($me.v) * $const }
        #[$attr] fn minus(&$me) -> i64 { let f = |x: i64| x; -$const + f($me.v) }
        #[$attr] fn method(&$me) -> i64 { let f = |x: i64| x; $const.pow(2) + f($me.v) }
        #[$attr] fn cast(&$me) -> i64 { let f = |x: i64| x; ($const as $wide) as i64 + f($me.v) }
        #[$attr] fn either(&$me) -> bool { let f = |x: i64| x; match f($me.v) { $either => true, _ => false } }
        #[$attr] fn not(&$me) -> bool { let f = |x: i64| x; !$never && f($me.v) == 3 }
        #[$attr] fn list(&$me) -> i64 { let f = |x: i64| x; f(vec![$me.v * $const, $const * 2].into_iter().sum()) }
        }
    };
}

/// The same methods and functions, with this attribute on each.
#[rustfmt::skip]
macro_rules! module {
    ($name:ident, $attr:meta) => {
        mod $name {
            use super::*;

            pub struct P { pub v: i64 }
            trait Has { fn has(&self) -> i64; }
            methods!($attr; self, 1 + self.v, self.v > 0, { self.v + 1 }, |x: i64| x + self.v, return self.v + 7,
                let _kept = 1 + self.v, if self.v > 5 { return self.v } else { let _ = self.v; },
                impl Has for P { fn has(&self) -> i64 { self.v } }, [i64; self::sub::COUNT], self::sub::same,
                self::sub::Inner, self::sub::Either::A, 0..self.v, self.v - 1, 1 + 2i64, 2 | 3, false || false, i64);
            functions!($attr; self, 1 + 2i64);
            in_macros!($attr; self, 1 | 4, -1i64, 0..4, 1..=2);
            in_fragments!($attr; 1 + 2);

            pub fn run() -> Vec<String> {
                let p = P { v: 3 };
                assert_eq!(p.has(), 3);
                let mut all = Vec::new();
                macro_rules! shown { ($e:expr) => { all.push(format!("{} {:?}", stringify!($e), $e)) }; }
                shown!(p.bound()); shown!(p.asked()); shown!(p.matched()); shown!(p.returned());
                shown!(p.branch()); shown!(p.called()); shown!(p.early()); shown!(p.stated());
                shown!(p.ended()); shown!(p.item()); shown!(p.typed()); shown!(p.by_path()); shown!(p.apart());
                shown!(p.pattern()); shown!(p.in_macro()); shown!(p.counted()); shown!(p.several());
                shown!(p.ranged()); shown!(p.negated()); shown!(p.guarded()); shown!(p.arm());
                shown!(p.tail()); shown!(p.assigned()); shown!(p.shown()); shown!(p.asserted());
                shown!(p.both()); shown!(p.chained()); shown!(p.factor()); shown!(p.minus());
                shown!(p.method()); shown!(p.cast()); shown!(p.either()); shown!(p.not()); shown!(p.list());
                shown!(free(2)); shown!(attributes((2, 2))); shown!(unused(1, 2)); shown!(now(life(2)));
                shown!(now(p.masked())); shown!(now(p.powered())); shown!(now(p.contained())); shown!(now(p.ranges()));
                shown!(in_a_fragment((1, 2)));
                shown!(now(future(2))); shown!(closure(1)(&1)); shown!(outer(1)); shown!(array([1; 6]));
                shown!((md::f(2), md::K, md::S, md::Q::N, md::Q.g(), md::Q::M, md::Q.d(), md::local(), md::E::A as i64));
                all
            }
        }
    };
}

/// Fragments that stand in other macros beside `self`.
#[rustfmt::skip]
macro_rules! in_macros {
    ($attr:meta; $me:ident, $mask:expr, $less:expr, $range:expr, $other:expr) => {
        impl P {
        #[$attr] async fn masked(&$me) -> [bool; 2] { [matches!($me.v & $mask, 0), matches!($mask & $me.v, 1)] }
        #[$attr] async fn powered(&$me) -> i64 { vec![$me.v, $less.pow(2)].iter().sum() }
        #[$attr] async fn contained(&$me) -> bool { assert!($range.contains(&$me.v)); matches!($me.v, 3) }
        #[$attr] async fn ranges(&$me) -> usize { let all = vec![$me.v..$me.v, $range, $other.collect::<Vec<_>>().len() as i64..3]; all.len() }
        }
    };
}

/// A fragment in a fragment.
#[rustfmt::skip]
macro_rules! in_fragments { ($attr:meta; $sum:expr) => { in_a_fragment!($attr; $sum * 3); }; }
#[rustfmt::skip]
macro_rules! in_a_fragment {
    ($attr:meta; $product:expr) => {
        #[$attr] fn in_a_fragment((x, _): (i64, i64)) -> i64 { #![allow(unused_mut)] let mut y = $product; y += x; y }
    };
}

#[rustfmt::skip]
macro_rules! functions {
    ($attr:meta; $me:ident, $k:expr) => {
        #[$attr] fn free(x: i64) -> i64 { let f = |x: i64| x; f(x) * $k }
        #[$attr] fn attributes((x, _): (i64, i64)) -> i64 { #![allow(unused_mut)] let mut f = |x: i64| x; f(x) * $k }
        #[$attr] fn unused(_: i64, x: i64) -> i64 { let f = |x: i64| x; f(x) * $k }
        #[$attr] async fn life(x: i64) -> i64 { let f = |x: i64| x; f(x) * $k }
        #[$attr] fn future(x: i64) -> impl Future<Output = i64> { async move { let f = |x: i64| x; f(x) * $k } }
        #[$attr] fn closure(x: i64) -> impl Fn(&i64) -> i64 { move |y| (x + y) * $k }
        #[$attr] fn outer(x: i64) -> i64 { #[traceable] fn inner(x: i64) -> i64 { x * $k } inner(x) * $k }
        #[$attr] fn array(x: [u8; 2 * $k as usize]) -> [u8; 2 * $k as usize] { x }
        #[$attr]
        mod md {
            pub const K: i64 = 2 * $k;
            pub static S: i64 = 2 * $k;
            pub enum E { A = (2 * $k) as isize }
            pub struct Q;
            impl Q { pub const N: i64 = 2 * $k; pub fn g(&$me) -> i64 { 2 * $k } }
            pub trait Tr { const M: i64 = 2 * $k; fn d(&$me) -> i64 { 2 * $k } }
            impl Tr for Q {}
            macro_rules! z { () => { 2 * $k } }
            pub fn f(x: i64) -> i64 { x * $k }
            pub fn local() -> i64 { z!() }
        }
        use md::Tr as _;
    };
}

module!(plain, allow(clippy::all));
module!(traced, traceable);

fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!(),
    }
}

/// What other macros of gtramp were handed.
#[rustfmt::skip]
macro_rules! others {
    ($name:ident, $k:expr, $ty:ty) => {
        fn posts() { tracepoint!($name, v: $ty = $k * 2, w: [u8; 2 * $k as usize] = [1; 6], n: String = format!("{}", 2 * $k)); }
        #[gtramp::fentry("**::traced::free")]
        fn enters(_: &Entry) { assert_eq!(2 * $k, 6); }
        #[gtramp::fmod_ret("**::traced::unused")]
        fn decides(_: &ModRet) -> ControlFlow<i64> { ControlFlow::Break(2 * $k) }
        #[gtramp::replace("**::traced::outer")]
        fn replaces(x: i64) -> i64 { x * $k }
        struct Session;
        #[gtramp::fsession("**::traced::free")]
        impl Session {
            fn entry(_: &Entry) -> Option<i64> { Some(2 * $k) }
            fn exit(_: &Exit, kept: i64) { assert_eq!(kept, 2 * $k); }
        }
    };
}
others!(posted, 1 + 2, i64);

fn run() {
    assert_eq!(traced::run(), plain::run());
    posts();
}

fn main() {
    everything::off_armed_and_off(run);
    for _ in 0..2 {
        let posted = gtramp::fentry("**::posted", |_: &Entry, v: &i64, w: &[u8; 6], n: &String| {
            assert_eq!((*v, w.len(), &**n), (6, 6, "6"));
        });
        let links = [posted.unwrap(), enters::attach().unwrap(), Session::attach().unwrap()];
        run();
        assert!(links.iter().all(|link| link.info().panic.is_none()));
        drop(links);
    }
    let (link, patch) = (decides::attach().unwrap(), replaces::apply().unwrap());
    let shown = traced::run();
    assert!(shown.contains(&"unused(1, 2) 6".to_owned()), "{shown:?}");
    assert!(shown.contains(&"outer(1) 3".to_owned()), "{shown:?}");
    drop((link, patch));
    run();
}
