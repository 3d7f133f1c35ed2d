//! Probes of a library that was compiled on its own: found by name, sharing what the program shares, and unloaded.

#![cfg(target_os = "linux")]

#[path = "../support/files.rs"]
mod files;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::{fs, thread};

use gtramp::{Error, Kind, ProbeLibrary, shared, traceable};
use libloading::Library;

use files::write;

#[derive(Debug)]
struct Denied;

#[traceable]
fn transfer(from: u32, amount: u64) -> Result<u64, Denied> {
    if from == 0 { Err(Denied) } else { Ok(amount / 100) }
}

const TRANSFER: &str = "probe_libraries::transfer";

/// The tests open a library of one name.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Builds both versions of the library; where they are.
fn build() -> [PathBuf; 2] {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("audit");
    let gtramp = env!("CARGO_MANIFEST_DIR");
    let manifest = format!(
        "[package]\nname = \"audit\"\nedition = \"2024\"\n\n[lib]\ncrate-type = [\"cdylib\"]\n\n\
         [features]\nsecond = []\n\n[dependencies]\ngtramp = {{ path = {gtramp:?} }}\n\n[workspace]\n"
    );
    write(&folder.join("Cargo.toml"), &manifest);
    write(&folder.join("src/lib.rs"), include_str!("audit.rs"));
    let lock = folder.join("Cargo.lock");
    if !lock.exists() {
        fs::copy(Path::new(gtramp).join("../Cargo.lock"), lock).unwrap();
    }
    // As the other programs are built, which share the crates below.
    let (target, triple) = (folder.join("../builds/target"), "x86_64-unknown-linux-gnu");
    ["", "second"].map(|features| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(&folder).env("CARGO_TARGET_DIR", &target);
        for inherited in
            ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "GTRAMP_CONFIG"]
        {
            cargo.env_remove(inherited);
        }
        let args = ["build", "--offline", "--quiet", "--target", triple, "--features", features];
        let output = cargo.args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let built = folder.join(format!("libaudit{features}.so"));
        fs::copy(target.join(triple).join("debug/libaudit.so"), &built).unwrap();
        built
    })
}

fn versions() -> &'static [PathBuf; 2] {
    static BUILT: OnceLock<[PathBuf; 2]> = OnceLock::new();
    BUILT.get_or_init(build)
}

fn open(path: &Path) -> Result<ProbeLibrary, Error> {
    // SAFETY: it has no code that runs when it is loaded.
    let library = unsafe { Library::new(path) }.unwrap();
    // SAFETY: that is its type.
    let start = *unsafe { library.get(ProbeLibrary::SYMBOL) }.unwrap();
    // SAFETY: `probe_library!` has made it, and it stays while `library` lives.
    unsafe { ProbeLibrary::open(start, library) }
}

/// Whether its code is there. The library's own standard library may map its file once more, to print a backtrace, and
/// leave that behind.
fn is_mapped(library: &Path) -> bool {
    let (maps, name) = (fs::read_to_string("/proc/self/maps").unwrap(), library.file_name());
    let name = name.unwrap().to_str().unwrap();
    maps.lines().any(|mapping| mapping.contains(name) && mapping.contains(" r-xp "))
}

#[test]
fn probes_of_a_library_count_where_the_program_looks_and_its_next_version_goes_on() {
    let _alone = alone();
    let hits = shared::<AtomicU64>("audit", "hits").unwrap();
    for round in 0..20 {
        hits.store(0, SeqCst);
        for (path, after) in versions().iter().zip([2, 22]) {
            let opened = open(path).unwrap();
            // Whoever knows the two names finds it.
            let found = gtramp::library("audit").unwrap();
            let link = gtramp::link()
                .functions(TRANSFER)
                .fentry(found.entry("count").unwrap())
                .fexit(found.exit("count").unwrap())
                .attach()
                .unwrap();
            transfer(1, 500).unwrap();
            assert_eq!(hits.load(SeqCst), after, "in round {round}");
            drop((link, found));
            opened.unload().unwrap();
            assert!(!is_mapped(path), "in round {round}");
            transfer(1, 500).unwrap();
            assert_eq!(hits.load(SeqCst), after, "in round {round}");
        }
    }
}

