#[cfg(any(clippy, doc))]
fn compare<'a, T: Ord, K>(key: &'a K) -> impl Fn(&T, &'a K) -> Ordering + use<'a, T, K> {
    move |a, b| a.cmp(b)
}
#[cfg(not(any(clippy, doc)))]
fn compare<'a, T: Ord, K>(key: &'a K) -> impl Fn(&T, &'a K) -> Ordering + use<'a, T, K> {
    ::gtramp::__private::call_1(
        key,
        #[allow(unused_braces, unreachable_code)]
        |key| -> _ {
            fn __hint<'a, T, K, __F: Fn(&T, &'a K) -> Ordering>(result: __F) -> __F {
                result
            }
            __hint::<T, K, _>({ move |a, b| a.cmp(b) })
        },
        |__a0, _| (
            const {
                &::gtramp::__private::Source {
                    text: "compare<'a, T: Ord, K>(key: &'a K) -> impl Fn(&T, &'a K) -> Ordering + use<'a, T, K>\nT, K\nkey\n&'a K\tK\nimpl Fn(&T, &'a K) -> Ordering + use<'a, T, K>\timpl",
                    module: ::core::module_path!(),
                    file: ::core::file!(),
                    line: ::core::line!(),
                    column: ::core::column!(),
                    ids: &[::gtramp::__private::opaque, ::gtramp::__private::opaque],
                    promise: unsafe { ::gtramp::__private::Promise::new() },
                    signature: ::core::option::Option::None,
                }
            },
            [
                __a0.__gtramp_shown(),
                ::gtramp::__private::Shown::UNKNOWN,
                ::gtramp::__private::Shown::UNKNOWN,
            ],
        ),
    )
}
