//! Clients that say anything: the program goes on, and serves the others.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;

use crate::support::{said, socket};

#[gtramp::traceable]
mod victim {
    pub(super) fn works(amount: u64) -> u64 {
        amount + 1
    }
}

fn serves_others() {
    assert_eq!(victim::works(1), 2);
    assert!(said(&["list", "live::hostile::victim::works"]).contains("works(amount: u64)"));
}

fn answer_to(bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(socket()).expect("it listens");
    // It may have heard enough before all is said.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn garbage_is_answered_with_what_is_wrong() {
    for garbage in [
        &b"\xff\xfe\x00\n"[..],
        b"{}\n",
        b"[1, 2\n",
        br#"{"ask":"fly"}
"#,
    ] {
        assert!(answer_to(garbage).contains("not a question"), "{garbage:?}");
    }
    serves_others();
}

#[test]
fn half_a_question_is_none() {
    let answer = answer_to(br#"{"ask":"run","program":"live::hos"#);
    assert!(answer.contains("one line"), "{answer}");
    serves_others();
}

#[test]
fn a_question_without_an_end_is_cut_off() {
    let answer = answer_to(&vec![b'x'; 1 << 20]);
    // Closing with bytes unread resets the connection: the answer may be lost with it.
    assert!(answer.is_empty() || answer.contains("one line"), "{answer}");
    serves_others();
}

#[test]
fn clients_that_say_nothing_do_not_keep_others_out() {
    let silent: Vec<UnixStream> =
        (0..20).map(|_| UnixStream::connect(socket()).expect("it listens")).collect();
    serves_others();
    drop(silent);
}

#[test]
fn deep_and_long_programs_are_refused() {
    let deep = "(".repeat(4000);
    let program = format!(r#"{{"ask":"run","program":"a::b /{deep}"}}"#) + "\n";
    assert!(answer_to(program.as_bytes()).contains("deeper than"));
    let long = "a".repeat(20_000);
    let program = format!(r#"{{"ask":"run","program":"{long}"}}"#) + "\n";
    assert!(answer_to(program.as_bytes()).contains("at most"));
    serves_others();
}

#[test]
fn a_client_that_stops_reading_does_not_stop_the_program() {
    let mut stream = UnixStream::connect(socket()).expect("it listens");
    let program =
        r#"live::hostile::stuck::works { print(args) } rate 1000000/s max 1000000 budget 100%"#;
    let ask = serde_json::json!({ "ask": "run", "program": program });
    writeln!(stream, "{ask}").expect("it listens");
    let mut first = String::new();
    let mut reader = BufReader::with_capacity(1, &stream);
    reader.read_line(&mut first).expect("it answers");
    assert!(first.contains("lease"), "{first}");
    // More than fits into the socket.
    (0..200_000).for_each(|number| _ = stuck::works(number));
    serves_others();
    drop(stream);
}

#[gtramp::traceable]
mod stuck {
    pub(super) fn works(number: u64) -> u64 {
        number
    }
}
