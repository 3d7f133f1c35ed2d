//! Programs built in other ways than the tests: several crates, optimised, stripped, without
//! unwinding, by several linkers, and with tracing switched off.
//!
//! The fixture is four crates in a folder of the target directory. All builds share the build
//! scripts and macros, and those that differ in nothing but the linker share all crates but the
//! program itself.

#[path = "../support/files.rs"]
mod files;
mod plugin;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use object::{Object as _, ObjectSymbol as _};

use files::write;

/// What is built, and how.
struct Build {
    /// Settings of the profile, as cargo takes them from the environment.
    profile: &'static [(&'static str, &'static str)],
    /// Flags for the program alone.
    link: &'static [&'static str],
    /// Whether tracing is switched on.
    enabled: bool,
}

const DEBUG: &[(&str, &str)] = &[];

/// What `--release` means.
const RELEASE: &[(&str, &str)] = &[
    ("OPT_LEVEL", "3"),
    ("DEBUG", "false"),
    ("DEBUG_ASSERTIONS", "false"),
    ("OVERFLOW_CHECKS", "false"),
    ("INCREMENTAL", "false"),
    ("CODEGEN_UNITS", "16"),
];

/// As small as it gets.
const TIGHT: &[(&str, &str)] = &[
    ("OPT_LEVEL", "3"),
    ("DEBUG", "false"),
    ("DEBUG_ASSERTIONS", "false"),
    ("OVERFLOW_CHECKS", "false"),
    ("INCREMENTAL", "false"),
    ("LTO", "fat"),
    ("CODEGEN_UNITS", "1"),
    ("STRIP", "true"),
    ("PANIC", "abort"),
];

/// The linker that the C compiler calls by itself.
const GNU_LD: &[&str] = &["-Clinker-features=-lld"];

/// Writes the fixture, and says where.
fn fixture() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("builds");
    let gtramp = env!("CARGO_MANIFEST_DIR");
    let gtramp = format!("gtramp = {{ path = {gtramp:?}, default-features = false }}");
    let package = |name: &str, rest: &str| {
        format!("[package]\nname = {name:?}\nedition = \"2024\"\n\n{rest}\n")
    };
    let shared = format!("[dependencies]\n{gtramp}\n");
    let side = "[dependencies]\nshared.path = \"../shared\"\n";
    let program = format!(
        "[features]\nenabled = [\"gtramp/enabled\"]\n\n[dependencies]\n{gtramp}\n\
         shared.path = \"shared\"\nleft.path = \"left\"\nright.path = \"right\"\n\n[workspace]\n"
    );
    write(&folder.join("Cargo.toml"), &package("program", &program));
    write(&folder.join("shared/Cargo.toml"), &package("shared", &shared));
    write(&folder.join("src/main.rs"), include_str!("fixture/program.rs"));
    write(&folder.join("shared/src/lib.rs"), include_str!("fixture/shared.rs"));
    for name in ["left", "right"] {
        write(&folder.join(name).join("Cargo.toml"), &package(name, side));
        write(&folder.join(name).join("src/lib.rs"), include_str!("fixture/side.rs"));
    }
    // The versions that are on this machine already.
    let lock = folder.join("Cargo.lock");
    if !lock.exists() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        fs::copy(workspace, lock).unwrap();
    }
    folder
}

/// Cargo in a folder of the fixture, as no setting of whoever runs the tests changes it.
fn cargo(folder: &Path, target: &Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(folder).env("CARGO_TARGET_DIR", target);
    for inherited in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "GTRAMP_CONFIG"]
    {
        cargo.env_remove(inherited);
    }
    cargo
}

/// A built and finished program.
struct Ran {
    /// What it printed.
    out: String,
    /// The program file.
    file: Vec<u8>,
}

impl Build {
    /// Builds the program and runs it.
    #[track_caller]
    fn run(&self) -> Ran {
        self.run_with(&[])
    }

    /// The same, with more arguments.
    #[track_caller]
    fn run_with(&self, args: &[&str]) -> Ran {
        // All builds put the program at the same place.
        static ALONE: Mutex<()> = Mutex::new(());
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);

        let target = "x86_64-unknown-linux-gnu";
        let folder = fixture();
        let mut cargo = cargo(&folder, &folder.join("target"));
        // With a target, flags and profiles are not for build scripts and macros.
        cargo.args(["rustc", "--offline", "--quiet", "--target", target]);
        for (setting, value) in self.profile {
            cargo.env(format!("CARGO_PROFILE_DEV_{setting}"), value);
        }
        if self.enabled {
            cargo.args(["--features", "enabled"]);
        }
        let output = cargo.arg("--").args(self.link).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

        let program = folder.join("target").join(target).join("debug/program");
        let output = Command::new(&program)
            .arg(if self.enabled { "enabled" } else { "off" })
            .args(args)
            .output()
            .unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{out}\n{errors}", output.status);
        Ran { out, file: fs::read(program).unwrap() }
    }
}

impl Ran {
    /// How many sites the function has, as the program says.
    #[track_caller]
    fn sites(&self, function: &str) -> usize {
        let mut lines = self.out.lines().filter_map(|line| line.strip_prefix(function));
        let line = lines.next().unwrap_or_else(|| panic!("no {function} in\n{}", self.out));
        assert_eq!(lines.next(), None, "{function} is one function:\n{}", self.out);
        line.trim().parse().unwrap()
    }

