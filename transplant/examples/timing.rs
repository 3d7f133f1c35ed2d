//! What annotation costs well-known crates where nothing is attached: one line for each work, the
//! nanoseconds of each of many short bursts. `ci/transplant.sh --time` builds it twice and compares.
//!
//! Usage: `timing [BURSTS]`

use std::env;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The shortest burst that is worth the clock's reading.
const BURST: Duration = Duration::from_micros(300);

fn main() {
    let bursts = env::args().nth(1).map_or(1, |text| text.parse().expect("a number of bursts"));
    let text = document();
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    report("serde_json, text to Value", bursts, || {
        serde_json::from_str::<serde_json::Value>(black_box(&text)).expect("JSON")
    });
    report("serde_json, Value to text", bursts, || {
        serde_json::to_string(black_box(&value)).expect("JSON")
    });
    report("httparse, a request", bursts, || {
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut request = httparse::Request::new(&mut headers);
        let status = request.parse(black_box(REQUEST)).expect("a request");
        assert!(status.is_complete());
        request.headers.len()
    });
    report("regex-syntax, parse", bursts, || {
        regex_syntax::parse(black_box(REGEX)).expect("a regular expression")
    });
    let deflated = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 6);
    report("miniz_oxide, inflate", bursts, || {
        miniz_oxide::inflate::decompress_to_vec(black_box(&deflated)).expect("deflated")
    });
    let hay = vec![b'a'; 20_000];
    report("memchr, 20 kB, no match", bursts, || memchr::memchr(b'x', black_box(&hay)));
}

/// Prints how long one run took in each burst.
fn report<R>(name: &str, bursts: usize, mut run: impl FnMut() -> R) {
    let mut burst = |runs: u32| {
        let begun = Instant::now();
        for _ in 0..runs {
            black_box(run());
        }
        begun.elapsed()
    };
    let mut runs = 1;
    while burst(runs) < BURST {
        runs *= 2;
    }
    let times = (0..bursts).map(|_| burst(runs).as_secs_f64() * 1e9 / f64::from(runs));
    let times: Vec<_> = times.map(|time| format!("{time:.1}")).collect();
    println!("{name}\t{}", times.join(" "));
}

/// Objects of strings, numbers, lists and escapes: some 20 kB.
fn document() -> String {
    let object = |id: u32| {
        format!(
            r#"{{"id":{id},"name":"item \"{id}\" of many","price":{}.25,"tags":["a","bc","déf",null],
            "stock":{{"here":{},"there":-{id},"ratio":1.5e-{}}},"active":{}}}"#,
            id * 7,
            id * id,
            id % 9,
            id.is_multiple_of(2),
        )
    };
    format!("[{}]", (0..120).map(object).collect::<Vec<_>>().join(","))
}

const REQUEST: &[u8] = b"GET /wp-content/uploads/2010/03/hello-kitty-darth-vader-pink.jpg HTTP/1.1\r\n\
    Host: www.kittyhell.com\r\n\
    User-Agent: Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10.6; ja-JP-mac; rv:1.9.2.3) Gecko/20100401 Firefox/3.6.3\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    Accept-Language: ja,en-us;q=0.7,en;q=0.3\r\n\
    Accept-Encoding: gzip,deflate\r\n\
    Accept-Charset: Shift_JIS,utf-8;q=0.7,*;q=0.7\r\n\
    Keep-Alive: 115\r\n\
    Connection: keep-alive\r\n\
    Cookie: wp_ozh_wsa_visits=2; wp_ozh_wsa_visit_lasttime=xxxxxxxxxx\r\n\r\n";

const REGEX: &str = r"(?i)^(?P<scheme>https?|ftp)://(?:[\w.-]+(?::[^@\s]*)?@)?(?P<host>[a-z0-9\p{Greek}-]+(?:\.[a-z]{2,6})+)(?::(?P<port>\d{1,5}))?(?:/[^\s?#]*)*(?:\?[^\s#]*)?(?:#\S*)?$";
