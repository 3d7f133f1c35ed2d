#[traceable]
pub mod bank {
    //! Money.
    use std::fmt;

    async fn later() {}

    trait Account {
        fn balance(&self) -> u64;
        fn double(mut self) -> u64
        where
            Self: Sized,
        {
            self.balance() * 2
        }
    }
}
