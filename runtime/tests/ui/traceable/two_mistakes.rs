use gtramp::traceable;

#[traceable(fast, skip_all = 3, crate = ::gtramp)]
const fn area(width: u32, #[cfg(all())] height: u32) -> u32 {
    width * height
}

const AREA: u32 = area(2, 3);

fn main() {
    println!("{AREA}");
}
