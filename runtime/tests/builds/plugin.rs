//! A plugin with gtramp in it, which is loaded by a program that knows nothing of it, and closed.

use std::path::{Path, PathBuf};

use object::elf::{DF_STATIC_TLS, DT_FLAGS, PT_TLS};
use object::read::elf::{Dyn as _, ElfFile64, ProgramHeader as _};

use super::{cargo, write};

/// Builds the plugin and the program that loads it; where they are.
fn build() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugin");
    let gtramp = env!("CARGO_MANIFEST_DIR");
    let manifest = format!(
        "[package]\nname = \"plugin\"\nedition = \"2024\"\n\n[lib]\ncrate-type = [\"cdylib\"]\n\n\
         [dependencies]\ngtramp = {{ path = {gtramp:?} }}\n\n[workspace]\n"
    );
    write(&folder.join("Cargo.toml"), &manifest);
    write(&folder.join("src/lib.rs"), include_str!("fixture/plugin.rs"));
    write(&folder.join("src/main.rs"), include_str!("fixture/host.rs"));
    let lock = folder.join("Cargo.lock");
    if !lock.exists() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        std::fs::copy(workspace, lock).unwrap();
    }
    // As the other programs are built, which share the crates below.
    let (target, triple) = (folder.join("../builds/target"), "x86_64-unknown-linux-gnu");
    let mut cargo = cargo(&folder, &target);
    let output =
        cargo.args(["build", "--offline", "--quiet", "--target", triple]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    target.join(triple).join("debug")
}

#[test]
fn a_plugin_is_loaded_and_closed_a_hundred_times_while_threads_that_ran_its_probes_live_on() {
    let built = build();
    let host = std::process::Command::new(built.join("plugin"))
        .arg(built.join("libplugin.so"))
        .output()
        .unwrap();
    let (out, errors) =
        (String::from_utf8_lossy(&host.stdout), String::from_utf8_lossy(&host.stderr));
    assert!(host.status.success(), "{}\n{out}\n{errors}", host.status);
    assert_eq!(out, "100 rounds\n");
}

/// The dynamic linker has little room for the static thread-locals of an object that comes late, and refuses one
/// for which it does not suffice: README says how much there is.
#[test]
fn the_thread_locals_of_a_plugin_are_static_and_few() {
    const FEW: u64 = 512;
    let plugin = std::fs::read(build().join("libplugin.so")).unwrap();
    let file: ElfFile64<'_> = ElfFile64::parse(&*plugin).unwrap();
    let endian = file.endian();
    let programs = file.elf_program_headers();
    let locals = programs.iter().find(|header| header.p_type(endian) == PT_TLS).unwrap();
    let bytes = locals.p_memsz(endian);
    assert!((1..=FEW).contains(&bytes), "{bytes} bytes of thread-locals");
    let dynamic = programs.iter().find_map(|header| header.dynamic(endian, &*plugin).unwrap());
    let flags = dynamic.unwrap().iter().find(|entry| entry.d_tag(endian) == u64::from(DT_FLAGS));
    let flags = flags.map_or(0, |entry| entry.d_val(endian));
    assert!(flags & u64::from(DF_STATIC_TLS) != 0, "README describes the other model");
}
