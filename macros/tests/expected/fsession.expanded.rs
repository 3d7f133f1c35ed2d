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
impl Latency {
    pub(crate) fn entry(_: &Entry, from: u32) -> Option<Instant> {
        (from > 0).then(Instant::now)
    }
    fn exit(ctx: &Exit, begun: Instant, from: u32, ret: &Result<u64, Denied<'_>>) {
        Self::log(ctx, begun.elapsed(), from, ret.is_ok());
    }
    fn log(ctx: &Exit, time: Duration, from: u32, ok: bool) {
        println!("{ctx:?} {time:?} {from} {ok}");
    }
}
const _: () = {
    #[derive(::core::clone::Clone, ::core::marker::Copy)]
    struct __Session {}
    impl ::gtramp::__private::Probe for __Session {
        const NAME: &'static str = "Latency";
        const MODULE: &'static str = ::core::module_path!();
        const PATTERNS: &'static [&'static str] = &["bank::transfer"];
    }
    #[allow(elided_lifetimes_in_paths, clippy::borrowed_box, clippy::too_many_arguments)]
    unsafe impl ::gtramp::__private::SessionEntry<()> for __Session {
        type State = Instant;
        fn params() -> ::std::vec::Vec<::gtramp::__private::Param> {
            ::std::vec::Vec::from([
                ::gtramp::__private::Param::value::<
                    u32,
                >("u32", ::gtramp::__private::type_id_of::<fn(u32)>()),
            ])
        }
        #[inline(always)]
        unsafe fn call(
            &self,
            ctx: &::gtramp::__private::Entry<'_>,
        ) -> ::core::option::Option<Instant> {
            #[inline(always)]
            fn __shim(
                ctx: &::gtramp::__private::Entry<'_>,
                p0: u32,
            ) -> ::core::option::Option<Instant> {
                Latency::entry(ctx, p0)
            }
            __shim(ctx, unsafe { ::gtramp::__private::Entry::value::<u32>(ctx, 0usize) })
        }
    }
    #[allow(elided_lifetimes_in_paths, clippy::borrowed_box, clippy::too_many_arguments)]
    unsafe impl ::gtramp::__private::SessionExit<Instant, ()> for __Session {
        fn params() -> ::std::vec::Vec<::gtramp::__private::Param> {
            ::std::vec::Vec::from([
                ::gtramp::__private::Param::value::<
                    u32,
                >("u32", ::gtramp::__private::type_id_of::<fn(u32)>()),
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
        unsafe fn call(&self, ctx: &::gtramp::__private::Exit<'_>, state: Instant) {
            #[inline(always)]
            fn __shim(
                ctx: &::gtramp::__private::Exit<'_>,
                state: Instant,
                p0: u32,
                ret: &Result<u64, Denied<'_>>,
            ) {
                fn __borrows_nothing<T: 'static>(_: &T) {}
                __borrows_nothing(&p0);
                Latency::exit(ctx, state, p0, ret)
            }
            let ::core::option::Option::Some(ret) = (unsafe {
                ::gtramp::__private::Exit::returned::<Result<u64, Denied<'_>>>(ctx)
            }) else {
                return;
            };
            __shim(
                ctx,
                state,
                unsafe { ::gtramp::__private::Exit::value::<u32>(ctx, 0usize) },
                ret,
            )
        }
    }
    impl Latency {
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
            ::gtramp::__private::session_link(__Session {}).sleepable(true)
        }
    }
};
