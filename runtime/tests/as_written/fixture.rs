use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

pub(crate) struct Counter {
    pub(crate) count: u64,
    names: Vec<String>,
}

// ---- arguments

#[traceable]
fn takes_by_value(text: String) -> usize {
    text.len()
}

#[traceable]
#[expect(clippy::needless_pass_by_value)]
fn expects_by_value(text: String) -> usize {
    text.len()
}

#[traceable]
fn by_value_in_a_big_body(names: Vec<String>, limit: usize) -> usize {
    let mut sum = 0;
    for name in &names {
        if name.len() > limit {
            println!("{name} is long");
        }
        sum += name.len();
    }
    sum
}

#[traceable]
fn small_reference(number: &u8) -> u8 {
    *number + 1
}

#[traceable]
fn reference_to_vec(names: &Vec<String>, text: &String) -> usize {
    names.len() + text.len()
}

#[traceable]
fn reference_to_option(name: &Option<String>) -> bool {
    name.is_some()
}

#[traceable]
fn boxed(number: Box<u64>) -> u64 {
    *number
}

#[traceable]
fn large(bytes: [u8; 4096]) -> u8 {
    bytes[0]
}

#[traceable]
fn many(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) -> u8 {
    a | b | c | d | e | f | g | h
}

#[traceable]
fn flags(one: bool, two: bool, three: bool, four: bool) -> bool {
    one && two || three && four
}

#[traceable]
fn unused(first: u8, second: u8) -> u8 {
    first
}

#[traceable]
fn unused_in_a_big_body(first: u8, second: u8) -> u8 {
    println!("{first}");
    let sum = first + 1;
    let product = sum * 2;
    first
}

#[traceable]
fn unused_mut(mut first: u8) -> u8 {
    first
}

#[traceable]
fn unused_mut_in_a_big_body(mut first: u8, mut second: Vec<u8>) -> u8 {
    println!("{second:?}");
    first
}

#[traceable]
fn never_read(mut first: u8) -> u8 {
    first = 7;
    let mut second = 1;
    second = 2;
    second
}

#[traceable]
fn underscored(_first: u8, _second: u8) -> u8 {
    _first + 1
}

#[traceable]
fn underscored_in_a_big_body(_first: u8, _second: u8) -> u8 {
    println!("{}", _first);
    _first + 1
}

#[traceable]
fn unused_pattern((first, second): (u8, u8), [third, ..]: [u8; 3]) -> u8 {
    first
}

#[traceable]
fn mutable_pattern((mut first, second): (u8, u8)) -> u8 {
    println!("{second}");
    first
}

#[traceable]
fn pattern_by_value((text, _): (String, u8)) -> usize {
    text.len()
}

#[traceable]
fn allowed(#[allow(unused_variables)] first: u8, #[expect(unused_variables)] second: u8) -> u8 {
    println!("allowed");
    1
}

#[traceable]
fn allowed_in_a_pattern(#[allow(unused_variables)] (first, second): (u8, u8)) -> u8 {
    1
}

#[traceable]
fn expected_under_a_condition(#[cfg_attr(all(), expect(unused_variables))] first: u8) -> u8 {
    1
}

#[traceable]
fn expected_in_a_pattern(#[expect(unused_variables)] (first, second): (u8, u8)) -> u8 {
    println!("expected");
    1
}

#[traceable]
fn Shouting(First: u8) -> u8 {
    First
}

#[traceable]
fn needless_mutable(count: &mut Counter) -> u64 {
    count.count
}

#[traceable]
fn needless_mutable_slice(numbers: &mut [u64]) -> u64 {
    numbers.iter().map(|number| number + 1).max().unwrap_or(0)
}

#[traceable]
fn named_like_others(counter: u8, counted: u8, counters: u8) -> u8 {
    let counter1 = counter + counted;
    let counter2 = counter1 + counters;
    counter2
}

#[traceable]
fn takes_impl(text: impl AsRef<str>) -> usize {
    text.as_ref().len()
}

#[traceable]
fn only_passed_on(depth: u8, extra: u8) -> u8 {
    if depth == 0 { 0 } else { only_passed_on(depth - 1, extra) }
}

#[traceable]
fn shared(count: Rc<u64>) -> u64 {
    *count
}

