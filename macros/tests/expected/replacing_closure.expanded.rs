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
            dyn ::core::ops::Fn(
                &Ledger,
                u64,
            ) -> u64 + ::core::marker::Send + ::core::marker::Sync,
        > = ::std::boxed::Box::new(move |ledger, amount| {
            ledger.fee.min(limit) + amount
        });
        #[allow(
            clippy::borrowed_box,
            clippy::type_complexity,
            clippy::too_many_arguments
        )]
        let __gtramp_run: unsafe fn(
            *const (),
            *mut ::gtramp::__private::Slot,
        ) -> ::gtramp::__private::Slot = |__gtramp_closure, __gtramp_slots| {
            let __gtramp_shim: fn(
                *const ::std::boxed::Box<
                    dyn ::core::ops::Fn(
                        &Ledger,
                        u64,
                    ) -> u64 + ::core::marker::Send + ::core::marker::Sync,
                >,
                &Ledger,
                u64,
            ) -> u64 = |__gtramp_closure, p0, p1| {
                let __gtramp_closure = unsafe { &*__gtramp_closure };
                let __gtramp_ret = __gtramp_closure(p0, p1);
                ::gtramp::__private::borrows_nothing(&__gtramp_ret);
                __gtramp_ret
            };
            let p0 = unsafe {
                ::gtramp::__private::taken::<&Ledger>(__gtramp_slots, 0usize)
            };
            let p1 = unsafe {
                ::gtramp::__private::taken::<u64>(__gtramp_slots, 1usize)
            };
            let __gtramp_ret = __gtramp_shim(__gtramp_closure.cast(), p0, p1);
            unsafe {
                ::gtramp::__private::returned(__gtramp_slots, 2usize, __gtramp_ret)
            }
        };
        unsafe {
            ::gtramp::__private::replacing_by(
                __gtramp_boxed,
                ::std::vec::Vec::from([
                    ::gtramp::__private::Param::moved::<
                        &Ledger,
                    >("&Ledger", ::gtramp::__private::type_id_of::<fn(&Ledger)>()),
                    ::gtramp::__private::Param::moved::<
                        u64,
                    >("u64", ::gtramp::__private::type_id_of::<fn(u64)>()),
                ]),
                ::gtramp::__private::RetParam::of::<
                    u64,
                >("u64", ::gtramp::__private::type_id_of::<fn(u64)>()),
                ::core::option::Option::None,
                __gtramp_run,
            )
        }
    }
}
