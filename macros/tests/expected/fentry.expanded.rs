/// Sees everything.
#[cfg(unix)]
#[allow(non_camel_case_types, clippy::exhaustive_structs)]
#[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
pub(crate) struct audit {}
#[cfg(unix)]
/// The probe, for a link that has others.
#[allow(dead_code)]
#[inline]
pub(crate) fn audit() -> audit {
    audit {}
}
#[cfg(unix)]
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
    #[allow(unused_variables)]
    fn audit<'a>(ctx: &Entry, from: u32, View(to): &'a View<'a>, by: Option<&'a str>) {
        log(ctx);
    }
    impl ::gtramp::__private::Probe for audit {
        const NAME: &'static str = "audit";
        const MODULE: &'static str = ::core::module_path!();
        const PATTERNS: &'static [&'static str] = &["bank::**", "!bank::audit::*"];
    }
    #[allow(elided_lifetimes_in_paths, clippy::borrowed_box, clippy::too_many_arguments)]
    unsafe impl ::gtramp::__private::EntryProbe for audit {
        const SLEEPABLE: bool = true;
        fn params() -> ::std::vec::Vec<::gtramp::__private::Param> {
            ::std::vec::Vec::from([
                ::gtramp::__private::Param::value::<
                    u32,
                >("u32", ::gtramp::__private::type_id_of::<fn(u32)>()),
                ::gtramp::__private::Param::shared::<
                    View<'_>,
                >(
                    "&'a View<'a>",
                    ::gtramp::__private::type_id_of::<fn(View<'_>)>(),
                    ::gtramp::__private::type_id_of::<fn(&View<'_>)>(),
                    ::gtramp::__private::type_id_of::<fn(&mut View<'_>)>(),
                ),
                ::gtramp::__private::Param::value::<
                    Option<&str>,
                >(
                    "Option<&'a str>",
                    ::gtramp::__private::type_id_of::<fn(Option<&str>)>(),
                ),
            ])
        }
        #[inline(always)]
        unsafe fn call(&self, ctx: &::gtramp::__private::Entry<'_>) {
            #[inline(always)]
            fn __shim(
                ctx: &::gtramp::__private::Entry<'_>,
                p0: u32,
                p1: &View<'_>,
                p2: Option<&str>,
            ) {
                audit(ctx, p0, p1, p2)
            }
            __shim(
                ctx,
                unsafe { ::gtramp::__private::Entry::value::<u32>(ctx, 0usize) },
                unsafe { ::gtramp::__private::Entry::shared::<View<'_>>(ctx, 1usize) },
                unsafe { ::gtramp::__private::Entry::value::<Option<&str>>(ctx, 2usize) },
            )
        }
    }
    impl audit {
        /// Attaches the probe to the functions its attribute selects.
        ///
        /// # Errors
        ///
        /// As the link builder's `attach`.
        #[allow(dead_code)]
        pub(crate) fn attach() -> ::core::result::Result<
            ::gtramp::__private::Link,
            ::gtramp::__private::Error,
        > {
            Self::link().attach()
        }
        /// Begins a link of the probe with the functions its attribute selects.
        #[allow(dead_code)]
        #[must_use]
        pub(crate) fn link() -> ::gtramp::__private::LinkBuilder {
            ::gtramp::__private::entry_link(Self {})
        }
    }
};
