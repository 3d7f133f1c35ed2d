// Whole impl blocks, traits and modules, and what is left out of them.
#![deny(warnings, elided_lifetimes_in_paths)]

#[path = "shared/everything.rs"]
mod everything;

use gtramp::traceable;

#[traceable]
trait Animal {
    type Food: Default;
    const LEGS: u32 = 4;

    fn name(&self) -> String;

    fn speak(&self, loud: bool) -> String {
        if loud { self.name().to_uppercase() } else { self.name() }
    }

    fn food(&self) -> Self::Food {
        Self::Food::default()
    }

    fn into_name(self) -> String
    where
        Self: Sized,
    {
        self.name()
    }

    fn make() -> Self
    where
        Self: Default + Sized,
    {
        Self::default()
    }

    fn with<T: std::fmt::Display>(&self, t: T) -> String
    where
        Self: Sized,
    {
        format!("{}{t}", self.name())
    }

    fn steps(&self) -> impl Iterator<Item = u32>
    where
        Self: Sized,
    {
        0..Self::LEGS
    }

    #[traceable(skip)]
    fn skipped(&self) {}
}

#[derive(Default)]
struct Dog;

#[traceable]
impl Animal for Dog {
    type Food = Vec<u8>;

    fn name(&self) -> String {
        "dog".into()
    }

    fn food(&self) -> Self::Food {
        vec![1]
    }
}

struct Countdown(u32);

#[traceable]
impl Iterator for Countdown {
    type Item = u32;

    fn next(&mut self) -> Option<Self::Item> {
        self.0 = self.0.checked_sub(1)?;
        Some(self.0)
    }
}

impl Drop for Countdown {
    #[traceable]
    fn drop(&mut self) {}
}

trait Lend {
    type Out<'a>
    where
        Self: 'a;

    fn lend<'a>(&'a mut self) -> Self::Out<'a>;
}

#[traceable]
impl Lend for Countdown {
    type Out<'a> = &'a mut u32;

    fn lend<'a>(&'a mut self) -> Self::Out<'a> {
        &mut self.0
    }
}

#[traceable]
mod bank {
    //! Everything in here.
    use super::Dog;

    pub(crate) struct Ledger {
        pub(crate) total: u64,
    }

    impl Ledger {
        pub(crate) fn fee(&self, amount: u64) -> u64 {
            self.total + amount
        }

        #[traceable(skip)]
        pub(crate) const fn new() -> Self {
            Self { total: 1 }
        }

        #[traceable]
        pub(crate) fn once(&self) -> u64 {
            self.total
        }
    }

    #[traceable]
    impl Default for Ledger {
        fn default() -> Self {
            Self::new()
        }
    }

    unsafe extern "C" {
        fn getpid() -> i32;
    }

    pub(crate) fn process() -> i32 {
        // SAFETY: it only reads.
        unsafe { getpid() }
    }

    #[traceable(skip)]
    pub(crate) async fn later() {}

    pub(crate) mod deep {
        pub(crate) fn down(_: &super::Dog) -> u64 {
            9
        }

        #[traceable(skip)]
        pub(crate) mod left_out {
            pub(crate) const fn constant() -> u64 {
                1
            }
        }
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn nothing() {}
    }
}

fn run() {
    assert_eq!(Dog.speak(true), "DOG");
    assert_eq!(Dog.food(), [1]);
    assert_eq!(Dog::make().into_name(), "dog");
    assert_eq!(Dog.with(3), "dog3");
    assert_eq!(Dog.steps().count(), 4);
    Dog.skipped();
    let animal: &dyn Speaks = &Dog;
    assert_eq!(animal.speaks(), "dog");
    assert_eq!(Countdown(3).count(), 3);
    *Countdown(3).lend() += 1;
    let ledger = bank::Ledger::default();
    assert_eq!(ledger.fee(1) + ledger.once(), 3);
    assert!(bank::process() > 0);
    drop(bank::later());
    assert_eq!(bank::deep::down(&Dog) + bank::deep::left_out::constant(), 10);
    let paths: Vec<&str> = gtramp::functions().iter().map(|function| function.name()).collect();
    for traced in ["speak", "steps", "next", "drop", "lend", "fee", "once", "default", "down"] {
        assert!(paths.contains(&traced), "{traced} is not in {paths:?}");
    }
    for left_out in ["skipped", "new", "later", "constant", "nothing"] {
        assert!(!paths.contains(&left_out), "{left_out} is in {paths:?}");
    }
}

trait Speaks {
    fn speaks(&self) -> String;
}

impl<T: Animal> Speaks for T {
    #[traceable]
    fn speaks(&self) -> String {
        self.speak(false)
    }
}

fn main() {
    everything::off_armed_and_off(run);
}
