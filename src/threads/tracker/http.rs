//! An announce, or a question for figures, over HTTP or HTTPS. What a tracker can do to us is
//! bounded: time, redirects, the head, and the body after decompression.

use crate::id::InfoHash;
use crate::limits::{TRACKER_REDIRECTS_MAX, TRACKER_REPLY_MAX};
use crate::threads::tracker::outcome::{Failure, in_seconds};
use crate::tracker::announce::{AnnounceReply, AnnounceRequest, ScrapeFigures};
use crate::tracker::http_query;
use crate::tracker::http_reply::{self, ReplyError};
use crate::tracker::scrape;
use crate::tracker::url::TrackerUrl;
use std::io::{self, Read};
use std::time::Duration;
use ureq::{Agent, Error};

/// Announces.
pub fn announce(
    agent: &Agent,
    url: &TrackerUrl,
    request: &AnnounceRequest,
    patience: Duration,
) -> Result<AnnounceReply, Failure> {
    let (status, body) = get(agent, url, &http_query::encode(request), patience)?;
    match http_reply::parse(&body) {
        Ok(reply) if (200..300).contains(&status) => Ok(reply),
        // Some trackers put their reason into the body of an error.
        Err(ReplyError::Refused(refusal)) => Err(Failure::refused(refusal)),
        Ok(_) | Err(_) if !(200..300).contains(&status) => {
            Err(Failure::new(format!("the server answers with HTTP status {status}")))
        }
        Ok(_) => Err(Failure::new("the answer is not a tracker's")),
        Err(error) => Err(Failure::new(error)),
    }
}

/// Asks for the figures of one torrent, at the address that [`TrackerUrl::scrape`] gives (BEP 48).
pub fn scrape(
    agent: &Agent,
    url: &TrackerUrl,
    hash: InfoHash,
    patience: Duration,
) -> Result<ScrapeFigures, Failure> {
    let (status, body) = get(agent, url, &scrape::encode_query(&[hash]), patience)?;
    match (scrape::parse(&body, hash), (200..300).contains(&status)) {
        (Ok(Some(figures)), true) => Ok(figures),
        (Ok(None), true) => Err(Failure::new("it does not know the torrent")),
        (Err(ReplyError::Refused(refusal)), _) => Err(Failure::refused(refusal)),
        (Ok(_) | Err(_), false) => {
            Err(Failure::new(format!("the server answers with HTTP status {status}")))
        }
        (Err(ReplyError::Nothing), true) => Err(Failure::new("the answer has no figures")),
        (Err(error), true) => Err(Failure::new(error)),
    }
}

/// The status and body of an answer to these parameters.
pub fn get(
    agent: &Agent,
    url: &TrackerUrl,
    parameters: &str,
    patience: Duration,
) -> Result<(u16, Vec<u8>), Failure> {
    let asked = agent.get(url.with_parameters(parameters)).call();
    let mut response = asked.map_err(|error| explain(&error, patience))?;
    let mut body = Vec::new();
    // Counted behind the decompression: a limit of the agent's own would count what comes in.
    let mut reader = response.body_mut().as_reader().take(TRACKER_REPLY_MAX as u64 + 1);
    reader.read_to_end(&mut body).map_err(|error| explain(&Error::from(error), patience))?;
    if body.len() > TRACKER_REPLY_MAX {
        return Err(Failure::new(format!("the answer is longer than {TRACKER_REPLY_MAX} bytes")));
    }
    Ok((response.status().as_u16(), body))
}

/// An error in words without the address, which may hold the user's key.
#[expect(clippy::wildcard_enum_match_arm, reason = "the list is ureq's, and grows")]
fn explain(error: &Error, patience: Duration) -> Failure {
    match error {
        Error::Timeout(_) => Failure::new(format!("no answer in {} s", in_seconds(patience))),
        Error::HostNotFound => Failure::absent("its host is not found"),
        Error::TooManyRedirects => {
            Failure::new(format!("it redirects more than {TRACKER_REDIRECTS_MAX} times"))
        }
        Error::RedirectFailed => Failure::new("it redirects into a network of our own"),
        Error::BadUri(_) | Error::Http(_) => Failure::new("it redirects to what is no address"),
        Error::Decompress(_, _) => Failure::new("the answer's compression is damaged"),
        Error::BodyExceedsLimit(limit) => {
            Failure::new(format!("the answer is longer than {limit} bytes"))
        }
        Error::LargeResponseHeader(_, _) => Failure::new("the answer's head is too long"),
        Error::Io(error) => explain_io(error),
        Error::ConnectionFailed => Failure::new("nobody listens at its port"),
        Error::Protocol(_) | Error::BodyStalled => Failure::new("the answer is no HTTP"),
        Error::Tls(_) | Error::Rustls(_) => Failure::new(format!("TLS fails: {error}")),
        // Its own words could hold the address.
        _ => Failure::new("the request cannot be made"),
    }
}

/// An error of the connection in words.
#[expect(clippy::wildcard_enum_match_arm, reason = "the list is the library's, and grows")]
fn explain_io(error: &io::Error) -> Failure {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, InvalidData,
        UnexpectedEof,
    };
    match error.kind() {
        ConnectionRefused => Failure::new("nobody listens at its port"),
        ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof => {
            Failure::new("it closes the connection before its answer ends")
        }
        // So errors of TLS come, certificates that nobody trusts above all.
        InvalidData => Failure::new(format!("TLS fails: {error}")),
        _ => Failure::new(format!("the network fails: {error}")),
    }
}
