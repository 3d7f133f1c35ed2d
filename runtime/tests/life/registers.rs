//! What a call leaves as it found it, whatever its probes do.

use std::arch::asm;
use std::arch::x86_64::{__m256d, _mm256_set_pd, _mm256_storeu_pd};

use gtramp::{Entry, Exit, site, traceable};

#[traceable]
fn errno_of_body(a: u64) -> i32 {
    assert_eq!(a, 1);
    errno()
}

#[traceable]
fn sum(a: f32, b: f64, c: [f64; 4]) -> f64 {
    f64::from(a) + b + c.iter().sum::<f64>()
}

#[traceable]
fn plain(a: u64) -> u64 {
    a
}

fn errno() -> i32 {
    // SAFETY: no preconditions.
    let location = unsafe { libc::__errno_location() };
    // SAFETY: it is this thread's.
    unsafe { location.read() }
}

fn set_errno(value: i32) {
    // SAFETY: no preconditions.
    let location = unsafe { libc::__errno_location() };
    // SAFETY: it is this thread's.
    unsafe { location.write(value) };
}

#[test]
fn errno_is_untouched_by_probes() {
    for sleepable in [false, true] {
        for entries in [1, 2] {
            for exits in [0, 1] {
                let mut link = gtramp::link().functions(site!(errno_of_body)).sleepable(sleepable);
                for _ in 0..entries {
                    link = link.fentry(|_: &Entry| set_errno(5));
                }
                for _ in 0..exits {
                    link = link.fexit(|_: &Exit| set_errno(6));
                }
                let link = link.attach().expect("it takes any probe");
                set_errno(42);
                assert_eq!(errno_of_body(1), 42, "{}", link.info());
                assert_eq!(errno(), 42, "{}", link.info());
                drop(link);
            }
        }
    }
}

/// Overwrites every vector register, the upper halves where there are any, and flags.
fn clobber() {
    // SAFETY: every register it writes is declared.
    unsafe {
        asm!(
            "pcmpeqd xmm0, xmm0", "pcmpeqd xmm1, xmm1", "pcmpeqd xmm2, xmm2", "pcmpeqd xmm3, xmm3",
            "pcmpeqd xmm4, xmm4", "pcmpeqd xmm5, xmm5", "pcmpeqd xmm6, xmm6", "pcmpeqd xmm7, xmm7",
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
            out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
        );
    }
    if is_x86_feature_detected!("avx") {
        // SAFETY: the processor has it, and every register is declared.
        unsafe {
            asm!("vzeroall", out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
                out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
                out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _);
        }
    }
}

#[test]
fn floating_point_arguments_and_results_survive_probes_that_use_every_vector_register() {
    let link = gtramp::link()
        .functions(site!(sum))
        .fentry(|_: &Entry, a: &f32, b: &f64| {
            assert!(*a == 0.5 && *b == 0.25);
            clobber();
        })
        .fexit(|_: &Exit| clobber())
        .attach()
        .expect("the types are the function's");
    assert!(sum(0.5, 0.25, [1.0, 2.0, 4.0, 8.0]) == 15.75);
    assert!(link.info().panic.is_none());
}

#[traceable]
fn upper_half(vector: __m256d) -> __m256d {
    vector
}

#[test]
fn the_upper_halves_of_vectors_arrive() {
    if !is_x86_feature_detected!("avx") {
        println!("skipped: the processor has no AVX");
        return;
    }
    let link = gtramp::link()
        .functions(site!(upper_half))
        .fentry(|_: &Entry| clobber())
        .fexit(|_: &Exit| clobber())
        .attach()
        .expect("it takes any probe");
    // SAFETY: the processor has AVX.
    let vector = unsafe { _mm256_set_pd(1.0, 2.0, 3.0, 4.0) };
    let back = upper_half(vector);
    let mut parts = [0.0; 4];
    // SAFETY: the processor has AVX, and there is room for four.
    unsafe { _mm256_storeu_pd(parts.as_mut_ptr(), back) };
    assert!(parts == [4.0, 3.0, 2.0, 1.0]);
    drop(link);
}

/// Rounds up, and raises no exception.
const ROUND_UP: u32 = 0x5f80;

fn control_word() -> u32 {
    let mut word = 0_u32;
    // SAFETY: writes four bytes.
    unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut word, options(nostack, preserves_flags)) };
    word
}

fn direction_flag() -> bool {
    let flags: u64;
    // SAFETY: reads the flags through the stack.
    unsafe { asm!("pushfq", "pop {}", out(reg) flags) };
    flags & 0x400 != 0
}

#[test]
fn rounding_mode_and_direction_flag_are_those_of_the_caller_throughout() {
    let check = || {
        assert_eq!(control_word() & !0x3f, ROUND_UP);
        assert!(!direction_flag());
    };
    let link = gtramp::link()
        .functions(site!(plain))
        .fentry(move |_: &Entry| check())
        .fexit(move |_: &Exit| check())
        .attach()
        .expect("it takes any probe");
    let before = control_word();
    // SAFETY: reads four bytes; every exception stays masked, and no arithmetic is done before the
    // word is put back.
    unsafe { asm!("ldmxcsr [{}]", in(reg) &ROUND_UP, options(nostack, preserves_flags)) };
    let result = plain(7);
    let after = control_word();
    // SAFETY: as above.
    unsafe { asm!("ldmxcsr [{}]", in(reg) &before, options(nostack, preserves_flags)) };
    assert_eq!((result, after & !0x3f), (7, ROUND_UP));
    assert!(link.info().panic.is_none(), "{}", link.info());
}
