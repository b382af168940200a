//! A seed, a line to it, and downloads that can be asked what they found.

use crate::desk::{Desk, objects};
use crate::proxy::Proxy;
use crate::support::content::Content;
use crate::support::process::{Ended, Running};
use crate::support::{place, wait};
use serde_json::Value;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::Duration;

/// Time for anything that is not measured here.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A folder with a seed of the content in `origin`.
pub(crate) struct Scene {
    /// Ends before its folder goes.
    _seed: Running,
    /// The folder.
    pub(crate) desk: Desk,
    /// The content.
    pub(crate) content: Content,
    /// The line to the seed.
    pub(crate) proxy: Proxy,
}

impl Scene {
    /// Starts a seed of this content, and a line to it that carries so many bytes a second.
    pub(crate) fn new(content: Content, bytes_per_second: u64) -> Scene {
        let desk = Desk::new();
        desk.write(&content);
        let port = place::free_port();
        let seed = desk.start(&format!("seed content.torrent --dir origin --port {port}"));
        wait::until("the seed to listen", LIMIT, || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
        });
        let proxy = Proxy::start(port, bytes_per_second);
        Scene { _seed: seed, desk, content, proxy }
    }

    /// Starts a download into a folder.
    pub(crate) fn download(&self, folder: &Path) -> Running {
        let (port, line) = (place::free_port(), self.proxy.port());
        let peer = format!("127.0.0.1:{line}");
        let words = ["download", "content.torrent", "--json", "--peer", &peer, "--port"];
        let port = port.to_string();
        let rest = [&port, "--dir", folder.to_str().expect("a plain path")];
        self.desk.start_with(&[&words[..], &rest[..]].concat())
    }

    /// Downloads into a folder to the end.
    pub(crate) fn complete(&self, folder: &Path) -> Ended {
        let ended = self.download(folder).wait(LIMIT);
        assert_eq!(ended.status.code(), Some(0), "{}{}", ended.err, ended.out);
        ended
    }
}

/// The last of the events of this kind in some output, as far as its lines are whole.
pub(crate) fn last(text: &str, event: &str) -> Option<Value> {
    let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
    objects(whole).into_iter().rfind(|object| object["event"] == event)
}

/// A number of the last event of this kind.
pub(crate) fn number(text: &str, event: &str, field: &str) -> u64 {
    let found = last(text, event).and_then(|object| object[field].as_u64());
    found.unwrap_or_else(|| panic!("no {field} of {event} in {text}"))
}