#[test]
fn a_library_is_unloaded_when_no_call_is_in_its_probes_any_more() {
    let _alone = alone();
    let [is_inside, may_go] =
        ["is inside", "may go"].map(|name| shared::<AtomicBool>("audit", name).unwrap());
    for path in versions() {
        is_inside.store(false, SeqCst);
        may_go.store(false, SeqCst);
        let library = open(path).unwrap();
        let link = gtramp::fentry(TRANSFER, library.entry("hold").unwrap()).unwrap();
        thread::scope(|scope| {
            let caller = scope.spawn(|| transfer(1, 500).unwrap());
            while !is_inside.load(SeqCst) {
                thread::yield_now();
            }
            let unloading = scope.spawn(|| {
                drop(link);
                library.unload()
            });
            // As long as anybody cares to look.
            for _ in 0..1000 {
                thread::yield_now();
            }
            let (was_waiting, was_mapped) = (!unloading.is_finished(), is_mapped(path));
            may_go.store(true, SeqCst);
            unloading.join().unwrap().unwrap();
            assert!(was_waiting && was_mapped);
            assert_eq!(caller.join().unwrap(), 5);
        });
        assert!(!is_mapped(path));
    }
}

#[test]
fn a_probe_of_a_library_sees_the_call_as_the_program_shows_it() {
    let _alone = alone();
    let text = || {
        let bytes = shared::<[AtomicU8; 256]>("audit", "note").unwrap();
        let bytes = bytes.iter().map(|byte| byte.load(SeqCst));
        String::from_utf8(bytes.take_while(|&byte| byte != 0).collect()).unwrap()
    };
    let library = open(&versions()[0]).unwrap();
    for _ in 0..2 {
        let link = gtramp::link().functions(TRANSFER).cookie(7);
        let link = link.fentry(library.entry("note").unwrap()).attach().unwrap();
        transfer(1, 500).unwrap();
        drop(link);
        assert_eq!(
            text(),
            "probe_libraries::transfer 7 transfer(from=1, amount=500) Some(500) None None false false"
        );
        let link = gtramp::fexit(TRANSFER, library.exit("note").unwrap()).unwrap();
        transfer(0, 500).unwrap_err();
        drop(link);
        assert_eq!(
            text(),
            "probe_libraries::transfer 0 transfer(from=0, amount=500) -> Err(Denied) Some(500) None None \
             true true"
        );
    }
    library.unload().unwrap();
}

#[test]
fn a_panic_of_a_librarys_probe_is_one_of_a_probe() {
    let _alone = alone();
    let library = open(&versions()[0]).unwrap();
    // The system keeps a library for as long as a thread has thread-locals of it that are to be dropped, and one that has
    // panicked has some.
    let calls = || {
        for _ in 0..2 {
            let link = gtramp::fentry(TRANSFER, library.entry("fail").unwrap()).unwrap();
            assert_eq!(transfer(1, 500).unwrap(), 5);
            assert_eq!(transfer(1, 500).unwrap(), 5);
            assert!(link.info().to_string().contains("of the library"), "{}", link.info());
        }
    };
    thread::scope(|scope| scope.spawn(calls).join().unwrap());
    library.unload().unwrap();
    assert!(!is_mapped(&versions()[0]));
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    let _alone = alone();
    let [first, second] = versions();
    let error = gtramp::library("audit").unwrap_err();
    assert!(matches!(error, Error::NoSuchLibrary { .. }));
    assert_eq!(error.to_string(), "no library `audit` is open; ProbeLibrary::open opens one");

    let library = open(first).unwrap();
    assert_eq!(library.name(), "audit");
    assert!(library.probes().any(|probe| probe == ("hold", Kind::Fentry)));
    assert_eq!(
        gtramp::library("audti").unwrap_err().to_string(),
        "no library `audti` is open, but these are: `audit`"
    );
    assert_eq!(
        library.exit("hold").unwrap_err().to_string(),
        "library `audit` has no fexit probe `hold`, but count (fentry), hold (fentry), note (fentry), \
         fail (fentry), count (fexit), note (fexit)"
    );
    let error = open(second).unwrap_err();
    assert!(matches!(error, Error::LibraryOpen { .. }));
    assert!(!is_mapped(second), "its owner is dropped");

    let link = gtramp::fentry(TRANSFER, library.entry("count").unwrap()).unwrap();
    let error = library.unload().unwrap_err();
    assert!(matches!(error, Error::LibraryInUse { .. }));
    assert!(error.to_string().contains("in use by 1 probe"), "{error}");
    transfer(1, 500).unwrap();
    assert!(is_mapped(first));
    drop(link);
    assert!(!is_mapped(first), "it was the last that held it");
}

#[test]
fn what_a_library_shares_is_of_one_type_for_all() {
    let _alone = alone();
    // The program is first, and takes it for something else.
    let library = open(&versions()[0]).unwrap();
    shared::<AtomicU64>("audit", "hits").unwrap();
    let error = shared::<AtomicU32>("audit", "hits").unwrap_err();
    assert!(matches!(error, Error::OtherShared { .. }));
    assert!(error.to_string().contains("AtomicU64"), "{error}");
    library.unload().unwrap();
}
