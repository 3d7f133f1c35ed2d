//! A crate outside the workspace, from configuration to running program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A crate that depends on this repository's gtramp. `None` where there is only the package.
struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    fn new(name: &str) -> Option<Scratch> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
        let runtime = repository.join("runtime");
        if !runtime.join("Cargo.toml").is_file() {
            return None;
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::create_dir_all(folder.join(".cargo")).unwrap();
        let one = Scratch { folder };
        one.write(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"scratch\"\nedition = \"2024\"\n\n[dependencies]\ngtramp = {{ path = {runtime:?} }}\n\n[workspace]\n"
            ),
        );
        one.write(
            ".cargo/config.toml",
            "[env]\nGTRAMP_CONFIG = { value = \"gtramp.toml\", relative = true }\n",
        );
        // The versions that are on this machine already.
        fs::copy(repository.join("Cargo.lock"), one.folder.join("Cargo.lock")).unwrap();
        Some(one)
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.folder.join(file), text).unwrap();
    }

    fn cargo(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO"))
            .args(args)
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .env_remove("GTRAMP_CONFIG")
            .env_remove("RUSTFLAGS")
            .output()
            .unwrap()
    }

    /// Gives the crate a build script.
    fn with_build_script(&self, text: &str) {
        let codegen = Path::new(env!("CARGO_MANIFEST_DIR"));
        let manifest = fs::read_to_string(self.folder.join("Cargo.toml")).unwrap();
        let dependency =
            format!("[build-dependencies]\ngtramp-codegen = {{ path = {codegen:?} }}\n");
        self.write("Cargo.toml", &format!("{manifest}\n{dependency}"));
        self.write("build.rs", text);
    }

    #[track_caller]
    fn run(&self) -> String {
        let output = self.cargo(&["run", "--offline", "--quiet"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn gtramp(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_cargo-gtramp"))
            .arg("gtramp")
            .args(args)
            .current_dir(&self.folder)
            .env_remove("GTRAMP_CONFIG")
            .output()
            .unwrap()
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        let output = self.gtramp(args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// A program whose largest function takes `args` arguments, and that says how often it saw it.
fn program(args: usize) -> String {
    let list = |item: &dyn Fn(usize) -> String| (0..args).map(item).collect::<Vec<_>>().join(", ");
    let params = list(&|i| format!("a{i}: u64"));
    let sum = list(&|i| format!("a{i}")).replace(", ", " + ");
    let values = list(&|i| format!("{i}"));
    format!(
        r#"
use std::sync::atomic::{{AtomicUsize, Ordering}};
use gtramp::{{Entry, fentry, traceable}};

static HITS: AtomicUsize = AtomicUsize::new(0);

#[traceable]
fn largest({params}) -> u64 {{ {sum} }}

struct Stack<T>(Vec<T>);

#[traceable]
impl<T: Clone> Stack<T> {{
    fn push(&mut self, item: T) -> usize {{ self.0.push(item); self.0.len() }}
    fn all(&self) -> Vec<T> {{ self.0.clone() }}
}}

mod inner {{
    #[gtramp::traceable]
    pub fn text(of: &str) -> String {{ of.to_owned() }}
}}

#[fentry("scratch::**")]
fn count(_: &Entry) {{ HITS.fetch_add(1, Ordering::Relaxed); }}

fn main() {{
    let mut numbers = Stack(vec![1_u8]);
    let mut texts = Stack(vec!["a"]);
    let link = count::attach().unwrap();
    let sum = largest({values});
    numbers.push(2);
    texts.push("b");
    println!("{{sum}} {{:?}} {{:?}} {{}}", numbers.all(), texts.all(), inner::text("c"));
    drop(link);
    println!("{{}} hits", HITS.load(Ordering::Relaxed));
}}
"#
    )
}

#[test]
fn the_configuration_reaches_the_build_and_the_built_program_tells_its_sites() {
    let Some(scratch) = Scratch::new("scratch") else {
        return;
    };
    scratch.write("gtramp.toml", "max-args = 20\n");
    scratch.write("src/main.rs", &program(20));
    assert_eq!(
        scratch.run(),
        "190 [1, 2] [\"a\", \"b\"] c\n6 hits\n",
        "twenty arguments are traced"
    );

    let plan = scratch.json(&["plan", "--json"]);
    let sites = scratch.json(&["sites", "--json", "target/debug/scratch"]);
    let keys = |rows: &Value| -> BTreeSet<(String, String, u64)> {
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        let rows = rows.as_array().unwrap().iter();
        // The example that `init` writes below is another program.
        rows.map(|row| (text(row, "path"), text(row, "file"), row["line"].as_u64().unwrap()))
            .filter(|(_, file, _)| file.starts_with("src/"))
            .collect()
    };
    assert_eq!(keys(&plan["workspace"]["functions"]), keys(&sites));
    assert_eq!(sites.as_array().unwrap().len(), 6, "two instances of each method");
    assert!(scratch.gtramp(&["check"]).status.success());

    // A needed shape is taken away.
    scratch.write("gtramp.toml", "max-args = 19\n");
    let check = scratch.gtramp(&["check"]);
    let text = String::from_utf8(check.stdout).unwrap();
    assert!(!check.status.success());
    assert!(
        text.contains("scratch::largest (src/main.rs:8) takes 20 arguments; callers are configured for 0 to 19"),
        "{text}"
    );
    let build = scratch.cargo(&["build", "--offline"]);
    let text = String::from_utf8(build.stderr).unwrap();
    assert!(!build.status.success());
    assert!(
        text.contains("functions with 20 arguments cannot be traced")
            && text.contains("set `max-args` (or `args`) in the gtramp.toml"),
        "{text}"
    );

    // Exactly what is needed, and a wrong word.
    assert!(scratch.gtramp(&["plan", "--write"]).status.success());
    assert_eq!(scratch.run().lines().last(), Some("6 hits"));
    // The example that `init` writes runs.
    assert!(scratch.gtramp(&["init", "--yes"]).status.success());
    let example = scratch.cargo(&["run", "--offline", "--quiet", "--example", "traced"]);
    let text = String::from_utf8(example.stdout).unwrap();
    assert_eq!(text, "traced::greet: somebody watches, 2 times\n");

    // Other settings, the same program.
    for setting in
        ["entry = \"slot\"", "kinds = [\"fentry\"]\nsleepable = false\nlookup = \"hash\""]
    {
        scratch.write("gtramp.toml", &format!("max-args = 20\n{setting}\n"));
        assert_eq!(scratch.run().lines().last(), Some("6 hits"), "{setting}");
    }
    scratch.write("gtramp.toml", "max-args = many\n");
    let build = scratch.cargo(&["build", "--offline"]);
    let text = String::from_utf8(build.stderr).unwrap();
    assert!(text.contains("gtramp.toml:1: text is written in quotes: \"many\""), "{text}");
}

#[test]
fn callers_for_a_crates_own_probes_are_generated_included_and_found() {
    let Some(scratch) = Scratch::new("contributes") else {
        return;
    };
    scratch.with_build_script(
        r#"
fn main() -> Result<(), gtramp_codegen::Error> {
    gtramp_codegen::Variants::from_env()?.pair("crate::probes::begin", "crate::probes::end").generate()
}
"#,
    );
    scratch.write("gtramp.toml", "");
    scratch.write(
        "src/main.rs",
        r#"
gtramp::include_variants!();

mod probes {
    use std::cell::Cell;
    use gtramp::{Entry, Exit, fentry, fexit};

    thread_local! { pub static SEEN: Cell<u64> = const { Cell::new(0) }; }

    #[fentry]
    pub fn begin(_: &Entry<'_>, x: u64) { SEEN.set(SEEN.get() + x); }

    #[fexit]
    pub fn end(_: &Exit<'_>, _: u64, y: &u64) { SEEN.set(SEEN.get() + 100 * y); }
}

#[gtramp::traceable]
fn double(x: u64) -> u64 { 2 * x }

fn main() {
    let link = gtramp::site!(double).link().fentry(probes::begin).fexit(probes::end);
    let link = link.attach().unwrap();
    double(1);
    double(3);
    println!("{} {}", link.info().functions[0].caller, probes::SEEN.get());
}
"#,
    );
    assert_eq!(scratch.run(), "specialised_1 804\n");
    let program = fs::read(scratch.folder.join("target/debug/scratch")).unwrap();
    let program = object::File::parse(&program[..]).unwrap();
    let section = object::Object::section_by_name(&program, "gtramp_variants").unwrap();
    assert_eq!(object::ObjectSection::size(&section), 24, "one caller");

    scratch.write(
        "build.rs",
        r#"fn main() -> Result<(), String> {
    let variants = gtramp_codegen::Variants::from_env().unwrap().pair("f()", "g");
    variants.generate().map_err(|error| error.to_string())
}
"#,
    );
    let build = scratch.cargo(&["build", "--offline"]);
    let text = String::from_utf8(build.stderr).unwrap();
    assert!(text.contains("`f()` is not the path of a probe"), "{text}");
}