#[traceable]
fn map(map: &HashMap<String, u8>) -> usize {
    map.len()
}

#[traceable]
fn raw(pointer: *const u8) -> u8 {
    unsafe { *pointer }
}

// ---- results

#[traceable]
fn always_some(number: u8) -> Option<u8> {
    Some(number + 1)
}

#[traceable]
fn always_some_in_a_big_body(number: u8) -> Option<u8> {
    println!("{number}");
    if number > 3 {
        return Some(1);
    }
    Some(number + 1)
}

#[traceable]
fn always_ok(number: u8) -> Result<u8, String> {
    println!("{number}");
    Ok(number + 1)
}

#[traceable]
pub fn may_fail(number: u8) -> Result<u8, String> {
    if number > 3 { Err(format!("{number}")) } else { Ok(number) }
}

#[traceable]
pub fn may_panic(number: Option<u8>) -> u8 {
    number.unwrap()
}

#[traceable]
pub fn may_assert(number: u8) -> u8 {
    assert!(number > 3, "small");
    number
}

#[traceable]
pub fn pure(number: u64) -> u64 {
    number * 2
}

#[traceable]
pub fn literal(_: &str) -> &str {
    "text"
}

#[traceable]
fn returns_unit() -> () {
    println!("unit");
}

#[traceable]
fn returns_let(number: u8) -> u8 {
    let sum = number + 1;
    sum
}

#[traceable]
fn returns_at_the_end(number: u8) -> u8 {
    println!("{number}");
    return number + 1;
}

#[traceable]
fn returns_at_the_end_of_little(number: u8) -> u8 {
    return number + 1;
}

#[traceable]
fn drops_a_result(number: u8) {
    may_fail(number);
    number + 1;
}

#[traceable]
fn no_semicolon(names: &mut Vec<String>) {
    names.clear()
}

#[traceable]
fn unit_argument() {
    let unit = println!("x");
    drop(unit);
}

#[traceable]
fn option_of_option() -> Option<Option<u8>> {
    None
}

#[traceable]
fn complicated(number: u8) -> Result<Vec<Option<Box<dyn Fn(u8) -> Result<u8, String> + Send>>>, String> {
    if number > 3 { Err(String::new()) } else { Ok(Vec::new()) }
}

#[traceable]
fn mutable_from_shared(numbers: &[u8]) -> &mut [u8] {
    println!("{numbers:?}");
    &mut []
}

#[traceable]
fn boxed_result() -> Box<Vec<u8>> {
    Box::new(Vec::new())
}

#[traceable]
fn hidden<'a>(text: &'a str) -> impl Iterator<Item = char> + 'a {
    text.chars()
}

#[traceable]
fn hidden_closure(offset: u8) -> impl Fn(u8) -> u8 {
    move |number| { number + offset }
}

#[traceable]
fn never(number: u8) -> ! {
    println!("{number}");
    panic!("never")
}

#[traceable]
fn constant() -> u64 {
    1 + 2
}

#[traceable]
fn could_be_constant(number: u64) -> u64 {
    number + 2
}

// ---- bodies

#[traceable]
fn unreachable(number: u8) -> u8 {
    return number;
    println!("never");
}

#[traceable]
fn endless(number: u8) -> u8 {
    endless(number + 1)
}

#[traceable]
fn shadows(number: u8) -> u8 {
    let number = number + 1;
    let number = number;
    let number = "text".len() as u8 + number;
    number
}

#[traceable]
fn shadows_in_a_big_body(number: u8, text: &str) -> usize {
    println!("{number}");
    let text = text.trim();
    let number = number + 1;
    text.len() + number as usize
}

#[traceable]
fn braces() -> u8 {
    ({ 1 })
}

#[traceable]
fn parentheses(number: u8) -> u8 {
    if (number > 3) { return (1) }
    (number)
}

#[traceable]
fn casts(number: u64) -> u8 {
    let small = number as u8;
    let large = small as u64;
    println!("{large}");
    small
}

#[traceable]
fn indexes(numbers: &[u8], at: usize) -> u8 {
    let number = numbers[at];
    number.checked_add(1).unwrap() + numbers.first().expect("some")
}

