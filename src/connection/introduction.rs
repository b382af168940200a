//! What is said first on a new connection: who we are, what we have, what a choked peer may ask
//! for all the same (BEP 3, 6, 10, 21).

use crate::bitfield::Bitfield;
use crate::connection::outbox::Outbox;
use crate::connection::shared::{PeerCounters, SharedTorrent};
use crate::connection::toll::Throttle;
use crate::connection::upload::Upload;
use crate::limits::{ALLOWED_FAST_COUNT, UPLOAD_QUEUE_MAX};
use crate::wire::allowed_fast::allowed_fast_set;
use crate::wire::extension::{EXTENSION_HANDSHAKE_ID, ExtensionHandshake};
use crate::wire::handshake::{Features, Handshake};
use crate::wire::message::Message;
use std::net::IpAddr;
use std::sync::Arc;

/// What a new connection has to know.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The torrent.
    pub shared: Arc<SharedTorrent>,
    /// The peer's figures.
    pub counters: Arc<PeerCounters>,
    /// The client's limits of speed.
    pub throttle: Throttle,
    /// What the peer said of itself.
    pub handshake: Handshake,
    /// Its address, as we see it.
    pub remote_ip: IpAddr,
    /// The port where we listen, if we do.
    pub our_port: Option<u16>,
    /// Our name and version for the extension handshake.
    pub client: &'static str,
}

/// Queues the first messages. `owned` is what we have at this moment.
///
/// What we have comes first: BEP 3 allows a bitfield only as the first message, BEP 6 asks for one
/// of its three forms right after the handshake, and some clients close when anything is before
/// it. The extension handshake has no such place: BEP 10 only asks for it soon.
pub fn introduce(
    setup: &Setup,
    features: Features,
    owned: &Bitfield,
    upload: &mut Upload,
    out: &mut Outbox,
) {
    match (features.fast, owned.is_full(), owned.is_empty()) {
        (true, true, _) => out.send(Message::HaveAll),
        (true, _, true) => out.send(Message::HaveNone),
        (false, _, true) => {}
        _ => out.send(Message::Bitfield(&owned.to_wire())),
    }
    if features.extensions {
        let hello = ExtensionHandshake {
            port: setup.our_port,
            client: Some(setup.client.to_owned()),
            your_ip: Some(setup.remote_ip),
            request_queue: Some(UPLOAD_QUEUE_MAX as u32),
            upload_only: Some(setup.shared.is_upload_only()),
            ..ExtensionHandshake::default()
        };
        out.send(Message::Extended { id: EXTENSION_HANDSHAKE_ID, payload: &hello.encode() });
    }
    if let (true, IpAddr::V4(ip)) = (features.fast, setup.remote_ip) {
        let layout = &setup.shared.layout;
        let info_hash = setup.shared.info_hash;
        let set = allowed_fast_set(ip, info_hash, layout.piece_count(), ALLOWED_FAST_COUNT);
        for piece in set.into_iter().filter(|piece| owned.has(*piece)) {
            if let Some(piece) = layout.piece(piece) {
                upload.allow_fast(piece, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::toll::Toll;
    use crate::id::{InfoHash, PeerId};
    use crate::layout::Layout;
    use crate::wire::codec::{Bounds, messages};
    use std::net::Ipv4Addr;

    const PIECES: u32 = 9;

    /// What is said first to a peer that speaks the Fast extension or not.
    fn first_words(fast: bool, owned: &Bitfield) -> Vec<&'static str> {
        let layout = Layout::single(16_384, 16_384 * u64::from(PIECES)).unwrap();
        let info_hash = InfoHash([7; 20]);
        let features = Features { fast, extensions: true };
        let setup = Setup {
            shared: Arc::new(SharedTorrent::new(info_hash, Arc::new(layout), owned)),
            counters: Arc::new(PeerCounters::default()),
            throttle: Throttle::default(),
            handshake: Handshake { info_hash, peer_id: PeerId([2; 20]), features },
            remote_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            our_port: Some(1),
            client: "test",
        };
        let (toll, _) = Toll::both(&setup.shared.throttle, &setup.throttle);
        let (mut upload, mut out) = (Upload::new(fast, toll), Outbox::default());
        introduce(&setup, features, owned, &mut upload, &mut out);
        let bounds = Bounds { piece_count: PIECES, fast, extensions: true };
        messages(out.bytes(), &bounds).map(|message| message.unwrap().kind()).collect()
    }

    #[test]
    fn what_we_have_is_said_before_anything_else() {
        let (none, all) = (Bitfield::new(PIECES), Bitfield::full(PIECES));
        let mut some = Bitfield::new(PIECES);
        assert!(some.insert(3));
        assert_eq!(first_words(true, &none), ["have-none", "extended"]);
        assert_eq!(first_words(true, &some)[..2], ["bitfield", "extended"]);
        let seed = first_words(true, &all);
        assert_eq!(seed[..3], ["have-all", "extended", "allowed-fast"]);
        assert_eq!(seed.len(), 2 + ALLOWED_FAST_COUNT);
        assert_eq!(first_words(false, &none), ["extended"], "an empty bitfield says nothing");
        assert_eq!(first_words(false, &all), ["bitfield", "extended"]);
    }
}
