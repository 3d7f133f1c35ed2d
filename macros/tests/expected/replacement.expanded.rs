#[allow(non_camel_case_types, clippy::exhaustive_structs)]
#[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
pub struct no_fee {}
/// The probe, for a link that has others.
#[allow(dead_code)]
#[inline]
pub fn no_fee() -> no_fee {
    no_fee {}
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
    fn no_fee(_ledger: &Ledger, amount: u64) -> Result<u64, Denied> {
        Ok(amount)
    }
    impl ::gtramp::__private::Probe for no_fee {
        const NAME: &'static str = "no_fee";
        const MODULE: &'static str = ::core::module_path!();
        const PATTERNS: &'static [&'static str] = &["bank::Ledger::fee"];
    }
    #[allow(elided_lifetimes_in_paths, clippy::borrowed_box, clippy::too_many_arguments)]
    unsafe impl ::gtramp::__private::Replacement for no_fee {
        const IS_ASYNC: bool = false;
        fn params() -> ::std::vec::Vec<::gtramp::__private::Param> {
            ::std::vec::Vec::from([
                ::gtramp::__private::Param::moved::<
                    &Ledger,
                >("&Ledger", ::gtramp::__private::type_id_of::<fn(&Ledger)>()),
                ::gtramp::__private::Param::moved::<
                    u64,
                >("u64", ::gtramp::__private::type_id_of::<fn(u64)>()),
            ])
        }
        fn ret() -> ::gtramp::__private::RetParam {
            ::gtramp::__private::RetParam::of::<
                Result<u64, Denied>,
            >(
                "Result<u64, Denied>",
                ::gtramp::__private::type_id_of::<fn(Result<u64, Denied>)>(),
            )
        }
        fn signature() -> ::core::option::Option<::core::any::TypeId> {
            ::core::option::Option::None
        }
        unsafe fn run(
            slots: *mut ::gtramp::__private::Slot,
        ) -> ::gtramp::__private::Slot {
            fn __borrows_nothing<T: 'static>(_: &T) {}
            #[inline(always)]
            fn __shim(p0: &Ledger, p1: u64) -> Result<u64, Denied> {
                let ret = no_fee(p0, p1);
                __borrows_nothing(&ret);
                ret
            }
            let p0 = unsafe { ::gtramp::__private::taken::<&Ledger>(slots, 0usize) };
            let p1 = unsafe { ::gtramp::__private::taken::<u64>(slots, 1usize) };
            let ret = __shim(p0, p1);
            unsafe { ::gtramp::__private::returned(slots, 2usize, ret) }
        }
    }
    impl no_fee {
        /// Puts it in the place of the functions its attribute selects.
        ///
        /// # Errors
        ///
        /// As the patch builder's `apply`.
        #[allow(dead_code)]
        pub fn apply() -> ::core::result::Result<
            ::gtramp::__private::Patch,
            ::gtramp::__private::Error,
        > {
            Self::patch().apply()
        }
        /// Begins a patch that puts it in the place of the functions its attribute selects.
        #[allow(dead_code)]
        #[must_use]
        pub fn patch() -> ::gtramp::__private::PatchBuilder {
            ::gtramp::__private::replacing(Self {})
        }
    }
};
