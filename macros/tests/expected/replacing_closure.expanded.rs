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
        let boxed: ::std::boxed::Box<dyn Fn(&Ledger, u64) -> u64 + Send + Sync> = ::std::boxed::Box::new(move |
            ledger,
            amount|
        { ledger.fee.min(limit) + amount });
        #[allow(
            clippy::borrowed_box,
            clippy::type_complexity,
            clippy::too_many_arguments
        )]
        let run: unsafe fn(
            *const (),
            *mut ::gtramp::__private::Slot,
        ) -> ::gtramp::__private::Slot = |closure, slots| {
            let shim: fn(
                *const ::std::boxed::Box<dyn Fn(&Ledger, u64) -> u64 + Send + Sync>,
                &Ledger,
                u64,
            ) -> u64 = |closure, p0, p1| {
                let closure = unsafe { &*closure };
                let ret = closure(p0, p1);
                ::gtramp::__private::borrows_nothing(&ret);
                ret
            };
            let p0 = unsafe { ::gtramp::__private::taken::<&Ledger>(slots, 0usize) };
            let p1 = unsafe { ::gtramp::__private::taken::<u64>(slots, 1usize) };
            let ret = shim(closure.cast(), p0, p1);
            unsafe { ::gtramp::__private::returned(slots, 2usize, ret) }
        };
        let (params, ret) = (
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
        );
        unsafe {
            ::gtramp::__private::replacing_by(
                boxed,
                params,
                ret,
                ::core::option::Option::None,
                run,
            )
        }
    }
}
