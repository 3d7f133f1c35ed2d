//! Selecting functions.

use gtramp::{Entry, Error, Selector, link, site, traceable};

use crate::support::function;

#[traceable]
mod town {
    pub(crate) fn mayor() {}

    pub(crate) fn same<T>(x: T) -> T {
        x
    }

    pub(crate) mod bank {
        pub(crate) fn open() {}
        pub(crate) fn close() {}

        pub(crate) struct Vault;

        impl Vault {
            pub(crate) fn open(&self) {}
            pub(crate) fn close(&self) {}
        }

        pub(crate) mod audit {
            pub(crate) fn log() {}
        }
    }

    pub(crate) mod baker {
        pub(crate) fn open() {}
    }
}

fn call_all() {
    town::mayor();
    assert_eq!(town::same(1_u8), 1);
    assert_eq!(town::same("a"), "a");
    town::bank::open();
    town::bank::close();
    town::bank::Vault.open();
    town::bank::Vault.close();
    town::bank::audit::log();
    town::baker::open();
}

/// What a selection names, without the crate and module of this test.
#[track_caller]
fn resolved(selector: impl Into<Selector>) -> Vec<String> {
    call_all();
    let selected = selector.into().resolve().unwrap();
    let short = |function: &&gtramp::Function| {
        function.instance().trim_start_matches("behaviour::selecting::town::").to_owned()
    };
    selected.iter().map(short).collect()
}

#[test]
fn an_exact_path_names_one_function_and_all_its_instantiations() {
    assert_eq!(resolved("behaviour::selecting::town::bank::open"), ["bank::open"]);
    assert_eq!(resolved("behaviour::selecting::town::bank::Vault::open"), ["bank::Vault::open"]);
    assert_eq!(resolved("behaviour::selecting::town::same"), ["same<&str>", "same<u8>"]);
}

#[test]
fn functions_at_hand_are_selected_once_each_in_the_order_of_the_listing() {
    call_all();
    let mut functions = Selector::from("behaviour::selecting::town::bank::**").resolve().unwrap();
    let listed = resolved(functions.clone());
    functions.reverse();
    functions.push(functions[0]);
    assert_eq!(resolved(functions.clone()), listed);
    let open = "!behaviour::selecting::town::bank::open";
    let others = resolved(Selector::from(functions.clone()).and(open));
    assert_eq!(others.len(), listed.len() - 1);
    assert_eq!(resolved(Selector::from(functions).and(open).and("**::bank::open")), listed);
}

#[test]
fn a_site_names_one_instantiation() {
    assert_eq!(resolved(site!(town::mayor)), ["mayor"]);
    assert_eq!(resolved(site!(town::same::<u8>)), ["same<u8>"]);
    assert_eq!(resolved(site!(town::same::<&str>)), ["same<&str>"]);
    assert_eq!(resolved(site!(town::bank::Vault::open)), ["bank::Vault::open"]);
    assert_eq!(
        resolved([Selector::from(site!(town::mayor)), "**::baker::*".into()]),
        ["baker::open", "mayor"]
    );
}

#[test]
fn globs_stay_in_a_segment_or_cross_them() {
    assert_eq!(resolved("behaviour::selecting::town::bank::*"), ["bank::close", "bank::open"]);
    assert_eq!(
        resolved("behaviour::selecting::town::bank::**"),
        [
            "bank::Vault::close",
            "bank::Vault::open",
            "bank::audit::log",
            "bank::close",
            "bank::open"
        ]
    );
    assert_eq!(
        resolved("behaviour::selecting::**::open"),
        ["baker::open", "bank::Vault::open", "bank::open"]
    );
    assert_eq!(resolved("**::town::ba[jk]er::open"), ["baker::open"]);
    assert_eq!(resolved("**::town::bak??::{open,close}"), ["baker::open"]);
}