#[traceable]
fn questions(number: Option<u8>) -> Option<u8> {
    let number = match number {
        Some(number) => number,
        None => return None,
    };
    let twice = number * 2;
    println!("{twice}");
    Some(twice)
}

#[traceable]
fn matches_one(number: Option<u8>) {
    match number {
        Some(number) => println!("{}", number),
        _ => {}
    }
    if number.is_some() {
        if number == Some(3) {
            println!("three")
        }
    }
}

#[traceable]
fn items_after_statements(number: u8) -> u8 {
    println!("{number}");
    const MORE: u8 = 1;
    fn inner(number: u8) -> u8 {
        number + MORE
    }
    inner(number)
}

#[traceable]
fn redundant(text: &str) -> String {
    let copy = text.to_string().clone();
    let names: Vec<String> = vec![copy].into_iter().map(|name| name.to_string()).collect();
    names.iter().map(|name| name.len()).sum::<usize>().to_string()
}

#[traceable]
fn labels(number: u8) -> u8 {
    'unused: loop {
        break;
    }
    number
}

#[traceable]
fn loops(numbers: &[u8]) -> u8 {
    let mut sum = 0;
    for at in 0..numbers.len() {
        sum = sum + numbers[at];
    }
    loop {
        sum += 1;
        break;
    }
    sum
}

#[traceable]
fn dropped(number: u8, text: &str) {
    drop(number);
    std::mem::forget(text);
}

#[traceable]
fn compares(number: f64, other: f64) -> bool {
    number == other || number == f64::NAN
}

#[traceable]
fn binds_nothing(text: &str) {
    let _ = text.to_owned();
    let _unused = 3;
}

#[traceable]
fn complex(number: u8) -> u8 {
    let mut sum = 0;
    for at in 0..number {
        if at % 2 == 0 {
            if at % 3 == 0 && at % 5 == 0 || at == 7 {
                sum += 1;
            } else if at % 7 == 0 {
                sum += 2;
            } else if at % 11 == 0 {
                sum += 3;
            }
        } else {
            match at {
                1 => sum += 1,
                3 => sum += 2,
                5 => {
                    while sum > 10 {
                        sum -= 1;
                        if sum == 20 {
                            continue;
                        }
                        if sum == 11 {
                            break;
                        }
                    }
                }
                7 | 9 if sum > 3 => sum += 4,
                _ => {
                    if sum > 1 && at > 1 || sum < 100 && at < 50 {
                        sum += 5;
                    }
                }
            }
        }
        for more in 0..at {
            if more > 3 {
                if sum > 3 {
                    sum += 1;
                } else if sum > 4 {
                    sum += 2;
                } else {
                    sum += 3;
                }
            }
        }
    }
    sum
}

#[traceable]
fn debugs(number: u8) -> u8 {
    dbg!(number);
    todo!()
}

#[traceable]
fn lifetimes<'a, 'b>(text: &'a str, other: &'b str) -> usize {
    text.len() + other.len()
}

#[traceable]
fn unused_generics<'a, T>(number: u8) -> u8 {
    number
}

#[traceable]
fn mismatched(counter: &Counter) -> fmt::Arguments {
    println!("{}", counter.count);
    todo!()
}

// ---- unsafe

#[traceable]
unsafe fn dereferences(pointer: *const u8) -> u8 {
    *pointer
}

#[traceable]
unsafe fn dereferences_in_a_big_body(pointer: *const u8) -> u8 {
    println!("{pointer:?}");
    *pointer
}

#[traceable]
#[expect(unsafe_op_in_unsafe_fn)]
unsafe fn expected_to_dereference(pointer: *const u8) -> u8 {
    println!("{pointer:?}");
    *pointer
}

#[traceable]
unsafe fn explicit(pointer: *const u8) -> u8 {
    unsafe { *pointer }
}

#[traceable]
unsafe fn needless_unsafe(number: u8) -> u8 {
    unsafe { number }
}

#[traceable]
unsafe fn needless_unsafe_in_a_big_body(number: u8) -> u8 {
    println!("{number}");
    unsafe { number }
}

#[traceable]
pub unsafe fn public_unsafe(pointer: *const u8) -> u8 {
    // SAFETY: the caller's promise.
    unsafe { *pointer }
}

