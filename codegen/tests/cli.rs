//! `cargo gtramp` as a user meets it: help, listings and errors, compared with what is expected.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::expect_file;
use tempfile::TempDir;

/// A crate with traceable functions in all kinds of places.
struct Crate(TempDir);

impl Crate {
    fn new() -> Crate {
        let one = Crate(tempfile::tempdir().unwrap());
        one.write("Cargo.toml", "[package]\nname = \"bank\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[features]\nslow = []\n");
        one.write("src/lib.rs", include_str!("support/bank.rs"));
        one.write("src/vault.rs", "use super::Ledger;\n#[gtramp::traceable]\nimpl Ledger {\n    fn far(&self) {}\n}\nmod deep;\n");
        one.write("src/vault/deep.rs", "#[cfg_attr(all(), traceable)]\nfn below(_: u8) {}\n");
        one.write("src/elsewhere.rs", "#[traceable]\nfn moved() {}\n");
        one.write("src/broken.rs", "#[traceable]\nfn half( {\n");
        one
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Gives it the files that it lacks.
    fn mend(&self) {
        self.write("src/broken.rs", "");
        self.write("src/gone.rs", "");
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap()
    }

    /// Runs `cargo gtramp <line>` here; the exit code and what was printed, without the folder's name.
    fn run(&self, line: &str) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_cargo-gtramp"))
            .arg("gtramp")
            .args(line.split_whitespace())
            .current_dir(self.path())
            .env_remove("GTRAMP_CONFIG")
            .env_remove("CARGO_TARGET_DIR")
            .env("COLUMNS", "100")
            .output()
            .unwrap();
        let real = fs::canonicalize(self.path()).unwrap();
        let text = |bytes: &[u8]| {
            String::from_utf8(bytes.to_vec()).unwrap().replace(real.to_str().unwrap(), "[folder]")
        };
        format!(
            "$ cargo gtramp {line}\n{}{}[exit {}]\n",
            text(&output.stdout),
            text(&output.stderr),
            output.status.code().unwrap()
        )
    }

    fn expect(&self, name: &str, lines: &[&str]) {
        let text: Vec<_> = lines.iter().map(|line| self.run(line)).collect();
        expect_file(&format!("cli/{name}.txt"), &text.join("\n"));
    }
}

#[test]
fn help_is_as_expected() {
    let commands = ["plan", "gen", "expand", "variants", "sites", "check", "init"];
    let lines: Vec<_> = commands.map(|command| format!("{command} --help")).into_iter().collect();
    let mut all = vec!["--help"];
    all.extend(lines.iter().map(String::as_str));
    // The default architecture is that of the machine.
    if cfg!(target_arch = "x86_64") {
        Crate::new().expect("help", &all);
    }
}

#[test]
fn plan_finds_functions_wherever_they_are() {
    Crate::new().expect("plan", &["plan", "plan --json"]);
}

#[test]
fn plan_writes_what_is_needed_and_check_holds_it_to_that() {
    let bank = Crate::new();
    bank.mend();
    bank.expect("write", &["check", "plan --write", "check"]);
    assert!(bank.read("gtramp.toml").ends_with("args = [0, 1, 2, 4]\n"));
    // A function with an argument more than any other.
    bank.write(
        "src/elsewhere.rs",
        "#[traceable]\nfn moved(_: [u8; 9], _: (), _: (), _: (), _: ()) {}\n",
    );
    bank.expect("missing", &["plan", "check", "check --json"]);
    // No function without arguments any more.
    bank.write("src/lib.rs", "#[traceable]\nfn one(_: u8) {}\n");
    bank.expect("stale", &["check", "plan --write", "check"]);
}

