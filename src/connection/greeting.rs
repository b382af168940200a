//! The handshake as a sequence (BEP 3): who speaks first, what is checked when.
//!
//! The side that dialed names the torrent and speaks first. The side that accepted waits for the
//! info-hash, asks the main thread whether the torrent is served, and answers before the peer id
//! has come, because some clients send theirs only then.

use crate::connection::reason::CloseReason;
use crate::id::{InfoHash, PeerId};
use crate::wire::handshake::{Features, HANDSHAKE_LENGTH, Handshake};

/// What the handshake waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// We accepted: their info-hash.
    Hash,
    /// Their info-hash has come: whether we serve it.
    Welcome(InfoHash),
    /// Ours is sent: the rest of theirs.
    Rest(InfoHash),
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Wait for more bytes, or for the welcome.
    Wait,
    /// Ask whether this torrent is served.
    Ask(InfoHash),
    /// Both handshakes are done; theirs took [`HANDSHAKE_LENGTH`] bytes.
    Done(Handshake),
}

/// A handshake under way.
#[derive(Debug, Clone, Copy)]
pub struct Greeting {
    /// What we call ourselves.
    our_id: PeerId,
    /// Where it stands.
    stage: Stage,
}

impl Greeting {
    /// For a connection that we dialed; returns the bytes to send first.
    pub fn dialed(our_id: PeerId, info_hash: InfoHash) -> (Self, [u8; HANDSHAKE_LENGTH]) {
        let bytes = our_handshake(our_id, info_hash);
        (Self { our_id, stage: Stage::Rest(info_hash) }, bytes)
    }

    /// For a connection that we accepted.
    pub fn accepted(our_id: PeerId) -> Self {
        Self { our_id, stage: Stage::Hash }
    }

    /// The main thread serves the torrent that was asked for; returns the bytes to send.
    pub fn welcomed(&mut self) -> Option<[u8; HANDSHAKE_LENGTH]> {
        let Stage::Welcome(info_hash) = self.stage else { return None };
        self.stage = Stage::Rest(info_hash);
        Some(our_handshake(self.our_id, info_hash))
    }

    /// Looks at the bytes that came so far.
    pub fn advance(&mut self, bytes: &[u8]) -> Result<Step, CloseReason> {
        match self.stage {
            Stage::Hash => match Handshake::peek_info_hash(bytes)? {
                Some(info_hash) => {
                    self.stage = Stage::Welcome(info_hash);
                    Ok(Step::Ask(info_hash))
                }
                None => Ok(Step::Wait),
            },
            Stage::Welcome(_) => Ok(Step::Wait),
            Stage::Rest(info_hash) => {
                // Refuse another torrent before waiting for the peer id.
                if Handshake::peek_info_hash(bytes)?.is_some_and(|theirs| theirs != info_hash) {
                    return Err(CloseReason::OtherTorrent);
                }
                match Handshake::decode(bytes)? {
                    Some(theirs) if theirs.peer_id == self.our_id => Err(CloseReason::Ourselves),
                    Some(theirs) => Ok(Step::Done(theirs)),
                    None => Ok(Step::Wait),
                }
            }
        }
    }
}

fn our_handshake(peer_id: PeerId, info_hash: InfoHash) -> [u8; HANDSHAKE_LENGTH] {
    Handshake { info_hash, peer_id, features: Features::OURS }.encode()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: InfoHash = InfoHash([7; 20]);
    const OURS: PeerId = PeerId([1; 20]);
    const THEIRS: PeerId = PeerId([2; 20]);

    #[test]
    fn the_dialer_speaks_first_and_the_acceptor_answers_on_the_hash() {
        let (mut dialer, hello) = Greeting::dialed(OURS, HASH);
        let mut acceptor = Greeting::accepted(THEIRS);
        assert_eq!(acceptor.advance(&hello[..47]), Ok(Step::Wait));
        assert_eq!(acceptor.advance(&hello[..48]), Ok(Step::Ask(HASH)));
        assert_eq!(acceptor.advance(&hello[..48]), Ok(Step::Wait));
        let answer = acceptor.welcomed().unwrap();
        assert!(matches!(dialer.advance(&answer), Ok(Step::Done(h)) if h.peer_id == THEIRS));
        assert!(matches!(acceptor.advance(&hello), Ok(Step::Done(h)) if h.peer_id == OURS));
    }

    #[test]
    fn another_torrent_is_refused_before_the_peer_id() {
        let (mut dialer, _) = Greeting::dialed(OURS, HASH);
        let other = our_handshake(THEIRS, InfoHash([8; 20]));
        assert_eq!(dialer.advance(&other[..48]), Err(CloseReason::OtherTorrent));
    }

    #[test]
    fn talking_to_ourselves_ends_at_once() {
        let (mut dialer, _) = Greeting::dialed(OURS, HASH);
        let echo = our_handshake(OURS, HASH);
        assert_eq!(dialer.advance(&echo), Err(CloseReason::Ourselves));
    }

    #[test]
    fn another_protocol_is_a_violation() {
        let mut acceptor = Greeting::accepted(OURS);
        assert!(matches!(acceptor.advance(b"GET / HTTP/1.1\r\n"), Err(CloseReason::Violation(_))));
    }
}
