//! What a batch does, function by function.

use crate::error::Error;
use crate::site::Function;
use crate::sys;

use super::super::bind::list_of_functions;
use super::super::core::Member;
use super::Part;

/// What happens at one function: the part, and the member if it joins there.
pub(super) struct Step {
    pub(super) function: &'static Function,
    pub(super) part: usize,
    pub(super) join: Option<Member>,
}

/// What the parts do, function by function.
pub(super) fn steps(parts: &[Part]) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    let most = parts.iter().map(|part| part.leaves.len() + part.joins.len()).sum();
    sys::reserve(&mut steps, most).map_err(list_of_functions)?;
    for (number, part) in parts.iter().enumerate() {
        let leaves = part.leaves.iter().map(|member| (member.function, None));
        let joins = part.joins.iter().map(|member| (member.function, Some(*member)));
        let step = |(function, join)| Step { function, part: number, join };
        steps.extend(leaves.chain(joins).map(step));
    }
    // A part's leaving comes before its joining. Not a stable sort, which asks for memory that may not be refused.
    steps.sort_unstable_by_key(|step| {
        (core::ptr::from_ref(step.function), step.part, step.join.is_some())
    });
    Ok(steps)
}

pub(super) fn of_one_function(a: &Step, b: &Step) -> bool {
    core::ptr::eq(a.function, b.function)
}

/// Whether a link joins their function.
pub(super) fn joined(steps: &&[Step]) -> bool {
    steps.iter().any(|step| step.join.is_some())
}

/// The functions that links join.
pub(super) fn joining(steps: &[Step]) -> impl Iterator<Item = &'static Function> + Clone {
    steps.chunk_by(of_one_function).filter(joined).map(|steps| steps[0].function)
}
