//! Leases: how they end.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::support::{attached, attached_by, gtramp, refused, said};

#[gtramp::traceable]
mod left {
    pub(super) fn alone() {}
}

/// The leases of a function.
fn leases_of(function: &str) -> String {
    let listed = said(&["list", function]);
    listed.trim_end().rsplit_once("lease ").map_or(String::new(), |(_, leases)| leases.to_owned())
}

/// Waits until it is so. There is nothing to wait for but time: the program notices by itself.
fn until(holds: impl Fn() -> bool) {
    while !holds() {
        std::thread::yield_now();
    }
}

#[test]
fn a_client_that_is_killed_takes_its_lease_with_it() {
    let mut running = attached("live::leases::left::alone { @ = count() }");
    let lease = running.lease.to_string();
    left::alone();
    assert_eq!(leases_of("live::leases::left::alone"), lease);
    running.child.kill().expect("it runs");
    running.child.wait().expect("it is killed");
    until(|| leases_of("live::leases::left::alone").is_empty());
    // The functions are as they were: another can have them.
    let running = attached("live::leases::left::alone { @ = count() }");
    left::alone();
    assert_eq!(running.off().counts(), [(String::new(), 1)]);
}

#[gtramp::traceable]
mod ended {
    pub(super) fn soon() {}
    pub(super) fn after(_number: u32) {}
}

#[test]
fn a_lease_ends_when_its_time_is_up_and_says_so() {
    let found = attached("live::leases::ended::soon { @ = count() } for 50ms").found();
    assert!(found.why().contains("time was up"), "{}", found.why());
    ended::soon();
}

#[test]
fn a_lease_ends_after_as_many_events_as_it_may_show() {
    let running = attached("live::leases::ended::after { print(_number) } max 3 rate 1000000/s");
    (0..10).for_each(ended::after);
    let found = running.found();
    assert!(found.why().contains("max 3"), "{}", found.why());
    let shown: Vec<&str> = found.events.iter().map(|event| &*event.values[0].1).collect();
    assert_eq!(shown, ["0", "1", "2"]);
}

#[gtramp::traceable]
mod rated {
    pub(super) fn often(_number: u32) {}
}

#[test]
fn what_is_over_the_rate_is_counted() {
    let running = attached("live::leases::rated::often { print(func) } rate 10/s");
    (0..1000).for_each(rated::often);
    let found = running.off();
    let end = found.end.as_ref().expect("it says how it ended");
    assert_eq!(end.held_back + found.events.len() as u64, 1000);
    assert!(end.held_back > 0, "{end:?}");
}

#[gtramp::traceable]
mod shared {
    pub(super) fn looked_at() {}
}

#[test]
fn several_clients_look_at_one_function() {
    let program = "live::leases::shared::looked_at { @ = count() }";
    let running: Vec<_> = (0..5).map(|_| attached(program)).collect();
    shared::looked_at();
    for running in running {
        assert_eq!(running.off().counts(), [(String::new(), 1)]);
    }
}

#[test]
fn a_lease_that_is_not_there_cannot_be_switched_off() {
    assert!(refused(&["off", "999999"]).contains("no lease 999999"));
}

#[test]
fn limits_that_were_not_written_are_told() {
    let output = gtramp(&["run", "-d", "0.01", "live::leases::shared::* { count() }"]).output();
    let told = String::from_utf8_lossy(&output.expect("it runs").stderr).into_owned();
    for limit in ["for 10ms", "rate 1000/s", "max 10000", "budget 10%"] {
        assert!(told.contains(limit), "{told}");
    }
}

#[gtramp::traceable]
mod dear {
    pub(super) fn called_often(number: u64) -> u64 {
        number + 1
    }
}

#[test]
fn a_lease_that_takes_too_much_of_the_processor_is_switched_off_and_says_so() {
    let running = attached_by(&[
        "run",
        "--json",
        "live::leases::dear::called_often { @ = hist(latency) } budget 0.001%",
    ]);
    let ended = AtomicBool::new(false);
    let found = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0;
            while !ended.load(Relaxed) {
                number = dear::called_often(number);
            }
        });
        let found = running.found();
        ended.store(true, Relaxed);
        found
    });
    let why = found.why();
    assert!(why.contains("switched off: the probes took"), "{why}");
    assert!(why.contains("may take"), "{why}");
}
