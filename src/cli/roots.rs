//! Whom the certificates of HTTPS trackers may be signed by, as `--tracker-ca` says.

use crate::cli::failure::Failure;
use crate::client::Roots;
use crate::limits::CERTIFICATES_MAX;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The authorities that the file of `--tracker-ca` names, or those that browsers trust.
pub(super) fn roots(file: Option<&Path>) -> Result<Roots, Failure> {
    let Some(path) = file else { return Ok(Roots::default()) };
    let failed = |error: io::Error| {
        Failure::new(format!("cannot read the certificates: {error}"))
            .at(path.display())
            .advise("give a file of certificates (PEM) to --tracker-ca")
    };
    let mut pem = Vec::new();
    File::open(path)
        .and_then(|file| file.take(CERTIFICATES_MAX).read_to_end(&mut pem))
        .map_err(failed)?;
    Roots::from_pem(&pem).map_err(|error| {
        Failure::new(error).at(path.display()).advise("give a file of certificates to --tracker-ca")
    })
}
