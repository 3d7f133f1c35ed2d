//! Whether entries and switches are as they should be.

use crate::error::Error;
use crate::md::Md;
use crate::poke::{Found, verify};
use crate::site::Function;
use crate::sys;

use super::bind::list_of_functions;
use super::transaction::expected;

/// Under the transaction lock. Notes the sites that are to be armed anew, if the attach comes to that.
pub(super) fn verify_sites(
    function: &'static Function,
    mixed: &mut Vec<&'static Md>,
) -> Result<(), Error> {
    let before = mixed.len();
    for site in function.sites() {
        match verify(site, expected(site), function) {
            Ok(Found::AsExpected) => {}
            Ok(Found::Mixed { .. }) => {
                if let Some(md) = Md::existing(site.data()) {
                    sys::push(mixed, md).map_err(list_of_functions)?;
                }
            }
            Err(modified) => {
                mixed.truncate(before);
                return Err(modified);
            }
        }
    }
    Ok(())
}
