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
        let boxed: ::std::boxed::Box<
            dyn for<'__gtramp_t> Fn(
                &'__gtramp_t str,
                &str,
            ) -> &'__gtramp_t str + Send + Sync,
        > = ::std::boxed::Box::new(|one, _| { one });
        #[allow(
            clippy::borrowed_box,
            clippy::type_complexity,
            clippy::too_many_arguments
        )]
        let run: unsafe fn(
            *const (),
            *mut ::gtramp::__private::Slot,
        ) -> ::gtramp::__private::Slot = |closure, slots| {
            let closure = unsafe {
                &*closure
                    .cast::<
                        ::std::boxed::Box<
                            dyn for<'__gtramp_t> Fn(
                                &'__gtramp_t str,
                                &str,
                            ) -> &'__gtramp_t str + Send + Sync,
                        >,
                    >()
            };
            let p0 = unsafe { ::gtramp::__private::taken::<_>(slots, 0usize) };
            let p1 = unsafe { ::gtramp::__private::taken::<_>(slots, 1usize) };
            let ret = closure(p0, p1);
            unsafe { ::gtramp::__private::returned(slots, 2usize, ret) }
        };
        let (params, ret) = (
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
        );
        unsafe {
            ::gtramp::__private::replacing_by(
                boxed,
                params,
                ret,
                ::core::option::Option::Some(
                    ::gtramp::__private::type_id_of::<
                        for<'__gtramp_t> fn(&'__gtramp_t str, &str) -> &'__gtramp_t str,
                    >(),
                ),
                run,
            )
        }
    }
}
