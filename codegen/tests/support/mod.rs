//! What several tests share.
#![allow(dead_code, unreachable_pub, reason = "every test uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use gtramp_codegen::{Arch, Config, Files, Plan};

/// Fails unless `tests/expected/<name>` holds `text`; with `GTRAMP_BLESS=1` it is made to.
#[track_caller]
pub fn expect_file(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected").join(name);
    if env::var_os("GTRAMP_BLESS").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if expected == text {
        return;
    }
    let (line, (old, new)) = expected
        .lines()
        .chain([""])
        .zip(text.lines().chain([""]))
        .enumerate()
        .find(|(_, (old, new))| old != new)
        .unwrap_or((expected.lines().count(), ("(its end)", "(its end)")));
    panic!(
        "{} differs from line {}:\n  expected: {old}\n  rendered: {new}\nGTRAMP_BLESS=1 accepts what was rendered",
        path.display(),
        line + 1
    );
}

/// The configuration that `text` says.
#[track_caller]
pub fn config(text: &str) -> Config {
    Config::parse(Path::new("gtramp.toml"), text).unwrap()
}

/// The plan and its text for Linux on `arch`.
#[track_caller]
pub fn render(arch: &str, config: &Config) -> (Plan, Files) {
    let plan = Plan::new(&format!("{arch} linux"), Arch::named(arch), config);
    let files = Files::render(&plan).unwrap();
    (plan, files)
}

/// Numbers that look random and are the same in every run.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 33).unwrap() % bound
    }

    /// A configuration, small ones more often.
    pub fn config(&mut self) -> Config {
        use gtramp_codegen::Lookup;
        use gtramp_codegen::config::{EntryMode, Kind};
        let most = [3, 8, 14, 32][self.below(4)];
        let keep = 1 + self.below(3);
        Config {
            args: (0..=most).filter(|_| self.below(3) < keep).collect(),
            kinds: Kind::ALL.into_iter().filter(|_| self.below(2) == 0).collect(),
            sleepable: self.below(2) == 0,
            lookups: Lookup::ALL.into_iter().filter(|_| self.below(3) > 0).collect(),
            entry: EntryMode::ALL[self.below(2)],
        }
    }
}

/// Builds a program from the rendered text and the stand-ins for what the runtime defines, with a
/// traced function for every argument count and return size.
#[track_caller]
pub fn build(dir: &Path, files: &Files, plan: &Plan, optimised: bool) -> PathBuf {
    for (name, text) in files.named() {
        fs::write(dir.join(name), text).unwrap();
    }
    let mut source = include_str!("standins.rs").to_owned();
    source.push_str("fn samples() {\n");
    for n in plan.calls.iter().map(|call| call.args.len()) {
        let list = |item: &dyn Fn(usize) -> String| (0..n).map(item).collect::<Vec<_>>().join(", ");
        let args = list(&|i| format!("{i}_u64"));
        let params = list(&|i| format!("a{i}: u64"));
        let sum = (0..n).map(|i| format!("+ {} * a{i}", i + 1)).collect::<String>();
        let (ignored, shown) = (["_"].repeat(n + 1).join(", "), n + 2);
        let comma = if n > 0 { ", " } else { "" };
        source.push_str(&format!(
            "    check({n}, site::call_{n}({args}{comma}|{params}| -> u64 {{ 7 {sum} }}, |{ignored}| (const {{ &site::Source }}, [site::Shown; {shown}])));\n    \
                 check({n}, site::call_{n}({args}{comma}|{params}| -> [u64; 3] {{ [7 {sum}; 3] }}, |{ignored}| (const {{ &site::Source }}, [site::Shown; {shown}]))[2]);\n"
        ));
    }
    source.push_str("}\n");
    fs::write(dir.join("main.rs"), source).unwrap();
    let program = dir.join("program");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args([
            "--edition=2024",
            "--crate-name=standins",
            "--crate-type=bin",
            "-Dwarnings",
            "-Cdebuginfo=0",
        ])
        .args([if optimised { "-Copt-level=2" } else { "-Copt-level=0" }, "-o"])
        .arg(&program)
        .arg(dir.join("main.rs"))
        .env("OUT_DIR", dir)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
}