#[test]
fn of_several_patterns_the_last_that_matches_decides() {
    let patterns = ["**::town::bank::**", "!**::town::bank::*", "**::town::bank::close"];
    assert_eq!(
        resolved(patterns),
        ["bank::Vault::close", "bank::Vault::open", "bank::audit::log", "bank::close"]
    );
    assert_eq!(resolved(["**::town::bank::*", "!**::close"]), ["bank::open"]);
    assert_eq!(resolved(["!**::close", "**::town::bank::*"]), ["bank::close", "bank::open"]);
    assert_eq!(
        resolved(vec![String::from("**::town::bank::*"), String::from("!**::no::such")]).len(),
        2
    );
    assert_eq!(resolved(&["**::town::mayor"][..]), ["mayor"]);
    assert_eq!(resolved(Selector::from("**::town::mayor").and("**::town::baker::*")).len(), 2);
}

#[test]
fn a_module_names_what_is_in_it_and_below() {
    assert_eq!(
        resolved(Selector::module("behaviour::selecting::town::bank")),
        [
            "bank::Vault::close",
            "bank::Vault::open",
            "bank::audit::log",
            "bank::close",
            "bank::open"
        ]
    );
    assert_eq!(
        resolved(Selector::module("behaviour::selecting::town").and("!**::bank::**")).len(),
        4
    );
}

#[test]
fn a_module_is_not_the_beginning_of_anothers_name() {
    call_all();
    let error = Selector::module("behaviour::selecting::town::ban").resolve().unwrap_err();
    assert!(
        matches!(&error, Error::NoMatch { pattern, .. } if pattern.contains("town::ban")),
        "{error}"
    );
}

#[test]
fn by_file_and_by_predicate() {
    let by_file = resolved(Selector::file("behaviour/selecting.rs"));
    assert_eq!(by_file.len(), 9, "{by_file:?}");
    assert_eq!(resolved(Selector::file("selecting.rs")), by_file);
    let strict = Selector::file("ecting.rs").resolve();
    assert!(matches!(strict, Err(Error::NoMatch { .. })), "components, not letters");
    let predicate = Selector::matching(|function| {
        function.module().contains("selecting")
            && function.argument_count() == 1
            && function.name() == "close"
    });
    assert_eq!(resolved(predicate), ["bank::Vault::close"]);
    assert_eq!(resolved(function("behaviour::selecting::town::mayor")), ["mayor"]);
}

#[test]
fn a_selection_is_attached_as_a_whole_and_only_it() {
    static SEEN: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    for _ in 0..2 {
        // Other tests call these functions too: count what this thread does.
        let this = std::thread::current().id();
        let link = link()
            .functions(["**::selecting::town::**", "!**::audit::*"])
            .fentry(move |ctx: &Entry| {
                if std::thread::current().id() == this {
                    SEEN.lock().unwrap().push(ctx.function().name().to_owned());
                }
            })
            .attach()
            .unwrap();
        call_all();
        assert_eq!(
            std::mem::take(&mut *SEEN.lock().unwrap()),
            ["mayor", "same", "same", "open", "close", "open", "close", "open"]
        );
        drop(link);
        call_all();
        assert!(SEEN.lock().unwrap().is_empty());
    }
}

#[test]
fn no_match_suggests_near_names() {
    call_all();
    let error =
        gtramp::fentry("behaviour::selecting::town::bank::opne", |_: &Entry| ()).unwrap_err();
    let Error::NoMatch { pattern, near, .. } = &error else { panic!("{error}") };
    assert_eq!(pattern, "behaviour::selecting::town::bank::opne");
    assert_eq!(near[0], "behaviour::selecting::town::bank::open");
    assert!(error.to_string().contains("behaviour::selecting::town::bank::open"), "{error}");

    let error = gtramp::fentry("completely_different", |_: &Entry| ()).unwrap_err();
    assert!(matches!(&error, Error::NoMatch { near, .. } if near.is_empty()), "{error}");
}

