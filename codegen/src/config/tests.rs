use std::path::Path;

use super::*;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(Path::new("gtramp.toml"), text).map_err(|error| error.to_string())
}

#[test]
fn an_empty_file_is_the_default() {
    assert_eq!(parse(""), Ok(Config::default()));
    assert_eq!(parse("\n# nothing\n  \r\n"), Ok(Config::default()));
}

#[test]
fn every_key_is_read() {
    let text = "
        args = [ 0, 2, # the pair
                 5, ]
        kinds = ['fexit']   # one
        sleepable = false
        lookup = \"hash\"
        entry = \"slot\"";
    let expected = Config {
        args: [0, 2, 5].into(),
        kinds: [Kind::Fexit].into(),
        sleepable: false,
        lookups: [Lookup::Hash].into(),
        entry: EntryMode::Slot,
    };
    assert_eq!(parse(text), Ok(expected));
}

#[test]
fn a_maximum_means_every_count_up_to_it() {
    assert_eq!(parse("max-args = 3").unwrap().args, [0, 1, 2, 3].into());
    assert_eq!(parse("max-args = 3\nargs = [1]").unwrap().args, [1].into());
}

#[test]
fn what_is_written_reads_back() {
    let texts = [
        "",
        "max-args = 20",
        "args = []",
        "args = [3, 1]\nkinds = []\nlookup = 'inline'",
        "entry='slot'\nsleepable=false",
    ];
    for text in texts {
        let config = parse(text).unwrap();
        assert_eq!(parse(&config.to_toml()), Ok(config));
    }
}

#[test]
fn shapes_follow_slots_and_kinds() {
    let config = parse("args = [0, 3]\nkinds = [\"fentry\"]\nsleepable = false").unwrap();
    let slots: Vec<_> = config.shapes().iter().map(|shape| shape.slots).collect();
    assert_eq!(slots, [0, 1, 3, 4]);
    assert!(config.shapes().iter().all(|shape| !shape.origin && !shape.sleepable));
    assert_eq!(Config::default().shapes().len(), 14 * 4);
}

#[test]
fn errors_name_the_line_and_what_is_allowed() {
    let cases = [
        (
            "max-arg = 3",
            "gtramp.toml:1: there is no key `max-arg`: the keys are `max-args`, `args`, `kinds`, `sleepable`, `lookup`, `entry`",
        ),
        (
            "\nmax-args = 33",
            "gtramp.toml:2: 33 arguments are too many: `max-args` goes from 0 to 32",
        ),
        (
            "max-args = \"3\"",
            "gtramp.toml:1: \"3\" is no argument count: `max-args` takes whole numbers from 0 to 32",
        ),
        ("max-args = -1", "gtramp.toml:1: text is written in quotes: \"-1\""),
        (
            "max-args = 99999999999999999999999",
            "gtramp.toml:1: `99999999999999999999999` is not a whole number",
        ),
        (
            "args = 3",
            "gtramp.toml:1: `args` takes an array of argument counts, like [0, 1, 2]; found 3",
        ),
        (
            "args = [\n 1,\n 40]",
            "gtramp.toml:3: 40 arguments are too many: `args` goes from 0 to 32",
        ),
        (
            "args = [4]\nmax-args = 2",
            "gtramp.toml:2: `args` has counts above the `max-args` of 2: leave one of the two out",
        ),
        ("args = [1 2]", "gtramp.toml:1: expected `,` or `]` in an array"),
        ("args = [1", "gtramp.toml:1: expected `,` or `]` in an array"),
        (
            "kinds = [\"kprobe\"]",
            "gtramp.toml:1: `kinds` takes an array of \"fentry\", \"fexit\", \"fmod_ret\"; found \"kprobe\"",
        ),
        (
            "lookup = \"tree\"",
            "gtramp.toml:1: `lookup` is \"inline\", \"hash\" or \"both\"; found \"tree\"",
        ),
        ("entry = slot", "gtramp.toml:1: text is written in quotes: \"slot\""),
        ("entry = true", "gtramp.toml:1: `entry` is \"patch\" or \"slot\"; found true"),
        ("sleepable = 1", "gtramp.toml:1: `sleepable` is true or false; found 1"),
        (
            "sleepable = true\nsleepable = true",
            "gtramp.toml:2: `sleepable` is already set in line 1",
        ),
        ("lookup = \"inl\nine\"", "gtramp.toml:1: the text that starts here has no closing \""),
        ("lookup = \"\\u0041\"", "gtramp.toml:1: no value here contains a backslash"),
        ("lookup", "gtramp.toml:1: expected `=` after `lookup`"),
        (
            "lookup = ",
            "gtramp.toml:1: expected a value: \"text\", a whole number, true, false or an [array]",
        ),
        ("sleepable = true false", "gtramp.toml:1: expected the end of the line, found `f`"),
        ("[callers]", "gtramp.toml:1: there are no tables here: expected `key = value`"),
        ("= 3", "gtramp.toml:1: expected `key = value`"),
        ("é = 3", "gtramp.toml:1: expected `key = value`"),
    ];
    for (text, message) in cases {
        assert_eq!(parse(text), Err(message.to_owned()), "for {text:?}");
    }
}

/// Found by comparison with a reader of all of TOML.
#[test]
fn what_is_no_toml_is_not_read_as_if_it_were() {
    for text in [
        "\r",
        "max-args = 1\r",
        "max-args = 07",
        "max-args = 1_",
        "max-args = 1__0",
        "# a\u{1}note",
        "lookup = 'hash\u{1}'",
    ] {
        assert!(parse(text).is_err(), "{text:?}");
    }
    assert_eq!(parse("max-args = 1_0\r\n# a\tnote").unwrap().max_args(), 10);
}

/// Reading one took a stack frame for each.
#[test]
fn arrays_in_arrays_are_refused_at_the_first() {
    for text in ["args = [[", "args = [1, [1, ["] {
        let error = parse(&format!("{text}{}", "[".repeat(100_000))).unwrap_err();
        assert!(error.contains("arrays of arrays"), "{error}");
    }
}
