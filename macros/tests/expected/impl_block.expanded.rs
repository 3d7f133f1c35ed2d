impl<'a> Iterator for Parser<'a> {
    type Item = &'a str;
    fn next(&mut self) -> Option<Self::Item> {
        crate::other::__private::call_1(
            || const {
                &crate::other::__private::Source {
                    name: "next",
                    module: ::core::module_path!(),
                    file: ::core::file!(),
                    line: ::core::line!(),
                    column: ::core::column!(),
                    signature: "next(&mut self) -> Option<Self::Item>",
                    generics: &[],
                    args: &[
                        crate::other::__private::ArgSource {
                            name: "self",
                            ty: "&mut Parser<'a>",
                            id: ::core::option::Option::Some(
                                crate::other::__private::type_id_of::<fn(&mut Parser<'_>)>,
                            ),
                        },
                    ],
                    ret: crate::other::__private::RetSource {
                        ty: "Option<Self::Item>",
                        id: ::core::option::Option::Some(
                            crate::other::__private::type_id_of::<fn(Option<&str>)>,
                        ),
                    },
                }
            },
            self,
            |__self| -> Option<Self::Item> {
                println!("{__self} {}", __self.0);
                __self.advance()
            },
        )
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, None)
    }
}
