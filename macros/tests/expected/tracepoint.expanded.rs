fn main() {
    {
        #[cfg(
            all(
                target_os = "linux",
                any(target_arch = "x86_64", target_arch = "aarch64"),
                not(miri)
            )
        )]
        unsafe {
            ::core::arch::asm!(
                "990: nop", ".pushsection .note.stapsdt, \"?\", %note", ".balign 4",
                ".4byte 992f - 991f, 994f - 993f, 3", "991: .asciz \"stapsdt\"",
                "992: .balign 4", "993: .8byte 990b, _.stapsdt.base, 0",
                ".asciz \"gtramp\"", ".asciz \"posted\"", ".asciz \"\"",
                "994: .balign 4", ".popsection", ".ifndef _.stapsdt.base",
                ".pushsection .stapsdt.base, \"aG\", %progbits, .stapsdt.base, comdat",
                ".weak _.stapsdt.base", ".hidden _.stapsdt.base",
                "_.stapsdt.base: .space 1", ".size _.stapsdt.base, 1", ".popsection",
                ".endif", options(nomem, nostack, preserves_flags),
            );
        }
        ::gtramp::__private::tracepoint_2(
            || -> (&str, u64) { (&self.name, amount) },
            |_, _| {},
            |__a0, __a1, _| (
                const {
                    &::gtramp::__private::Source {
                        text: "tracepoint posted(account: &str, amount: u64)\n\naccount\n&str\namount\nu64\n()",
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                        line: ::core::line!(),
                        column: ::core::column!(),
                        ids: &[
                            ::gtramp::__private::type_id_of::<fn(&str)>,
                            ::gtramp::__private::type_id_of::<fn(u64)>,
                            ::gtramp::__private::type_id_of::<fn(())>,
                        ],
                        promise: unsafe { ::gtramp::__private::Promise::new() },
                        signature: ::core::option::Option::None,
                    }
                },
                [
                    __a0.__gtramp_shown(),
                    __a1.__gtramp_shown(),
                    ::gtramp::__private::Shown::UNIT,
                    ::gtramp::__private::Shown::UNKNOWN,
                ],
            ),
        )
    }
}