#[test]
fn everything_excluded_is_no_match_too() {
    call_all();
    let error = gtramp::fentry(["**::town::mayor", "!**::mayor"], |_: &Entry| ()).unwrap_err();
    assert!(matches!(&error, Error::NoMatch { .. }), "{error}");
    let error = gtramp::fentry("!**::mayor", |_: &Entry| ()).unwrap_err();
    assert!(matches!(&error, Error::NoMatch { .. }), "{error}");
}

#[test]
fn one_pattern_without_a_match_refuses_the_whole_selection() {
    call_all();
    let error = gtramp::fentry(["**::town::mayor", "**::no_such"], |_: &Entry| ()).unwrap_err();
    assert!(
        matches!(&error, Error::NoMatch { pattern, .. } if pattern == "**::no_such"),
        "{error}"
    );
}

#[test]
fn what_is_not_a_pattern_says_why() {
    for (pattern, reason) in [("a::[b", "unclosed"), ("", "empty"), ("!", "empty"), ("a/b", "`::`")]
    {
        let error = gtramp::fentry(pattern, |_: &Entry| ()).unwrap_err();
        assert!(matches!(&error, Error::BadPattern { .. }), "{pattern}: {error}");
        assert!(error.to_string().contains(reason), "{pattern}: {error}");
    }
}

#[test]
fn no_functions_and_no_probe_have_their_own_errors() {
    let error = link().fentry(|_: &Entry| ()).attach().unwrap_err();
    assert!(matches!(error, Error::NoFunctions), "{error}");
    let none: [&str; 0] = [];
    let error = gtramp::fentry(none, |_: &Entry| ()).unwrap_err();
    assert!(matches!(error, Error::NoFunctions), "{error}");
    let error = link().functions("**").attach().unwrap_err();
    assert!(matches!(error, Error::NoProbe), "{error}");
}

#[gtramp::fentry]
fn without_a_pattern(_: &Entry) {}

#[test]
fn an_attribute_without_a_pattern_needs_the_link_to_say() {
    call_all();
    let error = without_a_pattern::attach().unwrap_err();
    assert!(matches!(error, Error::NoFunctions), "{error}");
    let error = without_a_pattern::link().attach().unwrap_err();
    assert!(matches!(error, Error::NoFunctions), "{error}");
    for _ in 0..2 {
        drop(without_a_pattern::link().functions("**::town::mayor").attach().unwrap());
    }
}

fn not_traceable() {}

#[test]
fn a_site_of_a_function_that_is_not_traceable_says_so() {
    let error = site!(not_traceable).fentry(|_: &Entry| ()).unwrap_err();
    assert!(
        matches!(&error, Error::NotTraceable { function, .. } if function.ends_with("not_traceable")),
        "{error}"
    );
    not_traceable();
}

#[gtramp::fentry("crate::selecting::town::**", "!crate::selecting::town::bank::**")]
fn in_town(_: &Entry) {}

#[test]
fn crate_in_an_attribute_is_the_crate_that_wrote_it() {
    call_all();
    let link = in_town::attach().unwrap();
    let functions = link.info().functions;
    let paths: Vec<_> = functions.iter().map(|linked| linked.function.path()).collect();
    assert_eq!(
        paths,
        [
            "behaviour::selecting::town::baker::open",
            "behaviour::selecting::town::mayor",
            "behaviour::selecting::town::same",
            "behaviour::selecting::town::same",
        ]
    );
}

#[test]
fn a_pattern_that_matches_nothing_says_what_is_listed_and_what_crate_is_in_text() {
    let text = |pattern: &str| gtramp::fentry(pattern, |_: &Entry<'_>| {}).unwrap_err().to_string();
    let plain = text("behaviour::selecting::no_such_function_at_all");
    assert!(plain.contains("because something calls it"), "{plain}");
    assert!(!plain.contains("`crate`"), "{plain}");
    let with_crate = text("crate::selecting::no_such_function_at_all");
    assert!(with_crate.contains("`crate` is written as the crate's name"), "{with_crate}");
}
