// Names that the attribute uses mean in a body what they mean there without it, whatever macros have made of `self`.
#![deny(warnings)]

#[path = "shared/everything.rs"]
mod everything;

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use gtramp::traceable;

struct Other {
    value: i64,
}

struct Own {
    value: i64,
    text: String,
}

macro_rules! get {
    ($me:ident) => {
        $me.value
    };
    ($me:ident . $field:ident) => {
        $me.$field
    };
    ($me:expr, $k:expr) => {
        $me.value * $k
    };
}

macro_rules! handed_on {
    ($me:ident $($body:tt)*) => { handed_on!(@ $me { $($body)* }) };
    (@ $me:ident { $($body:tt)* }) => { { let _: &Own = $me; $($body)* } };
}

macro_rules! defined {
    ($(fn $name:ident(&$me:ident) -> $ty:ty $body:block)*) => {
        impl Own { $(#[traceable] fn $name(&$me) -> $ty $body)* }
    };
}

defined! {
    fn another_self(&self) -> i64 {
        let __self = Other { value: 40 };
        let add = |x: i64| x + __self.value;
        add(self.value)
    }
    fn shown(&self) -> String {
        let __self = 4;
        format!("{self:?} {__self} {}", vec![self.value].len())
    }
    fn several(&self) -> i64 {
        let (armed, result, __arg0, a0, __gtramp_self) = (1, 2, 3, 4, 5);
        let all = vec![armed, result, __arg0, a0, __gtramp_self, self.value];
        all.into_iter().sum()
    }
    fn got(&self) -> i64 {
        get!(self) + get!(self.value) + get!(self, 1 + 1)
    }
    fn handed(&self) -> i64 {
        handed_on!(self let x = self.value * 2; x + 1)
    }
    fn local(&self) -> i64 {
        macro_rules! local { ($x:expr) => { self.value * $x + 2 * $x } }
        local!(self.value + 1)
    }
    fn twin(&self) -> i64 {
        struct Twin;
        impl Twin {
            fn value(&self) -> i64 {
                let Self = self;
                4
            }
        }
        Twin.value() + self.value
    }
    fn asked(&self) -> Result<i64, std::num::ParseIntError> {
        let n: i64 = self.text.parse()?;
        Ok((|| Ok("1".parse::<i64>()? + self.value))()? + n)
    }
}

impl Own {
    #[traceable]
    async fn later(&self) -> i64 {
        let __self = Other { value: 40 };
        std::future::ready(self.value).await + __self.value
    }

    #[traceable(future)]
    fn boxed<'a>(&'a self) -> Pin<Box<dyn Future<Output = i64> + 'a>> {
        Box::pin(async move {
            let __self = Other { value: 40 };
            std::future::ready(self.value).await + __self.value
        })
    }

    #[traceable]
    fn small(&self) -> i64 {
        let __self = Other { value: 40 };
        self.value + __self.value
    }
}

impl std::fmt::Debug for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "own {}", self.text)
    }
}

fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!(),
    }
}

fn run() {
    let own = Own { value: 3, text: "7".to_owned() };
    assert_eq!((own.another_self(), own.several(), own.small()), (43, 18, 43));
    assert_eq!(own.shown(), "own 7 4 1");
    assert_eq!((own.got(), own.handed(), own.local(), own.twin()), (12, 7, 20, 7));
    assert_eq!(own.asked(), Ok(11));
    assert_eq!((now(own.later()), now(own.boxed())), (43, 43));
}

fn main() {
    everything::off_armed_and_off(run);
}
