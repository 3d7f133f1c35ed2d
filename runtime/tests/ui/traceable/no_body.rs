use gtramp::traceable;

trait Shape {
    #[traceable]
    fn sides(&self) -> u32;
}

struct Square;

impl Shape for Square {
    fn sides(&self) -> u32 {
        4
    }
}

fn main() {
    Square.sides();
}
