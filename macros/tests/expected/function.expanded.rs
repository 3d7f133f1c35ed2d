/// Finds.
#[must_use]
#[allow(dead_code)]
pub unsafe fn pick<'a, T: Into<u8>, const N: usize>(
    hay: &'a str,
    __arg1: (&'static [u8; N], T),
    more: impl Fn(&str),
) -> Option<impl Iterator<Item = &'a u8>>
where
    T: Copy,
{
    ::gtramp::__private::call_3(
        || const {
            &::gtramp::__private::Source {
                name: "pick",
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: ::core::line!(),
                column: ::core::column!(),
                signature: "pick<'a, T: Into<u8>, const N: usize>(hay: &'a str, (a, _): (&'static [u8; N], T), more: impl Fn(&str)) -> Option<impl Iterator<Item = &'a u8>>",
                generics: &["T", "N"],
                args: &[
                    ::gtramp::__private::ArgSource {
                        name: "hay",
                        ty: "&'a str",
                        id: ::core::option::Option::Some(
                            ::gtramp::__private::type_id_of::<fn(&str)>,
                        ),
                    },
                    ::gtramp::__private::ArgSource {
                        name: "(a, _)",
                        ty: "(&'static [u8; N], T)",
                        id: ::core::option::Option::None,
                    },
                    ::gtramp::__private::ArgSource {
                        name: "more",
                        ty: "impl Fn(&str)",
                        id: ::core::option::Option::None,
                    },
                ],
                ret: ::gtramp::__private::RetSource {
                    ty: "Option<impl Iterator<Item = &'a u8>>",
                    id: ::core::option::Option::None,
                },
            }
        },
        hay,
        __arg1,
        more,
        #[allow(unused_unsafe)]
        |mut hay, (a, _), #[allow(unused_variables)] more| -> Option<_> {
            unsafe {
                hay = hay.trim();
                None
            }
        },
    )
}
