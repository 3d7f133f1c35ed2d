fn main() {
    {
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
        #[allow(clippy::type_complexity)]
        let __gtramp_boxed: ::std::boxed::Box<
            dyn for<'__gtramp_t> ::core::ops::Fn(
                &'__gtramp_t str,
                &str,
            ) -> &'__gtramp_t str + ::core::marker::Send + ::core::marker::Sync,
        > = ::std::boxed::Box::new(|one, _| { one });
        #[allow(
            clippy::borrowed_box,
            clippy::type_complexity,
            clippy::too_many_arguments
        )]
        let __gtramp_run: unsafe fn(
            *const (),
            *mut ::gtramp::__private::Slot,
        ) -> ::gtramp::__private::Slot = |__gtramp_closure, __gtramp_slots| {
            let __gtramp_closure = unsafe {
                &*__gtramp_closure
                    .cast::<
                        ::std::boxed::Box<
                            dyn for<'__gtramp_t> ::core::ops::Fn(
                                &'__gtramp_t str,
                                &str,
                            ) -> &'__gtramp_t str + ::core::marker::Send + ::core::marker::Sync,
                        >,
                    >()
            };
            let p0 = unsafe { ::gtramp::__private::taken::<_>(__gtramp_slots, 0usize) };
            let p1 = unsafe { ::gtramp::__private::taken::<_>(__gtramp_slots, 1usize) };
            let __gtramp_ret = __gtramp_closure(p0, p1);
            unsafe {
                ::gtramp::__private::returned(__gtramp_slots, 2usize, __gtramp_ret)
            }
        };
        unsafe {
            ::gtramp::__private::replacing_by(
                __gtramp_boxed,
                ::std::vec::Vec::from([
                    ::gtramp::__private::Param::moved::<
                        &str,
                    >("&'t str", ::gtramp::__private::type_id_of::<fn(&str)>()),
                    ::gtramp::__private::Param::moved::<
                        &str,
                    >("&str", ::gtramp::__private::type_id_of::<fn(&str)>()),
                ]),
                ::gtramp::__private::RetParam::of::<
                    &str,
                >("&'t str", ::gtramp::__private::type_id_of::<fn(&str)>()),
                ::core::option::Option::Some(
                    ::gtramp::__private::type_id_of::<
                        for<'__gtramp_t> fn(&'__gtramp_t str, &str) -> &'__gtramp_t str,
                    >(),
                ),
                __gtramp_run,
            )
        }
    }
}
