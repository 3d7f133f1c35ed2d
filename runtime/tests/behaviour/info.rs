//! What a link says of itself.

use gtramp::__private::Lookup;
use gtramp::{Entry, Exit, Kind, link, site, traceable};

use crate::support::function;

#[traceable]
fn described(_a: u64, _b: u64) {}

#[traceable]
fn described_too() -> String {
    String::new()
}

#[test]
fn info_tells_kinds_functions_addresses_cookies_and_callers() {
    described(1, 2);
    described_too();
    for _ in 0..2 {
        let both = link()
            .functions("behaviour::info::described*")
            .fentry(|_: &Entry| ())
            .cookie(|function: &gtramp::Function| function.argument_count() as u64)
            .attach()
            .unwrap();
        let info = both.info();
        assert_eq!(info.kinds, [Kind::Fentry]);
        assert!(info.enabled && info.refused.is_empty() && info.panic.is_none());
        let functions: Vec<_> = info
            .functions
            .iter()
            .map(|linked| (linked.function.path(), linked.cookie, linked.caller))
            .collect();
        assert_eq!(
            functions,
            [
                ("behaviour::info::described", 2, "specialised_2"),
                ("behaviour::info::described_too", 0, "specialised_1"),
            ]
        );
        let address = function("behaviour::info::described").address();
        assert_eq!(
            info.to_string().lines().take(2).collect::<Vec<_>>(),
            [
                "fentry at 2 function(s), 0 missed".to_owned(),
                format!("  {address:#x} behaviour::info::described cookie 2, specialised_2"),
            ]
        );
        drop(both);
        described(1, 2);
    }
}

#[traceable]
fn served(_a: u64) {}

#[test]
fn a_function_is_served_by_the_plainest_caller_that_serves_all_its_links() {
    let caller = |link: &gtramp::Link| link.info().functions[0].caller;
    // Not every architecture has this in assembly.
    let looked_up =
        if cfg!(target_arch = "x86_64") { "caller_1_single_hash" } else { "caller_1_hash" };
    for _ in 0..2 {
        let plain = site!(served).fentry(|_: &Entry| ()).unwrap();
        assert_eq!(caller(&plain), "specialised_1");
        let exit = site!(served).fexit(|_: &Exit| ()).unwrap();
        assert_eq!(caller(&plain), "caller_1_origin");
        let sleeps = site!(served).link().sleepable(true).fentry(|_: &Entry| ()).attach().unwrap();
        assert_eq!(caller(&plain), "caller_1_sleep_origin");
        let hashed =
            site!(served).link().lookup(Lookup::Hash).fentry(|_: &Entry| ()).attach().unwrap();
        assert_eq!(caller(&plain), "caller_1_sleep_origin_hash");
        served(1);
        drop(exit);
        assert_eq!(caller(&plain), "caller_1_sleep_hash");
        served(1);
        drop(sleeps);
        assert_eq!(caller(&plain), "caller_1_hash");
        served(1);
        plain.disable();
        assert_eq!(caller(&hashed), looked_up);
        served(1);
        plain.enable().unwrap();
        assert_eq!(caller(&plain), "caller_1_hash");
        served(1);
        drop(hashed);
        assert_eq!(caller(&plain), "specialised_1");
        served(1);
        drop(plain);
        served(1);
    }
}
