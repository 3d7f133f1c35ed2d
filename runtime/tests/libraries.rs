//! Patches and probes whose code comes from shared libraries, which are unloaded while the program runs.

#![cfg(target_os = "linux")]

use std::any::{TypeId, type_name};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering::SeqCst};
use std::{fs, thread};

use gtramp::{Entry, Link, replace, site, traceable};
use libloading::Library;

type Fee = extern "C" fn(u64) -> u64;

#[traceable]
fn fee(amount: u64) -> u64 {
    amount / 100
}

/// The library's function, while one is loaded.
static LOADED: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

#[replace("**::fee")]
fn fee_of_the_library(amount: u64) -> u64 {
    let loaded = LOADED.load(SeqCst);
    // SAFETY: it was stored before the patch was applied, and the library stays until no call is in it.
    let loaded = unsafe { core::mem::transmute::<*mut (), Fee>(loaded) };
    loaded(amount)
}

/// Compiles a library whose `fee` takes the amount times `factor`.
fn build(folder: &Path, factor: u64) -> PathBuf {
    let text = format!(
        "#[unsafe(no_mangle)] extern \"C\" fn fee(amount: u64) -> u64 {{ amount * {factor} }}"
    );
    compile(folder, &format!("fee_{factor}"), &text)
}

fn compile(folder: &Path, name: &str, text: &str) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    let source = folder.join(format!("{name}.rs"));
    fs::write(&source, text).unwrap();
    let library = folder.join(format!("lib{name}.so"));
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition=2024", "--crate-type=cdylib", "-o"]).arg(&library).arg(&source);
    assert!(rustc.status().unwrap().success());
    library
}

fn is_mapped(library: &Path) -> bool {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    maps.contains(library.file_name().unwrap().to_str().unwrap())
}

#[test]
fn a_running_program_is_patched_out_of_one_library_and_then_out_of_another() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libraries");
    fs::create_dir_all(&folder).unwrap();
    let libraries = [3, 7].map(|factor| (factor, build(&folder, factor)));
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(SeqCst) {
                    let fee = fee(100);
                    assert!([1, 300, 700].contains(&fee), "{fee}");
                }
            });
        }
        for _ in 0..20 {
            for (factor, path) in &libraries {
                // SAFETY: it has no code that runs when it is loaded.
                let library = unsafe { Library::new(path) }.unwrap();
                // SAFETY: that is its type.
                let loaded = unsafe { library.get::<Fee>(b"fee") }.unwrap();
                LOADED.store(*loaded as *mut (), SeqCst);
                let patch = fee_of_the_library::apply().unwrap();
                assert_eq!(fee(100), 100 * factor);
                patch.revert_and_wait().unwrap();
                library.close().unwrap();
                assert!(!is_mapped(path));
                assert_eq!(fee(100), 1);
            }
        }
        stop.store(true, SeqCst);
    });
}

/// What the program and its probes share: how many calls there were, and whether the first may go on.
type Shared = [AtomicU64; 2];

/// A probe as a library has it. Beside it the library says which type it is.
type Counts = fn(&Shared, u64);

/// Its probe's first call waits. It has no thread-locals and no destructors, so it goes when it is closed.
const COUNTING: &str = r#"
    use std::any::{TypeId, type_name};
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

    #[unsafe(no_mangle)]
    fn count([calls, may_go_on]: &[AtomicU64; 2], _amount: u64) {
        if calls.fetch_add(1, SeqCst) == 0 {
            while may_go_on.load(SeqCst) == 0 {
                std::hint::spin_loop();
            }
        }
    }

    #[unsafe(no_mangle)]
    fn count_type() -> (TypeId, &'static str) {
        type Own = fn(&[AtomicU64; 2], u64);
        (TypeId::of::<Own>(), type_name::<Own>())
    }
"#;

/// The libraries that are loaded. Whoever uses something of one keeps it loaded.
#[derive(Default)]
struct Libraries(BTreeMap<String, Arc<Library>>);

impl Libraries {
    fn load(&mut self, name: &str, path: &Path) {
        // SAFETY: it has no code that runs when it is loaded.
        let library = unsafe { Library::new(path) }.unwrap();
        self.0.insert(name.to_owned(), Arc::new(library));
    }

    /// What a library has under a name, if it is a `T`: which the compiler says, on both sides.
    fn find<T: Copy + 'static>(
        &self,
        library: &str,
        name: &str,
    ) -> Result<(T, Arc<Library>), String> {
        let loaded = self.0.get(library).ok_or_else(|| format!("`{library}` is not loaded"))?;
        let none = |_| format!("`{library}` has no `{name}`");
        // SAFETY: whatever ends thus is such a function, in all libraries of this test.
        let ty = unsafe { loaded.get::<fn() -> (TypeId, &'static str)>(format!("{name}_type")) };
        let (ty, text) = ty.map_err(none)?();
        if ty != TypeId::of::<T>() {
            return Err(format!("`{name}` of `{library}` is {text}, not {}", type_name::<T>()));
        }
        // SAFETY: its type was just compared.
        let found = unsafe { loaded.get::<T>(name) }.map_err(none)?;
        Ok((*found, Arc::clone(loaded)))
    }
}

#[traceable]
fn toll(amount: u64) -> u64 {
    amount / 100
}

/// Attaches the probe that a library has under a name; its closure keeps the library.
fn attach(libraries: &Libraries, shared: &Arc<Shared>) -> Link {
    let (count, library) = libraries.find::<Counts>("counting", "count").unwrap();
    let shared = Arc::clone(shared);
    let probe = move |_: &Entry, amount: &u64| {
        let _ = &library;
        count(&shared, *amount);
    };
    site!(toll).fentry(probe).unwrap()
}

#[test]
fn a_library_of_probes_shares_state_with_the_program_and_is_unloaded_when_no_call_is_in_it() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("probes");
    let path = compile(&folder, "counting", COUNTING);
    let mut libraries = Libraries::default();
    for _ in 0..3 {
        libraries.load("counting", &path);
        let other = libraries.find::<fn(u64)>("counting", "count").unwrap_err();
        assert!(other.contains("`count` of `counting` is"), "{other}");
        assert!(libraries.find::<Counts>("counting", "counter").is_err());
        assert!(libraries.find::<Counts>("count", "count").is_err());

        let shared: Arc<Shared> = Arc::default();
        let link = attach(&libraries, &shared);
        // From here on the probe alone keeps it.
        libraries.0.clear();
        thread::scope(|scope| {
            let calls = || shared[0].load(SeqCst);
            let inside = scope.spawn(|| toll(100));
            while calls() == 0 {
                thread::yield_now();
            }
            toll(200);
            assert_eq!(calls(), 2);
            let detaching = scope.spawn(|| drop(link));
            // Until the function is without its probe.
            loop {
                let before = calls();
                toll(300);
                if calls() == before {
                    break;
                }
            }
            assert!(!detaching.is_finished() && is_mapped(&path));
            shared[1].store(1, SeqCst);
            assert_eq!(inside.join().unwrap(), 1);
            detaching.join().unwrap();
        });
        assert!(!is_mapped(&path));
        assert_eq!((toll(500), Arc::strong_count(&shared)), (5, 1));
    }
}
