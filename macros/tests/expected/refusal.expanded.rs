pub mod bank {
    //! Money.
    use std::fmt;
    async fn later() {}
    trait Account {
        fn balance(&self) -> u64;
        fn double(self) -> u64
        where
            Self: Sized,
        {
            ::gtramp::__private::call_1(
                || const {
                    &::gtramp::__private::Source {
                        name: "double",
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                        line: ::core::line!(),
                        column: ::core::column!(),
                        signature: "double(self) -> u64",
                        generics: &[],
                        args: &[
                            ::gtramp::__private::ArgSource {
                                name: "self",
                                ty: "Self",
                                id: ::core::option::Option::None,
                            },
                        ],
                        ret: ::gtramp::__private::RetSource {
                            ty: "u64",
                            id: ::core::option::Option::Some(
                                ::gtramp::__private::type_id_of::<fn(u64)>,
                            ),
                        },
                    }
                },
                self,
                |mut __self| -> u64 { __self.balance() * 2 },
            )
        }
    }
}
::core::compile_error! {
    "an `async fn` cannot be traced yet: a call of it only makes the future, its body runs later; put `#[traceable(skip)]` on it to leave it out"
}
