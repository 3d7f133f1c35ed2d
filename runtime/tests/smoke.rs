use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use gtramp::{fentry, fexit, site, traceable, Entry, Exit, ModRet, Return};

#[traceable]
fn add(a: u64, b: u64) -> u64 {
    a + b
}

#[traceable]
fn cat<'a>(a: &'a str, b: String) -> Vec<String> {
    vec![a.to_string(), b]
}

static HITS: AtomicU64 = AtomicU64::new(0);

#[fentry("smoke::add")]
fn on_add(ctx: &Entry, a: u64, b: u64) {
    assert_eq!(ctx.function().path(), "smoke::add");
    HITS.fetch_add(a + b, Relaxed);
}

#[fexit("smoke::add")]
fn after_add(_ctx: &Exit, a: u64, b: u64, ret: &u64) {
    assert_eq!(a + b, *ret);
    HITS.fetch_add(1000, Relaxed);
}

#[test]
fn end_to_end() {
    for f in gtramp::functions() {
        println!("{f}");
    }
    assert_eq!(add(1, 2), 3);
    let link = on_add.attach().unwrap();
    assert_eq!(add(1, 2), 3);
    assert_eq!(HITS.load(Relaxed), 3);
    let exit = after_add.attach().unwrap();
    println!("{}", link.info());
    assert_eq!(add(1, 2), 3);
    assert_eq!(HITS.load(Relaxed), 1006);
    drop(link);
    assert_eq!(add(1, 2), 3);
    assert_eq!(HITS.load(Relaxed), 2006);
    drop(exit);
    assert_eq!(add(1, 2), 3);
    assert_eq!(HITS.load(Relaxed), 2006);
    let over = site!(add)
        .fmod_ret(|_: &ModRet, a: &u64, _b: &u64| if *a == 7 { ControlFlow::Break(70u64) } else { ControlFlow::Continue(()) })
        .unwrap();
    assert_eq!(add(7, 2), 70);
    assert_eq!(add(8, 2), 10);
    drop(over);
    assert_eq!(add(7, 2), 9);
    let l = gtramp::fexit("smoke::cat", |ctx: &Exit, ret: Return<Vec<String>>| {
        assert_eq!(ret.get().unwrap().len(), 2);
        println!("{:?} {:?}", ctx.function().name(), ret.get());
    });
    println!("{:?}", l.as_ref().err().map(|e| e.to_string()));
    let l = gtramp::fentry("smoke::cat", |_: &Entry, a: &str, b: &String| {
        println!("{a} {b}");
    })
    .unwrap();
    assert_eq!(cat("x", "y".into()), ["x", "y"]);
    drop(l);
    println!("{}", gtramp::fentry("smoke::cta", |_: &Entry| ()).unwrap_err());
    println!("{}", gtramp::fentry("smoke::add", |_: &Entry, _: &i64| ()).unwrap_err());
}
