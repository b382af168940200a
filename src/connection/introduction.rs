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
pub fn introduce(
    setup: &Setup,
    features: Features,
    owned: &Bitfield,
    upload: &mut Upload,
    out: &mut Outbox,
) {
    if features.extensions {
        let hello = ExtensionHandshake {
            port: setup.our_port,
            client: Some(setup.client.to_owned()),
            your_ip: Some(setup.remote_ip),
            request_queue: Some(UPLOAD_QUEUE_MAX as u32),
            upload_only: Some(setup.shared.is_complete()),
            ..ExtensionHandshake::default()
        };
        out.send(Message::Extended { id: EXTENSION_HANDSHAKE_ID, payload: &hello.encode() });
    }
    match (features.fast, owned.is_full(), owned.is_empty()) {
        (true, true, _) => out.send(Message::HaveAll),
        (true, _, true) => out.send(Message::HaveNone),
        (false, _, true) => {}
        _ => out.send(Message::Bitfield(&owned.to_wire())),
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
