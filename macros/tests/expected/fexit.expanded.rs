#[allow(non_camel_case_types, clippy::exhaustive_structs)]
#[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
struct denied {}
/// The probe, for a link that has others.
#[allow(dead_code)]
#[inline]
fn denied() -> denied {
    denied {}
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
    fn denied(_: &Exit, from: u32, at: *mut Ledger<'_>, ret: &Result<u64, Denied<'_>>) {
        log(from, ret);
    }
    impl ::gtramp::__private::Probe for denied {
        const NAME: &'static str = "denied";
        const MODULE: &'static str = ::core::module_path!();
        const PATTERNS: &'static [&'static str] = &[];
    }
    #[allow(elided_lifetimes_in_paths, clippy::borrowed_box, clippy::too_many_arguments)]
    unsafe impl ::gtramp::__private::ExitProbe for denied {
        const SLEEPABLE: bool = false;
        fn params() -> ::std::vec::Vec<::gtramp::__private::Param> {
            ::std::vec::Vec::from([
                ::gtramp::__private::Param::value::<
                    u32,
                >("u32", ::gtramp::__private::type_id_of::<fn(u32)>()),
                ::gtramp::__private::Param::pointer::<
                    Ledger<'_>,
                >(
                    "*mut Ledger<'_>",
                    ::gtramp::__private::type_id_of::<fn(*const Ledger<'_>)>(),
                    ::gtramp::__private::type_id_of::<fn(*mut Ledger<'_>)>(),
                    ::gtramp::__private::type_id_of::<fn(&Ledger<'_>)>(),
                    ::gtramp::__private::type_id_of::<fn(&mut Ledger<'_>)>(),
                ),
            ])
        }
        const RET_IN_SLOT: ::core::option::Option<bool> = ::core::option::Option::Some(
            ::gtramp::__private::Slot::holds::<Result<u64, Denied<'_>>>(),
        );
        fn ret() -> ::core::option::Option<::gtramp::__private::RetParam> {
            ::core::option::Option::Some(
                ::gtramp::__private::RetParam::of::<
                    Result<u64, Denied<'_>>,
                >(
                    "Result<u64, Denied<'_>>",
                    ::gtramp::__private::type_id_of::<fn(Result<u64, Denied<'_>>)>(),
                ),
            )
        }
        #[inline(always)]
        unsafe fn call(&self, ctx: &::gtramp::__private::Exit<'_>) {
            #[inline(always)]
            fn __shim(
                ctx: &::gtramp::__private::Exit<'_>,
                p0: u32,
                p1: *mut Ledger<'_>,
                ret: &Result<u64, Denied<'_>>,
            ) {
                fn __borrows_nothing<T: 'static>(_: &T) {}
                __borrows_nothing(&p0);
                denied(ctx, p0, p1, ret)
            }
            let ::core::option::Option::Some(ret) = (unsafe {
                ::gtramp::__private::Exit::returned::<Result<u64, Denied<'_>>>(ctx)
            }) else {
                return;
            };
            __shim(
                ctx,
                unsafe { ::gtramp::__private::Exit::value::<u32>(ctx, 0usize) },
                unsafe {
                    ::gtramp::__private::Exit::pointer::<Ledger<'_>>(ctx, 1usize)
                        as *mut Ledger<'_>
                },
                ret,
            )
        }
    }
    impl denied {
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
            ::gtramp::__private::exit_link(Self {})
        }
    }
};
