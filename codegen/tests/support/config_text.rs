//! The reader of `gtramp.toml` against a reader of all of TOML: what one accepts the other accepts, and
//! they mean the same.

use std::collections::BTreeSet;
use std::path::Path;

use gtramp_codegen::{Config, Lookup};

/// Takes the bytes for a file, and again for a choice among fragments of files.
pub(crate) fn run(data: &[u8]) {
    if let Ok(text) = core::str::from_utf8(data) {
        compare(text);
    }
    let fragments = data.iter().map(|&byte| FRAGMENTS[usize::from(byte) % FRAGMENTS.len()]);
    compare(&fragments.collect::<String>());
}

const FRAGMENTS: [&str; 44] = [
    "max-args",
    "args",
    "kinds",
    "sleepable",
    "lookup",
    "entry",
    "=",
    " = ",
    "[",
    "]",
    ",",
    ", ",
    "\n",
    "\n",
    "\n",
    "\r\n",
    " ",
    "\t",
    "# note",
    "\"fentry\"",
    "\"fexit\"",
    "'fmod_ret'",
    "\"inline\"",
    "\"hash\"",
    "'both'",
    "\"patch\"",
    "\"slot\"",
    "true",
    "false",
    "0",
    "1",
    "7",
    "12",
    "32",
    "33",
    "07",
    "1_0",
    "_",
    "\"",
    "\\",
    "a",
    "\u{e9}",
    "\r",
    "\u{1}",
];

fn compare(text: &str) {
    let Ok(config) = Config::parse(Path::new("gtramp.toml"), text) else { return };
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => panic!("{text:?} is read, but it is no TOML: {error}"),
    };
    assert_eq!(config, meant(&table), "{text:?}");
    let again = Config::parse(Path::new("gtramp.toml"), &config.to_toml());
    assert_eq!(again.expect("what is written can be read"), config, "{text:?}");
}

/// What a file means that is known to be right.
fn meant(table: &toml::Table) -> Config {
    let mut config = Config::default();
    let count = |value: &toml::Value| {
        usize::try_from(value.as_integer().expect("a number")).expect("a count")
    };
    let text = |value: &toml::Value| value.as_str().expect("a text").to_owned();
    let array = |value: &toml::Value| value.as_array().expect("an array").clone();
    if let Some(most) = table.get("max-args") {
        config.args = (0..=count(most)).collect();
    }
    for (key, value) in table {
        match key.as_str() {
            "max-args" => {}
            "args" => config.args = array(value).iter().map(count).collect(),
            "kinds" => {
                let names: BTreeSet<String> = array(value).iter().map(text).collect();
                config.kinds = gtramp_codegen::config::Kind::ALL
                    .into_iter()
                    .filter(|kind| names.contains(kind.name()))
                    .collect();
                assert_eq!(config.kinds.len(), names.len());
            }
            "sleepable" => config.sleepable = value.as_bool().expect("true or false"),
            "lookup" => {
                config.lookups = match text(value).as_str() {
                    "inline" => [Lookup::Inline].into(),
                    "hash" => [Lookup::Hash].into(),
                    both => {
                        assert_eq!(both, "both");
                        Lookup::ALL.into()
                    }
                }
            }
            "entry" => {
                let modes = gtramp_codegen::config::EntryMode::ALL;
                let mode = modes.into_iter().find(|mode| mode.name() == text(value));
                config.entry = mode.expect("one of the two");
            }
            other => panic!("there is no key {other}"),
        }
    }
    config
}
