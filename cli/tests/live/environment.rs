//! What the environment of a program says.

use std::process::{Command, Output};

#[gtramp::traceable]
mod work {
    pub(super) fn done(number: u64) -> u64 {
        number
    }
}

#[test]
#[ignore = "the program that the other tests run"]
fn program() {
    let live = gtramp_live::start();
    (0..7).for_each(|number| assert_eq!(work::done(number), number));
    println!("listens: {}", live.socket().is_some());
}

fn run(variables: &[(&str, &str)]) -> (String, String) {
    let own = std::env::current_exe().expect("it has a path");
    let mut command = Command::new(own);
    command.args(["--exact", "environment::program", "--ignored", "--nocapture"]);
    command.envs(variables.iter().copied());
    let Output { status, stdout, stderr } = command.output().expect("it runs");
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{stdout}{stderr}");
    (stdout.into_owned(), stderr.into_owned())
}

const COUNT: &str = "live::environment::work::* { @[func] = count() } budget 100%";

#[test]
fn a_program_of_the_environment_runs_until_the_end_and_tells_what_it_found() {
    let (stdout, stderr) = run(&[("GTRAMP", COUNT), ("GTRAMP_SOCKET", "off")]);
    assert!(stdout.contains("listens: false"), "{stdout}");
    assert!(stderr.contains("7  live::environment::work::done"), "{stderr}");
}

#[test]
fn what_a_program_of_the_environment_finds_goes_to_a_file() {
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("found");
    let file = file.to_str().expect("it is text");
    run(&[("GTRAMP", COUNT), ("GTRAMP_SOCKET", "off"), ("GTRAMP_OUTPUT", file)]);
    let found = std::fs::read_to_string(file).expect("it is there");
    assert!(found.contains("7  live::environment::work::done"), "{found}");
}

#[test]
fn what_is_wrong_in_the_environment_is_said_and_the_program_goes_on() {
    let (stdout, stderr) =
        run(&[("GTRAMP", "nothing::** { conut() }"), ("GTRAMP_SOCKET", "/proc/none")]);
    assert!(stdout.contains("listens: false"), "{stdout}");
    assert!(stderr.contains("did you mean `count`?"), "{stderr}");
    assert!(stderr.contains("nobody can ask this program"), "{stderr}");
    let (_, stderr) =
        run(&[("GTRAMP", COUNT), ("GTRAMP_SOCKET", "off"), ("GTRAMP_OUTPUT", "/dev/full")]);
    assert!(stderr.contains("cannot be written"), "{stderr}");
}
