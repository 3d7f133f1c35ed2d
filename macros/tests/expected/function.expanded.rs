#[cfg(any(clippy, doc))]
/// Finds.
#[must_use]
pub unsafe fn pick<'a, T: Into<u8>, const N: usize>(
    mut hay: &'a str,
    (a, _): (&'static [u8; N], T),
    #[allow(unused_variables)]
    more: impl Fn(&str),
) -> Option<impl Iterator<Item = &'a u8>>
where
    T: Copy,
{
    #![allow(dead_code)]
    hay = hay.trim();
    None
}
#[cfg(not(any(clippy, doc)))]
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
        hay,
        __arg1,
        more,
        |mut hay, (a, _), #[allow(unused_variables)] more| -> Option<_> {
            hay = hay.trim();
            None
        },
        |__a0, __a1, __a2, _| (
            const {
                &::gtramp::__private::Source {
                    text: "pick<'a, T: Into<u8>, const N: usize>(hay: &'a str, (a, _): (&'static [u8; N], T), more: impl Fn(&str)) -> Option<impl Iterator<Item = &'a u8>>\nT, N\nhay\n&'a str\n(a, _)\n(&'static [u8; N], T)\tT\nmore\nimpl Fn(&str)\timpl\nOption<impl Iterator<Item = &'a u8>>\timpl",
                    module: ::core::module_path!(),
                    file: ::core::file!(),
                    line: ::core::line!(),
                    column: ::core::column!(),
                    ids: &[
                        ::gtramp::__private::type_id_of::<fn(&str)>,
                        ::gtramp::__private::opaque,
                        ::gtramp::__private::opaque,
                        ::gtramp::__private::opaque,
                    ],
                    promise: unsafe { ::gtramp::__private::Promise::new() },
                    signature: ::core::option::Option::None,
                }
            },
            [
                __a0.__gtramp_shown(),
                __a1.__gtramp_shown(),
                __a2.__gtramp_shown(),
                ::gtramp::__private::Shown::UNKNOWN,
                ::gtramp::__private::Shown::UNKNOWN,
            ],
        ),
    )
}
