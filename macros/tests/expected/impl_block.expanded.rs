impl<'a> Iterator for Parser<'a> {
    type Item = &'a str;
    fn next(&mut self) -> Option<Self::Item> {
        #[cfg(clippy)]
        let _ = crate::other::__private::MAX_ARGS;
        #[cfg(not(any(clippy, doc)))]
        if let ::core::option::Option::Some(armed) = crate::other::__private::switched_1(
            &self,
            |a0| -> Option<Self::Item> { <Self as Iterator>::next(a0) },
            crate::other::__private::Itself,
            |__a0, __r| (
                const {
                    &crate::other::__private::Source {
                        text: "next(&mut self) -> Option<Self::Item>\n\nself\n&mut Parser<'a>\nOption<Self::Item>",
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                        line: ::core::line!(),
                        column: ::core::column!(),
                        ids: &[
                            crate::other::__private::type_id_of::<fn(&mut Parser<'_>)>,
                            crate::other::__private::type_id_of::<fn(Option<&str>)>,
                        ],
                        promise: unsafe { crate::other::__private::Promise::new() },
                        signature: ::core::option::Option::None,
                    }
                },
                [__a0.__gtramp_shown(), __r.__gtramp_shown(), __r.__gtramp_variant()],
            ),
        ) {
            return armed(self);
        }
        {
            println!("{self} {}", self.0);
            self.advance()
        }
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, None)
    }
}
