//! Stacks as they are told.

/// No longer is the text of a stack, in bytes.
const LONGEST: usize = 16 * 1024;

/// What has traced the call: never of interest.
const OURS: [&str; 2] = ["gtramp::", "gtramp_live::"];
/// What is between that and the program.
const BETWEEN: [&str; 4] = ["core::", "std::", "alloc::", "__rust"];

/// The frames of a stack's text, without those that have traced the call, and without what is below `main` or the
/// beginning of a thread.
pub(super) fn frames(stack: &str) -> String {
    let mut frames = String::new();
    let mut lines = stack.lines().peekable();
    while let Some(line) = lines.next() {
        let place = lines.next_if(|next| next.trim_start().starts_with("at "));
        let name = line.split_once(": ").map_or(line, |(_, name)| name).trim();
        if name.contains("__rust_begin_short_backtrace") || frames.len() + name.len() > LONGEST {
            break;
        }
        let begins =
            |with: &[&str]| with.iter().any(|with| name.trim_start_matches('<').starts_with(with));
        if begins(&OURS) || name.contains(" as gtramp::") || frames.is_empty() && begins(&BETWEEN) {
            continue;
        }
        frames += "    ";
        frames += name;
        if let Some(place) = place {
            frames += "  ";
            frames += place.trim();
        }
        frames.push('\n');
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::frames;

    #[test]
    fn only_the_programs_own_frames_are_told() {
        let stack = "   0: std::backtrace::Backtrace::create\n   1: gtramp_live::measure::view\n   \
                     2: <gtramp::caller::X as gtramp::Y>::run\n   3: bank::fee\n             at ./bank.rs:3:1\n   \
                     4: core::iter::sum\n   5: bank::main\n   6: std::sys::backtrace::__rust_begin_short_backtrace\n   7: main";
        assert_eq!(
            frames(stack),
            "    bank::fee  at ./bank.rs:3:1\n    core::iter::sum\n    bank::main\n"
        );
    }
}
