#[allow(non_camel_case_types, clippy::exhaustive_structs)]
#[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
pub struct change {}
/// The probe, for a link that has others.
#[allow(dead_code)]
#[inline]
pub fn change() -> change {
    change {}
}
const _: () = {
    #[allow(dead_code)]
    #[inline]
    #[allow(
        clippy::borrowed_box,
        clippy::box_collection,
        clippy::boxed_local,
        clippy::large_types_passed_by_value,
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::ptr_arg,
        clippy::rc_buffer,
        clippy::redundant_allocation,
        clippy::ref_option,
        clippy::too_many_arguments,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        clippy::vec_box
    )]
    fn change(ctx: &Entry, amount: &mut u64) {
        *amount += 1;
    }
    impl change {
        /// Attaches the probe to the functions its attribute selects.
        ///
        /// # Errors
        ///
        /// As the link builder's `attach`.
        #[allow(dead_code)]
        pub fn attach() -> ::core::result::Result<
            ::gtramp::__private::Link,
            ::gtramp::__private::Error,
        > {
            Self::link().attach()
        }
        /// Begins a link of the probe with the functions its attribute selects.
        #[allow(dead_code)]
        #[must_use]
        pub fn link() -> ::gtramp::__private::LinkBuilder {
            ::core::unreachable!()
        }
    }
};
::core::compile_error! {
    "unknown option `fast`; there are string patterns, `sleepable`, `crate = path`, and of `#[fmod_ret]` `future`"
}
::core::compile_error! {
    "a probe does not change arguments: take it by `&`"
}
