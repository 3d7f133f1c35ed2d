#[allow(non_camel_case_types, clippy::exhaustive_structs)]
#[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
struct waive {}
/// The probe, for a link that has others.
#[allow(dead_code)]
#[inline]
fn waive() -> waive {
    waive {}
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
    fn waive(_ctx: &ModRet<'_>, ledger: &Ledger) -> std::ops::ControlFlow<u64> {
        std::ops::ControlFlow::Break(0)
    }
    impl ::gtramp::__private::Probe for waive {
        const NAME: &'static str = "waive";
        const MODULE: &'static str = ::core::module_path!();
        const PATTERNS: &'static [&'static str] = &["bank::Ledger::fee"];
    }
    #[allow(elided_lifetimes_in_paths, clippy::borrowed_box, clippy::too_many_arguments)]
    unsafe impl ::gtramp::__private::ModRetProbe for waive {
        const SLEEPABLE: bool = false;
        fn params() -> ::std::vec::Vec<::gtramp::__private::Param> {
            ::std::vec::Vec::from([
                ::gtramp::__private::Param::shared::<
                    Ledger,
                >(
                    "&Ledger",
                    ::gtramp::__private::type_id_of::<fn(Ledger)>(),
                    ::gtramp::__private::type_id_of::<fn(&Ledger)>(),
                    ::gtramp::__private::type_id_of::<fn(&mut Ledger)>(),
                ),
            ])
        }
        type Ret = u64;
        fn ret() -> ::gtramp::__private::RetParam {
            ::gtramp::__private::RetParam::of::<
                u64,
            >("u64", ::gtramp::__private::type_id_of::<fn(u64)>())
        }
        #[inline(always)]
        unsafe fn call(
            &self,
            ctx: &::gtramp::__private::ModRet<'_>,
        ) -> ::core::ops::ControlFlow<u64> {
            #[inline(always)]
            fn __shim(
                ctx: &::gtramp::__private::ModRet<'_>,
                p0: &Ledger,
            ) -> ::core::ops::ControlFlow<u64> {
                waive(ctx, p0)
            }
            __shim(
                ctx,
                unsafe { ::gtramp::__private::ModRet::shared::<Ledger>(ctx, 0usize) },
            )
        }
    }
    impl waive {
        /// Attaches the probe to the functions its attribute selects.
        ///
        /// # Errors
        ///
        /// As the link builder's `attach`.
        #[allow(dead_code)]
        fn attach() -> ::core::result::Result<
            ::gtramp::__private::Link,
            ::gtramp::__private::Error,
        > {
            Self::link().attach()
        }
        /// Begins a link of the probe with the functions its attribute selects.
        #[allow(dead_code)]
        #[must_use]
        fn link() -> ::gtramp::__private::LinkBuilder {
            ::gtramp::__private::mod_ret_link(Self {})
        }
    }
};
