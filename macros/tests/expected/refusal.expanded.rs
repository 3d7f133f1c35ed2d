pub mod bank {
    //! Money.
    use std::fmt;
    async fn later() {}
    trait Account {
        fn balance(&self) -> u64;
        fn double(mut self) -> u64
        where
            Self: Sized,
        {
            #[cfg(not(any(clippy, doc)))]
            if let ::core::option::Option::Some(armed) = ::gtramp::__private::switched_1(
                || const {
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
                    }
                },
                &self,
                |mut __self| -> u64 { __self.balance() * 2 },
                ::gtramp::__private::Closure,
            ) {
                return armed(self);
            }
            self.balance() * 2
        }
    }
}
::core::compile_error! {
    "an `async fn` cannot be traced yet: a call of it only makes the future, its body runs later; put `#[traceable(skip)]` on it to leave it out"
}