    /// The symbol under which the code is where the body of this function ran, as the program says.
    #[track_caller]
    fn symbol(&self, function: &str) -> String {
        let file = object::File::parse(&*self.file).unwrap();
        let anchor = file.symbol_by_name("program_anchor").unwrap().address();
        let mut lines = self.out.lines().filter_map(|line| line.strip_prefix(function));
        let line = lines.next().unwrap_or_else(|| panic!("no {function} in\n{}", self.out));
        let place = anchor.wrapping_add_signed(line.trim().parse().unwrap());
        let covers = |symbol: &object::Symbol| {
            (symbol.address()..symbol.address() + symbol.size()).contains(&place)
        };
        let symbol = file.symbols().find(covers).unwrap();
        symbol.name().unwrap().to_owned()
    }

    fn contains(&self, text: &str) -> bool {
        self.file.windows(text.len()).any(|window| window == text.as_bytes())
    }

    fn is_linked_by_lld(&self) -> bool {
        self.contains("Linker: LLD")
    }

    #[track_caller]
    fn is_complete(&self) {
        assert!(self.out.ends_with("done\n"), "{}", self.out);
        for function in
            ["shared::twice", "shared::pick<u64>", "shared::Keeper<u8>::keep", "program::own"]
        {
            assert!(self.sites(function) >= 1);
        }
    }
}

impl Ran {
    /// Neither `left` nor `right` knows that the other has made the function, too.
    #[track_caller]
    fn has_a_site_in_each_crate(&self) {
        assert!(self.sites("shared::twice") >= 2, "{}", self.out);
        assert!(self.sites("shared::pick<u64>") >= 2, "{}", self.out);
        assert_eq!(self.sites("program::own"), 1);
    }
}

/// Since 1.90 the compiler brings the linker that it calls; the one it called before is a choice.
fn has_lld() -> bool {
    let output = Command::new("rustc").arg("--version").output().unwrap();
    let version = String::from_utf8(output.stdout).unwrap();
    let minor = version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
    minor.is_some_and(|minor| minor >= 90)
}

#[test]
fn a_debug_build_lists_and_traces_its_sites_with_the_default_linker() {
    let ran = Build { profile: DEBUG, link: &[], enabled: true }.run();
    ran.is_complete();
    assert_eq!(ran.is_linked_by_lld(), has_lld());
}

#[test]
fn a_debug_build_lists_and_traces_its_sites_with_gnu_ld() {
    if has_lld() {
        let ran = Build { profile: DEBUG, link: GNU_LD, enabled: true }.run();
        ran.is_complete();
        assert!(!ran.is_linked_by_lld());
    }
}

#[test]
fn a_function_that_two_crates_instantiate_is_one_function_with_two_sites_in_release() {
    let ran = Build { profile: RELEASE, link: &[], enabled: true }.run();
    ran.is_complete();
    assert_eq!(ran.is_linked_by_lld(), has_lld());
    ran.has_a_site_in_each_crate();
    assert_eq!(ran.sites("program::own"), 1);
}

#[test]
fn a_release_build_without_debug_information_has_bodies_under_their_functions_names() {
    let [plain, traced] = [false, true]
        .map(|enabled| Build { profile: RELEASE, link: &[], enabled }.run_with(&["places"]));
    // As either mangling writes it, whatever the hash.
    for (function, path) in [
        ("copied", "6places6copied"),
        ("moved", "6places5moved"),
        ("again", "6Method5again"),
        ("inlined", "6places6around"),
    ] {
        for ran in [&plain, &traced] {
            let symbol = ran.symbol(function);
            assert!(symbol.contains(path) && !symbol.contains("closure"), "{function}: {symbol}");
        }
    }
}

#[test]
fn a_release_build_lists_and_traces_its_sites_with_gnu_ld() {
    if has_lld() {
        let ran = Build { profile: RELEASE, link: GNU_LD, enabled: true }.run();
        ran.is_complete();
        assert!(!ran.is_linked_by_lld());
        ran.has_a_site_in_each_crate();
    }
}

#[test]
fn a_stripped_lto_build_that_aborts_lists_and_traces_its_sites() {
    let ran = Build { profile: TIGHT, link: &[], enabled: true }.run();
    ran.is_complete();
    assert!(!ran.contains(".symtab"), "it is stripped");
    if has_lld() {
        let ran = Build { profile: TIGHT, link: GNU_LD, enabled: true }.run();
        ran.is_complete();
        assert!(!ran.contains(".symtab"), "it is stripped");
    }
}

#[test]
fn a_build_by_mold_lists_and_traces_its_sites() {
    if Command::new("mold").arg("--version").output().is_err() {
        println!("mold is not installed");
        return;
    }
    const MOLD: &[&str] = &["-Clink-arg=-fuse-ld=mold"];
    for profile in [DEBUG, RELEASE] {
        Build { profile, link: MOLD, enabled: true }.run().is_complete();
    }
}

#[test]
fn with_tracing_switched_off_functions_run_as_written_and_none_is_listed() {
    for profile in [DEBUG, RELEASE] {
        let ran = Build { profile, link: &[], enabled: false }.run();
        assert_eq!(ran.out, "done\n");
    }
}
