pub mod bank {
    //! Money.
    use std::fmt;
    #[cfg(any(clippy, doc))]
    async fn later() {}
    #[cfg(not(any(clippy, doc)))]
    fn later() -> impl ::core::future::Future<Output = ()> {
        ::gtramp::__private::Life::new(
            ::gtramp::__private::lives_0(
                || async move {
                    if let ::core::option::Option::Some(result) = ::core::option::Option::None::<
                        (),
                    > {
                        return result;
                    }
                    #[allow(unused_braces)]
                    let result: () = {};
                    #[allow(unreachable_code)] result
                },
                |_| (
                    const {
                        &::gtramp::__private::Source {
                            text: "async later()\n\n()",
                            module: ::core::module_path!(),
                            file: ::core::file!(),
                            line: ::core::line!(),
                            column: ::core::column!(),
                            ids: &[::gtramp::__private::type_id_of::<fn(())>],
                            promise: unsafe { ::gtramp::__private::Promise::new() },
                            signature: ::core::option::Option::None,
                        }
                    },
                    [
                        ::gtramp::__private::Shown::UNKNOWN,
                        ::gtramp::__private::Shown::UNKNOWN,
                    ],
                ),
            ),
        )
    }
    trait Account {
        fn balance(&self) -> u64;
        fn double(mut self) -> u64
        where
            Self: Sized,
        {
            #[cfg(not(any(clippy, doc)))]
            if let ::core::option::Option::Some(armed) = ::gtramp::__private::switched_1(
                &self,
                |mut __self| -> u64 { __self.balance() * 2 },
                ::gtramp::__private::Closure,
                |__a0, __r| (
                    const {
                        &::gtramp::__private::Source {
                            text: "double(self) -> u64\n\nself\nSelf\tSelf\nu64",
                            module: ::core::module_path!(),
                            file: ::core::file!(),
                            line: ::core::line!(),
                            column: ::core::column!(),
                            ids: &[
                                ::gtramp::__private::opaque,
                                ::gtramp::__private::type_id_of::<fn(u64)>,
                            ],
                            promise: unsafe { ::gtramp::__private::Promise::new() },
                            signature: ::core::option::Option::None,
                        }
                    },
                    [
                        __a0.__gtramp_shown(),
                        __r.__gtramp_shown(),
                        ::gtramp::__private::Shown::UNKNOWN,
                    ],
                ),
            ) {
                return armed(self);
            }
            self.balance() * 2
        }
    }
}
