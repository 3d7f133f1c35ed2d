//! A patch whose code comes from a shared library, which is unloaded while the program runs.

#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering::SeqCst};
use std::{fs, thread};

use gtramp::{replace, traceable};
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
    let source = folder.join(format!("fee_{factor}.rs"));
    let text = format!(
        "#[unsafe(no_mangle)] extern \"C\" fn fee(amount: u64) -> u64 {{ amount * {factor} }}"
    );
    fs::write(&source, text).unwrap();
    let library = folder.join(format!("libfee_{factor}.so"));
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
