//! Whole modules.

use gtramp::traceable;

use crate::observe::observe;
use crate::support::function;

#[traceable]
mod inner {
    //! Everything in it is traceable.

    pub(crate) struct Thing(pub(crate) u64);

    impl Thing {
        pub(crate) fn get(&self) -> u64 {
            self.0
        }

        #[traceable(skip)]
        pub(crate) const fn skipped(&self) -> u64 {
            self.0
        }
    }

    pub(crate) fn thing(x: u64) -> u64 {
        self::deeper::thing(x) + super::beside(x)
    }

    pub(crate) trait Sides {
        const SIDES: u32;

        fn sides(&self) -> u32 {
            Self::SIDES
        }
    }

    impl Sides for Thing {
        const SIDES: u32 = 4;
    }

    #[traceable(skip)]
    pub(crate) async fn later() {}

    pub(crate) mod deeper {
        pub(crate) fn thing(x: u64) -> u64 {
            x + 1
        }

        #[traceable(skip)]
        pub(crate) mod left_out {
            pub(crate) fn plain() -> u64 {
                5
            }
        }
    }
}

fn beside(x: u64) -> u64 {
    x
}

#[test]
fn every_function_of_a_module_is_traceable_but_those_that_are_skipped() {
    use inner::{Sides as _, Thing};

    let call = || {
        assert_eq!((inner::thing(1), Thing(7).get(), Thing(7).sides()), (3, 7, 4));
        assert_eq!((Thing(7).skipped(), inner::deeper::left_out::plain()), (7, 5));
        drop(inner::later());
    };
    call();
    let local = |name: &str| function(&format!("traceable::blocks::inner::{name}"));
    assert_eq!(observe!(local("thing"); 0: u64; call()), [">", "0: 1", "<"]);
    assert_eq!(observe!(local("deeper::thing"); 0: u64; call()), [">", "0: 1", "<"]);
    assert_eq!(observe!(local("Thing::get"); ; call()), [">", "<"]);
    assert_eq!(observe!(local("Thing::sides"); ; call()), [">", "<"]);
    let names: Vec<_> = gtramp::functions()
        .iter()
        .filter(|function| function.module().starts_with("traceable::blocks"))
        .map(|function| function.path().trim_start_matches("traceable::blocks::inner::"))
        .collect();
    assert_eq!(names, ["Thing::get", "Thing::sides", "deeper::thing", "thing"]);
}