#[traceable]
fn not_safe(number: u8) -> u8 {
    println!("{number}");
    unsafe { number }
}

// ---- methods

impl Counter {
    #[traceable]
    fn new(count: u64) -> Option<u64> {
        println!("{count}");
        Some(count)
    }

    #[traceable]
    fn unused_self(&self, number: u64) -> u64 {
        number
    }

    #[traceable]
    fn unused_self_in_a_big_body(&self, number: u64) -> u64 {
        println!("{number}");
        number
    }

    #[traceable]
    fn to_taken(self) -> u64 {
        println!("taken");
        self.count
    }

    #[traceable]
    fn is_taken(self) -> bool {
        self.count > 3
    }

    #[traceable]
    fn names_itself(&self) -> Counter {
        println!("{}", self.count);
        Counter { count: self.count, names: Vec::new() }
    }

    #[traceable]
    fn needless_mutable_self(&mut self) -> u64 {
        println!("{}", self.count);
        self.count
    }

    #[traceable]
    fn unused_mutable_self(mut self) -> u64 {
        println!("{}", self.count);
        self.count
    }

    #[traceable]
    pub(crate) fn getter(&self) -> u64 {
        self.count
    }

    #[traceable]
    pub fn chained(self, count: u64) -> Self {
        println!("{count}");
        Self { count, ..self }
    }

    #[traceable]
    fn only_itself(&self, depth: u8) -> u8 {
        if depth == 0 { 0 } else { self.only_itself(depth - 1) }
    }

    #[traceable]
    fn explicit_self(self: &Self) -> u64 {
        println!("{}", self.count);
        self.count
    }

    #[traceable]
    fn wraps(&self) -> Result<u64, String> {
        println!("{}", self.count);
        Ok(self.count)
    }

    #[traceable]
    fn by_value(&self, text: String) -> usize {
        println!("{}", self.count);
        text.len()
    }

    #[traceable]
    fn add(self, other: Counter) -> Counter {
        let count = self.count + other.count;
        Counter { count, names: other.names }
    }

    #[traceable]
    fn len(&self) -> usize {
        self.names.len()
    }

    #[traceable]
    fn shadows(&self, number: u64) -> u64 {
        let number = number + self.count;
        println!("{number}");
        number
    }

    #[traceable]
    unsafe fn dereferences(&self, pointer: *const u64) -> u64 {
        println!("{pointer:?}");
        *pointer + self.count
    }

    #[traceable]
    fn binds_self(&self) -> u64 {
        let this = self;
        let _other = &self.count;
        println!("{}", this.count);
        self.count as u32 as u64
    }
}

impl fmt::Display for Counter {
    #[traceable]
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{}\n", self.count)
    }
}

impl Clone for Counter {
    #[traceable]
    fn clone(&self) -> Counter {
        println!("cloned");
        Counter { count: self.count, names: self.names.clone() }
    }
}

impl PartialEq for Counter {
    #[traceable]
    fn eq(&self, that: &Counter) -> bool {
        self.count == that.count
    }

    #[traceable]
    fn ne(&self, other: &Self) -> bool {
        !(self == other)
    }
}

impl Iterator for Counter {
    type Item = u64;

    #[traceable]
    fn next(&mut self) -> Option<u64> {
        println!("next");
        Some(self.count)
    }
}

struct Guard(u64);

impl Drop for Guard {
    #[traceable]
    fn drop(&mut self) {
        let number = self.0;
        let number = number + 1;
        println!("{}", number)
    }
}

impl From<Counter> for u64 {
    #[traceable]
    fn from(value: Counter) -> u64 {
        println!("from");
        value.count.clone()
    }
}

trait Named {
    #[traceable]
    fn name(&self, first: u8) -> String {
        println!("unused");
        String::new()
    }

    #[traceable]
    fn rename(mut self, text: String) -> usize
    where
        Self: Sized,
    {
        text.len()
    }
}

impl Named for Counter {
    #[traceable]
    fn name(&self, number: u8) -> String {
        println!("{number}");
        return String::from("");
    }
}

impl<T> Named for Vec<T> {
    #[traceable]
    fn name(&self, (second): u8) -> String {
        self.iter().count().to_string()
    }
}
