//! Types of every class: by size, alignment, drop glue and niche.

use std::num::NonZeroU64;

use crate::memory::{born, died};

/// What a probe sees of an argument, boiled down to a number.
pub(crate) trait Sample {
    fn digest(&self) -> u64;
}

/// A value that depends on a seed alone.
pub(crate) trait Make: Sized {
    fn make(seed: u64) -> Self;
}

/// Spreads a seed over all bits (SplitMix64).
pub(crate) fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One number out of several.
pub(crate) fn fold(numbers: impl IntoIterator<Item = u64>) -> u64 {
    numbers.into_iter().fold(17, |so_far, number| mix(so_far ^ number))
}

macro_rules! numbers {
    ($($t:ident)*) => { $(
        impl Make for $t {
            #[allow(clippy::cast_possible_truncation, clippy::cast_lossless, trivial_numeric_casts, reason = "meant")]
            fn make(seed: u64) -> Self {
                mix(seed) as $t
            }
        }

        impl Sample for $t {
            fn digest(&self) -> u64 {
                fold(self.to_le_bytes().map(u64::from))
            }
        }
    )* };
}

numbers!(u8 u16 u32 u64 u128 i64 f32 f64);

impl Make for () {
    fn make(_: u64) -> Self {}
}

impl Sample for () {
    fn digest(&self) -> u64 {
        1
    }
}

impl Make for bool {
    fn make(seed: u64) -> Self {
        mix(seed) & 1 == 1
    }
}

impl Sample for bool {
    fn digest(&self) -> u64 {
        u64::from(*self)
    }
}

impl Make for char {
    fn make(seed: u64) -> Self {
        ['a', 'ß', '中', '🦀'][usize::from(u8::make(seed) % 4)]
    }
}

impl Sample for char {
    fn digest(&self) -> u64 {
        u64::from(u32::from(*self))
    }
}

/// No bytes at all.
#[derive(Clone, Copy)]
pub(crate) struct Zst;

impl Make for Zst {
    fn make(_: u64) -> Self {
        Self
    }
}

impl Sample for Zst {
    fn digest(&self) -> u64 {
        2
    }
}

/// Fits a slot and fills no register.
#[derive(Clone, Copy)]
pub(crate) struct Odd([u8; 3]);

impl Make for Odd {
    fn make(seed: u64) -> Self {
        Self([0, 1, 2].map(|index| u8::make(seed + index)))
    }
}

impl Sample for Odd {
    fn digest(&self) -> u64 {
        fold(self.0.map(u64::from))
    }
}

/// A slot with a hole.
#[derive(Clone, Copy)]
pub(crate) struct SmallPadded {
    first: u8,
    second: u32,
}

impl Make for SmallPadded {
    fn make(seed: u64) -> Self {
        Self { first: u8::make(seed), second: u32::make(seed + 1) }
    }
}

impl Sample for SmallPadded {
    fn digest(&self) -> u64 {
        fold([u64::from(self.first), u64::from(self.second)])
    }
}

/// Several words with holes.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Padded {
    first: u8,
    second: u64,
    third: u16,
}

impl Make for Padded {
    fn make(seed: u64) -> Self {
        Self { first: u8::make(seed), second: mix(seed), third: u16::make(seed + 1) }
    }
}

impl Sample for Padded {
    fn digest(&self) -> u64 {
        fold([u64::from(self.first), self.second, u64::from(self.third)])
    }
}

/// Whether a value is where its type wants it: 0 if so. The compiler must not know the answer.
fn misplaced<T>(value: &T) -> u64 {
    let address = std::hint::black_box(std::ptr::from_ref(value).addr());
    (address % std::hint::black_box(align_of::<T>())) as u64
}

/// More aligned than the stack is.
#[derive(Clone, Copy)]
#[repr(align(32))]
pub(crate) struct Aligned(u64);

impl Make for Aligned {
    fn make(seed: u64) -> Self {
        Self(mix(seed))
    }
}

impl Sample for Aligned {
    fn digest(&self) -> u64 {
        self.0.wrapping_add(misplaced(self))
    }
}

/// No bytes, but at an aligned place.
#[derive(Clone, Copy)]
#[repr(align(32))]
pub(crate) struct AlignedZst;

impl Make for AlignedZst {
    fn make(_: u64) -> Self {
        Self
    }
}

impl Sample for AlignedZst {
    fn digest(&self) -> u64 {
        misplaced(self)
    }
}

/// Many words.
#[derive(Clone, Copy)]
pub(crate) struct Large([u64; 32]);

impl Make for Large {
    fn make(seed: u64) -> Self {
        Self(std::array::from_fn(|index| mix(seed + index as u64)))
    }
}

impl Sample for Large {
    fn digest(&self) -> u64 {
        fold(self.0)
    }
}

pub(crate) type Niche = Option<NonZeroU64>;

