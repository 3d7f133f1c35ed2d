//! What `cargo package` would carry.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// The files below `folder`, from there on.
fn below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            found.extend(below(&path).iter().map(|file| format!("{name}/{file}")));
        } else {
            found.insert(name.to_owned());
        }
    }
    found
}

#[test]
fn every_template_is_in_the_package_and_in_use() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let templates = below(&folder.join("templates"));
    assert!(templates.contains("x86_64/caller.tera"), "{templates:?}");

    let sources = below(&folder.join("src"));
    let sources =
        sources.iter().map(|file| fs::read_to_string(folder.join("src").join(file)).unwrap());
    let sources: String = sources.collect();
    let unused = templates.iter().find(|file| !sources.contains(file.as_str()));
    assert_eq!(unused, None, "no source includes it");

    // There is nothing to ask outside of the repository: then this is the package.
    if !folder.join("../runtime").is_dir() {
        return;
    }
    let output = Command::new(env!("CARGO"))
        .args(["package", "--list", "--offline", "--allow-dirty", "--package", "gtramp-codegen"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let packaged = String::from_utf8(output.stdout).unwrap();
    let packaged: BTreeSet<_> = packaged.lines().collect();
    for file in templates {
        assert!(packaged.contains(format!("templates/{file}").as_str()), "{file} stays behind");
    }
}
