#[traceable]
/// Finds.
#[must_use]
pub unsafe fn pick<'a, T: Into<u8>, const N: usize>(
    mut hay: &'a str,
    (a, _): (&'static [u8; N], T),
    #[allow(unused_variables)] more: impl Fn(&str),
) -> Option<impl Iterator<Item = &'a u8>>
where
    T: Copy,
{
    #![allow(dead_code)]
    hay = hay.trim();
    None
}