impl Make for Niche {
    fn make(seed: u64) -> Self {
        NonZeroU64::new(mix(seed) & 1)
    }
}

impl Sample for Niche {
    fn digest(&self) -> u64 {
        self.map_or(7, NonZeroU64::get)
    }
}

pub(crate) type Pointer = fn(u64) -> u64;

impl Make for Pointer {
    fn make(seed: u64) -> Self {
        if bool::make(seed) { mix } else { |x| x + 1 }
    }
}

impl Sample for Pointer {
    fn digest(&self) -> u64 {
        self(41)
    }
}

/// Something behind a pointer.
pub(crate) trait Shape: Send + Sync {
    fn sides(&self) -> u64;
}

struct Square(Counted);

impl Shape for Square {
    fn sides(&self) -> u64 {
        self.0.digest() + 4
    }
}

struct Line;

impl Shape for Line {
    fn sides(&self) -> u64 {
        1
    }
}

pub(crate) type Object = dyn Shape;

impl Sample for Object {
    fn digest(&self) -> u64 {
        self.sides()
    }
}

impl Make for &'static Object {
    fn make(_: u64) -> Self {
        &Line
    }
}

impl Make for Box<Object> {
    fn make(seed: u64) -> Self {
        if bool::make(seed) { Box::new(Square(Counted::make(seed))) } else { Box::new(Line) }
    }
}

impl Sample for Box<Object> {
    fn digest(&self) -> u64 {
        self.sides()
    }
}

static NUMBERS: [u64; 4] = [3, 1 << 40, u64::MAX, 0];

impl Make for &'static u64 {
    fn make(seed: u64) -> Self {
        &NUMBERS[usize::from(u8::make(seed) % 4)]
    }
}

impl Make for &'static str {
    fn make(seed: u64) -> Self {
        ["", "a", "slot", "trampolines, precompiled"][usize::from(u8::make(seed) % 4)]
    }
}

impl Sample for str {
    fn digest(&self) -> u64 {
        fold(self.bytes().map(u64::from))
    }
}

static ITEMS: [u32; 4] = [5, 6, 7, 8];

impl Make for &'static [u32] {
    fn make(seed: u64) -> Self {
        &ITEMS[..usize::from(u8::make(seed) % 5)]
    }
}

impl Sample for [u32] {
    fn digest(&self) -> u64 {
        fold(self.iter().map(|&item| u64::from(item)))
    }
}

impl<T: Sample + ?Sized> Sample for &T {
    fn digest(&self) -> u64 {
        (**self).digest()
    }
}

impl Make for String {
    fn make(seed: u64) -> Self {
        format!("text {}", mix(seed))
    }
}

impl Sample for String {
    fn digest(&self) -> u64 {
        self.as_str().digest()
    }
}

/// Fits a slot and must be dropped once.
pub(crate) struct Counted(Box<u64>);

impl Make for Counted {
    fn make(seed: u64) -> Self {
        born();
        Self(Box::new(mix(seed) | 1))
    }
}

impl Sample for Counted {
    fn digest(&self) -> u64 {
        *self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        died(*self.0 != 0);
        *self.0 = 0;
    }
}

/// Does not fit a slot and must be dropped once.
pub(crate) struct CountedBig {
    seeds: [u64; 4],
    alive: u64,
}

const ALIVE: u64 = 0x11fe_11fe_11fe_11fe;

impl Make for CountedBig {
    fn make(seed: u64) -> Self {
        born();
        Self { seeds: [0, 1, 2, 3].map(|index| mix(seed + index)), alive: ALIVE }
    }
}

impl Sample for CountedBig {
    fn digest(&self) -> u64 {
        fold(self.seeds) ^ self.alive
    }
}

impl Drop for CountedBig {
    fn drop(&mut self) {
        died(self.alive == ALIVE);
        self.alive = 0;
    }
}

/// Has no bytes and must be dropped once.
pub(crate) struct CountedZst;

impl Make for CountedZst {
    fn make(_: u64) -> Self {
        born();
        Self
    }
}

impl Sample for CountedZst {
    fn digest(&self) -> u64 {
        3
    }
}

impl Drop for CountedZst {
    fn drop(&mut self) {
        died(true);
    }
}

impl Make for Vec<Counted> {
    fn make(seed: u64) -> Self {
        (0..u64::from(u8::make(seed) % 4)).map(|index| Counted::make(seed + index)).collect()
    }
}

impl Sample for Vec<Counted> {
    fn digest(&self) -> u64 {
        fold(self.iter().map(Sample::digest))
    }
}

pub(crate) type Fallible = Result<String, Counted>;

impl Make for Fallible {
    fn make(seed: u64) -> Self {
        if bool::make(seed) { Ok(String::make(seed)) } else { Err(Counted::make(seed)) }
    }
}

impl Sample for Fallible {
    fn digest(&self) -> u64 {
        match self {
            Ok(text) => text.digest(),
            Err(counted) => counted.digest(),
        }
    }
}
