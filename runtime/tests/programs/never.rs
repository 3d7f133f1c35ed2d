// What never returns, and arguments that nobody can pass, raise no lint of their own.
#![deny(warnings)]

use std::future::Future;
use std::panic::{self, AssertUnwindSafe, Location};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};

use gtramp::{Entry, traceable};

trait Returns {
    type Output;
}

impl<O, F: Fn() -> O> Returns for F {
    type Output = O;
}

type Never = <fn() -> ! as Returns>::Output;

trait System {
    type Input;

    fn run(&self, input: Self::Input, amount: u8) -> u8;
}

struct Endless(u8);

#[traceable]
impl System for Endless {
    type Input = Never;

    fn run(&self, _input: Self::Input, amount: u8) -> u8 {
        println!("{amount}");
        amount
    }
}

struct Alone;

impl System for Alone {
    type Input = Never;

    #[traceable]
    fn run(&self, _input: <fn() -> ! as Returns>::Output, amount: u8) -> u8 {
        println!("{amount}");
        amount
    }
}

#[traceable]
impl Endless {
    #[track_caller]
    fn fail(&self, amount: u8) -> ! {
        panic!("{amount} {} {}", self.0, Location::caller().line())
    }

    fn lasts(&self) -> ! {
        let mut left = self.0;
        loop {
            left = left.checked_sub(1).expect("it ends");
        }
    }

    fn checked(&self, amount: Option<u8>) -> u8 {
        match amount {
            Some(amount) => amount,
            None => self.lasts(),
        }
    }
}

#[traceable]
fn exits(amount: u8) -> ! {
    if amount > 3 {
        panic!("large")
    }
    panic!("small")
}

#[traceable]
async fn serves(amount: u8) -> ! {
    loop {
        std::future::ready(()).await;
        exits(amount)
    }
}

trait Serve {
    async fn serve(&self) -> !;
}

#[traceable]
impl Serve for Endless {
    async fn serve(&self) -> ! {
        serves(self.0).await
    }
}

macro_rules! returning {
    ($ty:ty) => {
        #[traceable]
        fn fails() -> $ty {
            exits(1)
        }
    };
}
returning!(!);

fn poll(future: impl Future) {
    let _ = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
}

fn text(call: impl FnOnce()) -> String {
    let payload = panic::catch_unwind(AssertUnwindSafe(call)).expect_err("it panics");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("a text")).to_owned(),
    }
}

fn main() {
    let _ =
        (<Endless as System>::run as fn(_, _, _) -> _, <Alone as System>::run as fn(_, _, _) -> _);
    let endless = Endless(2);
    static CALLS: AtomicU32 = AtomicU32::new(0);
    for attached in [false, true, false] {
        let link = attached.then(|| {
            gtramp::link()
                .functions("**")
                .fentry(|_: &Entry| _ = CALLS.fetch_add(1, Ordering::Relaxed))
                .attach()
                .unwrap()
        });
        let failed = text(|| endless.fail(1));
        if !attached {
            assert_eq!(failed, format!("1 2 {}", line!() - 2));
        }
        assert_eq!(text(|| endless.lasts()), "it ends");
        assert_eq!(text(|| _ = endless.checked(None)), "it ends");
        assert_eq!(endless.checked(Some(1)), 1);
        assert_eq!(text(|| exits(4)), "large");
        assert_eq!(text(|| fails()), "small");
        assert_eq!(text(|| poll(endless.serve())), "small");
        drop(link);
    }
    // Each of the seven, and what they call.
    assert_eq!(CALLS.load(Ordering::Relaxed), 11);
}
