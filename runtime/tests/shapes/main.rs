//! Every shape of caller, with every class of argument and result, through one runner that knows
//! the right answer by other means.

use memory::CountingAllocator;

mod cases;
mod memory;
mod palette;
mod runner;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;
