//! What a debugger shows of an annotated function that is off: what it shows of the same function without the
//! attribute.

use std::path::Path;
use std::process::Command;

mod plain {
    #[inline(never)]
    pub(super) fn copied(amount: u64) -> u64 {
        let fee = amount / 100;
        fee + 1
    }

    #[inline(never)]
    pub(super) fn moved(amount: u64) -> u64 {
        let fee = amount / 100;
        assert!(fee < 100, "too much");
        fee + 1
    }

    pub(super) struct Method;

    impl Method {
        #[inline(never)]
        pub(super) fn again(&self, amount: u64) -> u64 {
            let fee = amount / 100;
            assert!(fee < 100, "too much");
            fee + 1
        }
    }
}

mod traced {
    use gtramp::traceable;

    #[traceable]
    #[inline(never)]
    pub(super) fn copied(amount: u64) -> u64 {
        let fee = amount / 100;
        fee + 1
    }

    #[traceable]
    #[inline(never)]
    pub(super) fn moved(amount: u64) -> u64 {
        let fee = amount / 100;
        assert!(fee < 100, "too much");
        fee + 1
    }

    pub(super) struct Method;

    #[traceable]
    impl Method {
        #[inline(never)]
        pub(super) fn again(&self, amount: u64) -> u64 {
            let fee = amount / 100;
            assert!(fee < 100, "too much");
            fee + 1
        }
    }
}

/// The functions, each called by one of its own whose name the debugger is told.
macro_rules! callers {
    ($($name:ident)*) => {
        const CALLERS: &[(&str, extern "C" fn())] = &[$((stringify!($name), $name)),*];
    };
}

callers! {
    plain_copied traced_copied
    plain_moved traced_moved
    plain_again traced_again
}

#[inline(never)]
extern "C" fn plain_copied() {
    let fee = plain::copied(700);
    assert_eq!(fee, 8);
}

#[inline(never)]
extern "C" fn traced_copied() {
    let fee = traced::copied(700);
    assert_eq!(fee, 8);
}

#[inline(never)]
extern "C" fn plain_moved() {
    let fee = plain::moved(700);
    assert_eq!(fee, 8);
}

#[inline(never)]
extern "C" fn traced_moved() {
    let fee = traced::moved(700);
    assert_eq!(fee, 8);
}

#[inline(never)]
extern "C" fn plain_again() {
    let fee = plain::Method.again(700);
    assert_eq!(fee, 8);
}

#[inline(never)]
extern "C" fn traced_again() {
    let fee = traced::Method.again(700);
    assert_eq!(fee, 8);
}

#[test]
#[ignore = "run under the debugger by another test"]
fn is_stepped() {
    for (_, caller) in CALLERS {
        // Stepped into, then stopped at.
        caller();
        caller();
    }
}

/// Follows the calls, and tells of each stop the function and the text of the line.
const SCRIPT: &str = r"
import gdb

def tell(what):
    frame = gdb.selected_frame()
    place = frame.find_sal()
    text = '?'
    if place.symtab is not None:
        with open(place.symtab.fullname()) as file:
            text = file.read().splitlines()[place.line - 1].strip()
    print('STOP', what, (frame.name() or '?').split('::')[-1], '|', text)

def look_around(what):
    tell(what)
    gdb.execute('up', to_string=True)
    tell('up')
    gdb.execute('down', to_string=True)
    gdb.execute('finish', to_string=True)
    tell('finish')

gdb.execute('set pagination off')
gdb.execute('set confirm off')
begin = 'run'
for form in ('copied', 'moved', 'again'):
    for side in ('plain', 'traced'):
        path = 'unwind::steps::' + side + '::' + ('Method::' if form == 'again' else '') + form
        print('FUNCTION', side, form)
        gdb.execute('tbreak unwind::steps::' + side + '_' + form)
        gdb.execute(begin, to_string=True)
        begin = 'continue'
        gdb.execute('step', to_string=True)
        look_around('step')
        gdb.execute('tbreak ' + path)
        gdb.execute('continue', to_string=True)
        look_around('break')
print('END')
gdb.execute('kill')
";

#[test]
#[cfg_attr(
    not(debug_assertions),
    ignore = "lines are those of the source where nothing is optimised"
)]
fn a_debugger_stops_at_steps_into_and_leaves_a_function_as_its_plain_twin() {
    let version = Command::new("gdb").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no gdb");
        return;
    }
    let script = Path::new(env!("CARGO_TARGET_TMPDIR")).join("steps.py");
    std::fs::write(&script, SCRIPT).expect("a writable folder");
    let output = Command::new("gdb")
        .args(["-nx", "-q", "-batch", "-x"])
        .arg(&script)
        .arg("--args")
        .arg(std::env::current_exe().expect("a test has a file"))
        .args(["--exact", "steps::is_stepped", "--ignored", "--test-threads=1"])
        // Lines are found from the folder in which the program was compiled.
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .expect("gdb starts");
    let text = String::from_utf8_lossy(&output.stdout);
    if !text.contains("END") && text.contains("ptrace: Operation not permitted") {
        println!("skipped: nothing can be debugged here");
        return;
    }
    assert!(text.contains("END"), "{output:?}");
    let stops = |side: &str| -> Vec<String> {
        let mut seen = "";
        let lines = text.lines().filter(|line| {
            seen = line.strip_prefix("FUNCTION ").unwrap_or(seen);
            seen.starts_with(side) && line.starts_with("STOP ")
        });
        lines.map(|line| line.replace("traced", "plain")).collect()
    };
    let plain = stops("plain");
    let first = plain.iter().filter(|line| line.ends_with("| let fee = amount / 100;"));
    // Where it is stepped into and where it is stopped at, in each form.
    assert_eq!((plain.len(), first.count()), (18, 6), "{plain:#?}");
    assert_eq!(stops("traced"), plain);
}
