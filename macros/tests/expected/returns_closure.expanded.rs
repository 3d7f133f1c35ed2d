#[inline]
fn compare<'a, T: Ord, K>(key: &'a K) -> impl Fn(&T, &'a K) -> Ordering + use<'a, T, K> {
    ::gtramp::__private::call_1(
        || const {
            &::gtramp::__private::Source {
                name: "compare",
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: ::core::line!(),
                column: ::core::column!(),
                signature: "compare<'a, T: Ord, K>(key: &'a K) -> impl Fn(&T, &'a K) -> Ordering + use<'a, T, K>",
                generics: &["T", "K"],
                args: &[
                    ::gtramp::__private::ArgSource {
                        name: "key",
                        ty: "&'a K",
                        id: ::core::option::Option::None,
                    },
                ],
                ret: ::gtramp::__private::RetSource {
                    ty: "impl Fn(&T, &'a K) -> Ordering + use<'a, T, K>",
                    id: ::core::option::Option::None,
                },
            }
        },
        key,
        #[allow(unused_braces, unreachable_code)]
        |key| -> _ {
            fn __hint<'a, T, K, __F: Fn(&T, &'a K) -> Ordering>(result: __F) -> __F {
                result
            }
            __hint::<T, K, _>({ move |a, b| a.cmp(b) })
        },
    )
}
