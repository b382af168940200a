//! Trackers: what is said to them and by them, and when. A pure core; sockets and names are with
//! `threads::tracker`, the rhythm's clock with `threads::discover`.
//!
//! The codecs know both sides: what a client sends can be read, what a tracker answers written.
//!
//! - [`url`]: the address of a tracker, checked
//! - [`announce`]: the words of an announce and of its answer, whatever carries them
//! - [`escape`]: percent-encoding of any bytes
//! - [`http_query`], [`http_reply`]: announces over HTTP (BEP 3, 7, 23, 24, 31)
//! - [`scrape`]: asking for figures alone, over HTTP (BEP 48)
//! - [`udp`]: the packets of BEP 15; [`udp_options`]: what may follow them (BEP 41)
//! - [`udp_exchange`]: connecting, asking and asking again over UDP
//! - [`schedule`]: which tracker is announced to, when, and with which event (BEP 12), lane by lane
//!   ([`lane`])
//! - [`report`]: what people are told

pub mod announce;
pub mod escape;
pub mod http_query;
pub mod http_reply;
pub mod lane;
pub mod report;
pub mod schedule;
pub mod scrape;
pub mod udp;
pub mod udp_exchange;
pub mod udp_options;
pub mod url;

#[cfg(test)]
mod tests;