#[test]
fn check_tells_which_functions_the_attribute_refuses() {
    let bank = Crate::new();
    bank.mend();
    bank.write(
        "src/elsewhere.rs",
        "#[traceable]
const fn constant() {}
#[traceable]
impl Ledger {
    async fn later(&self) {}
    #[traceable(skip)]
    const fn left_out(&self) {}
    fn conditional(#[cfg(unix)] _: u8) {}
    fn traced(&self) {}
}
#[traceable]
unsafe extern \"C\" fn variadic(_: u8, ...) {}
#[traceable]
#[unsafe(naked)]
extern \"C\" fn naked() {}
trait Asks {
    #[traceable]
    fn asked(&self);
}
#[traceable]
trait AsksInside {
    #[traceable]
    fn asked(&self);
}
",
    );
    bank.expect("refused", &["check", "check --json"]);
}

#[test]
fn the_configuration_is_found_where_cargo_finds_it() {
    let bank = Crate::new();
    bank.write(
        ".cargo/config.toml",
        "[env]\nGTRAMP_CONFIG = { value = \"etc/callers.toml\", relative = true }\n",
    );
    bank.write("etc/callers.toml", "max-args = 3\n");
    assert!(bank.run("plan").contains("configured by [folder]/etc/callers.toml: 0 to 3 arguments"));
    bank.write("other.toml", "args = [7]");
    assert!(bank.run("plan --config other.toml").contains("configured by other.toml: 7 arguments"));
    bank.write("etc/callers.toml", "\nmax-arguments = 3\n");
    bank.expect("config", &["plan", "plan --config nowhere.toml"]);
}

#[test]
fn generated_text_can_be_kept_and_is_checked() {
    let bank = Crate::new();
    bank.mend();
    bank.write("gtramp.toml", "args = [0, 1, 2, 4]\nlookup = \"inline\"\n");
    bank.expect(
        "gen",
        &[
            "gen --out kept --target x86_64-unknown-linux-gnu",
            "gen --out kept --target x86_64-unknown-linux-gnu",
            "check --vendored kept --target x86_64-unknown-linux-gnu",
        ],
    );
    let callers = bank.read("kept/callers.rs");
    assert!(callers.contains("fn caller_5_origin()") && !callers.contains("_hash"));
    assert!(bank.run("expand callers --target x86_64").contains(&callers));
    bank.write("gtramp.toml", "args = [0, 1, 2, 4]\nlookup = \"hash\"\n");
    bank.expect("gen-stale", &["check --vendored kept --target x86_64-unknown-linux-gnu"]);
}

#[test]
fn a_target_without_stubs_is_said_to_be_one() {
    Crate::new().expect("no-stubs", &["expand table --target riscv64gc-unknown-linux-gnu"]);
}

#[test]
fn programs_without_sites_are_said_to_have_none() {
    let bank = Crate::new();
    fs::copy("/bin/true", bank.path().join("true")).unwrap();
    bank.write("text", "no program");
    bank.expect(
        "no-sites",
        &[
            "sites true",
            "variants true",
            "sites text",
            "sites nothing",
            "sites true text",
            "sites --diff true",
            "variants text",
            "variants nothing",
        ],
    );
}

#[test]
fn what_is_no_command_is_answered_with_what_there_is() {
    Crate::new().expect(
        "usage",
        &[
            "",
            "trace",
            "plan --everything",
            "gen",
            "expand all",
            "variants",
            "sites",
            "init --dry-run --yes",
            "--color sometimes plan",
            "--version",
        ],
    );
}

#[test]
fn a_wrong_configuration_is_shown_by_every_command_that_reads_it() {
    let bank = Crate::new();
    bank.mend();
    bank.write("gtramp.toml", "# mine\nmax-args = 40\n");
    bank.expect(
        "wrong-config",
        &["plan", "plan --write", "check", "gen --out kept", "expand table", "expand --config /"],
    );
    bank.write("gtramp.toml", "lookup = \"tree\"\n");
    bank.expect("wrong-value", &["check"]);
    assert!(!bank.path().join("kept").exists(), "nothing was written");
}

#[test]
fn more_arguments_than_any_configuration_allows_are_said_to_be_too_many() {
    let bank = Crate::new();
    let params = "_: u8, ".repeat(33);
    bank.write("src/lib.rs", &format!("#[traceable]\nfn much({params}) {{}}\n"));
    bank.expect("too-many", &["plan", "check"]);
}

#[test]
fn files_that_cannot_be_written_are_named() {
    let bank = Crate::new();
    bank.mend();
    bank.write("file", "");
    bank.write("kept/table.rs/in-its-place", "");
    bank.expect(
        "unwritable",
        &["gen --out file/below", "gen --out kept", "plan --write --config nowhere/gtramp.toml"],
    );
    bank.write(".cargo/config.toml", "[env]\nGTRAMP_CONFIG = \"nowhere/gtramp.toml\"\n");
    bank.expect("unwritable-plan", &["plan --write"]);
    bank.write("gtramp.toml/in-its-place", "");
    fs::remove_dir_all(bank.path().join(".cargo")).unwrap();
    bank.write(".cargo", "");
    bank.expect("unwritable-init", &["init --yes"]);
}

#[test]
fn files_that_were_not_read_fail_the_check() {
    Crate::new().expect("unread", &["check", "check --json", "check --vendored kept"]);
}

#[test]
fn init_leaves_alone_what_it_does_not_understand() {
    let bank = Crate::new();
    bank.write(".cargo/config.toml", "env = 3\n");
    bank.expect("init-env", &["init --yes"]);
    fs::write(bank.path().join(".cargo/config.toml"), "[env\n").unwrap();
    let text = bank.run("init --yes");
    assert!(text.contains("could not parse TOML configuration in `[folder]/.cargo"), "{text}");
    assert!(!bank.read("Cargo.toml").contains("gtramp"), "nothing was changed");
}

#[test]
fn unknown_packages_and_manifests_are_named() {
    Crate::new().expect("no-package", &["plan --package nobody", "check --package nobody"]);
    // What follows are cargo's own words.
    for line in
        ["plan --manifest-path nowhere/Cargo.toml", "init --manifest-path nowhere/Cargo.toml"]
    {
        let text = Crate::new().run(line);
        assert!(
            text.contains("error: cargo cannot tell what is in the workspace\n  because: "),
            "{text}"
        );
    }
}

#[test]
fn init_shows_its_changes_and_makes_them_once() {
    let bank = Crate::new();
    bank.expect("init", &["init --dry-run", "init", "init --yes --path ../gtramp", "init --yes"]);
    assert!(
        bank.read("Cargo.toml").contains("[dependencies]\ngtramp = { path = \"../gtramp\" }\n")
    );
    let text = bank.run("plan");
    assert!(
        text.contains("traced::greet") && text.contains("gtramp.toml: 0 to 12 arguments"),
        "{text}"
    );
}

#[test]
fn init_configures_the_workspace_and_not_the_member() {
    let bank = Crate::new();
    bank.write("Cargo.toml", "[workspace]\nmembers = [\"member\"]\nresolver = \"3\"\n");
    bank.write(
        "member/Cargo.toml",
        "# mine\n[package]\nname = \"member\"\nedition = \"2024\"\n\n[dependencies]\n",
    );
    bank.write("member/src/lib.rs", "");
    let text = bank.run("init --yes --manifest-path member/Cargo.toml");
    assert!(text.contains("wrote [folder]/.cargo/config.toml"), "{text}");
    assert!(bank.read("member/Cargo.toml").starts_with("# mine\n[package]"));
    assert!(PathBuf::from(bank.path()).join("member/examples/traced.rs").is_file());
}

#[test]
fn a_reader_that_stops_reading_is_no_crash() {
    let bank = Crate::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_cargo-gtramp"))
        .args(["gtramp", "expand"])
        .current_dir(bank.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(141), 0));
}
