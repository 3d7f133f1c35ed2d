#[allow(non_camel_case_types, clippy::exhaustive_structs)]
#[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
struct nobody {}
/// The probe, for a link that has others.
#[allow(dead_code)]
#[inline]
fn nobody() -> nobody {
    nobody {}
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
    fn nobody<'a>(_bank: &'a Bank, name: &str) -> &'a str {
        "nobody"
    }
    impl ::gtramp::__private::Probe for nobody {
        const NAME: &'static str = "nobody";
        const MODULE: &'static str = ::core::module_path!();
        const PATTERNS: &'static [&'static str] = &["bank::owner"];
    }
    #[allow(elided_lifetimes_in_paths, clippy::borrowed_box, clippy::too_many_arguments)]
    unsafe impl ::gtramp::__private::Replacement for nobody {
        const IS_ASYNC: bool = false;
        fn params() -> ::std::vec::Vec<::gtramp::__private::Param> {
            ::std::vec::Vec::from([
                ::gtramp::__private::Param::moved::<
                    &Bank,
                >("&'a Bank", ::gtramp::__private::type_id_of::<fn(&Bank)>()),
                ::gtramp::__private::Param::moved::<
                    &str,
                >("&str", ::gtramp::__private::type_id_of::<fn(&str)>()),
            ])
        }
        fn ret() -> ::gtramp::__private::RetParam {
            ::gtramp::__private::RetParam::of::<
                &str,
            >("&'a str", ::gtramp::__private::type_id_of::<fn(&str)>())
        }
        fn signature() -> ::core::option::Option<::core::any::TypeId> {
            ::core::option::Option::Some(
                ::gtramp::__private::type_id_of::<
                    for<'__gtramp_a> fn(&'__gtramp_a Bank, &str) -> &'__gtramp_a str,
                >(),
            )
        }
        unsafe fn run(
            slots: *mut ::gtramp::__private::Slot,
        ) -> ::gtramp::__private::Slot {
            let __shim: for<'__gtramp_a> fn(
                &'__gtramp_a Bank,
                &str,
            ) -> &'__gtramp_a str = nobody;
            let p0 = unsafe { ::gtramp::__private::taken::<_>(slots, 0usize) };
            let p1 = unsafe { ::gtramp::__private::taken::<_>(slots, 1usize) };
            let ret = __shim(p0, p1);
            unsafe { ::gtramp::__private::returned(slots, 2usize, ret) }
        }
    }
    impl nobody {
        /// Puts it in the place of the functions its attribute selects.
        ///
        /// # Errors
        ///
        /// As the patch builder's `apply`.
        #[allow(dead_code)]
        fn apply() -> ::core::result::Result<
            ::gtramp::__private::Patch,
            ::gtramp::__private::Error,
        > {
            Self::patch().apply()
        }
        /// Begins a patch that puts it in the place of the functions its attribute selects.
        #[allow(dead_code)]
        #[must_use]
        fn patch() -> ::gtramp::__private::PatchBuilder {
            ::gtramp::__private::replacing(Self {})
        }
    }
};
