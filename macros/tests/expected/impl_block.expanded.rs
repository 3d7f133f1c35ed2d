impl<'a> Iterator for Parser<'a> {
    type Item = &'a str;
    fn next(&mut self) -> Option<Self::Item> {
        crate::other::__private::call_1(
            || {
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
