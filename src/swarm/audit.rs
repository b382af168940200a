//! Looks whether everything that the brain remembers fits together.
//!
//! For simulations, tests and whoever hunts a bug: no handler calls it, because it costs a pass
//! over everything. It changes nothing.

use crate::bitfield::Bitfield;
use crate::limits::WAKES_UNDER_WAY_MAX;
use crate::swarm::machine::Swarm;
use crate::swarm::stage::Stage;
use crate::swarm::state::{
    Active, ActiveKey, Peer, PeerKey, Segment, SegmentKey, Torrent, TorrentKey,
};
use crate::swarm::told::Told;
use std::collections::{HashMap, HashSet};

/// Says what does not fit, if it does not.
macro_rules! require {
    ($fits:expr, $($what:tt)+) => {
        if !$fits {
            return Err(format!($($what)+));
        }
    };
}

impl Swarm {
    /// Whether the state is consistent; the first thing that is not, in words.
    ///
    /// - A piece is exactly one of owned, under way and open, or of no interest.
    /// - A block has at most two holders, all of them here, and none once it is stored.
    /// - Every count and every list says what the records say.
    pub fn audit(&self) -> Result<(), String> {
        let mut under_way: HashMap<TorrentKey, HashMap<u32, ActiveKey>> = HashMap::new();
        for (key, active) in self.actives.iter() {
            let pieces = under_way.entry(active.torrent).or_default();
            let other = pieces.insert(active.piece.get(), key);
            require!(other.is_none(), "piece {} is under way twice", active.piece.get());
            self.audit_active(key, active)?;
        }
        let left = |(_, at): (_, &Active)| (at.segments - at.next_segment) as usize;
        let unbegun: usize = self.actives.iter().map(left).sum();
        require!(unbegun == self.unbegun, "{unbegun} segments are to come, not {}", self.unbegun);
        let none = HashMap::new();
        for (key, torrent) in self.torrents.iter() {
            let what = |fault| format!("torrent {key}: {fault}");
            self.audit_pieces(torrent, under_way.get(&key).unwrap_or(&none)).map_err(what)?;
            self.audit_peers(key, torrent).map_err(what)?;
        }
        let dials = self.peers.iter().filter(|(_, peer)| peer.dialed && peer.id.is_none()).count();
        require!(dials == self.dials, "{} dials are counted, {dials} are there", self.dials);
        let half_open = |peer: &Peer| !peer.dialed && peer.stage == Stage::Starting;
        let unlisted = |peer: &Peer| half_open(peer) != peer.half_open.is_listed();
        let misplaced = self.peers.iter().filter(|(_, peer)| unlisted(peer)).count();
        require!(misplaced == 0, "{misplaced} arrivals are not listed by their handshake");
        let open = self.peers.iter().filter(|(_, peer)| half_open(peer)).count();
        require!(open == self.half_open.len(), "{open} arrivals have not finished the handshake");
        for (identity, key) in &self.by_identity {
            let known = self.peers.get(*key).and_then(|peer| peer.id);
            require!(known == Some(identity.1), "peer {key} is known under another name");
        }
        Ok(())
    }

    /// Whether what is known of availability is the sum of what was told; the first thing that is
    /// not, in words.
    pub fn audit_availability(&self, told: &Told) -> Result<(), String> {
        for (key, torrent) in self.torrents.iter() {
            let mut availability = vec![0; torrent.shared.layout.piece_count() as usize];
            for (peer_key, peer) in self.peers.iter().filter(|(_, at)| at.torrent == Some(key)) {
                let pieces = told.of(peer_key);
                let count = pieces.map_or(0, Bitfield::count);
                let teller = self.tellers.get(peer_key.slot()).copied().flatten();
                let joined = teller.is_some_and(|at| at.peer == peer_key && at.torrent == key);
                require!(joined == peer.id.is_some(), "peer {peer_key} may not tell of pieces");
                let counted = teller.map_or(0, |at| at.counted);
                require!(count == counted, "peer {peer_key}: {counted} pieces are counted");
                let words = pieces.map_or(&[][..], Bitfield::words);
                for (word, &bits) in words.iter().enumerate() {
                    let mut rest = bits;
                    while rest != 0 {
                        availability[word * 64 + rest.trailing_zeros() as usize] += 1;
                        rest &= rest - 1;
                    }
                }
            }
            for (piece, &count) in availability.iter().enumerate() {
                let counted = torrent.picker.availability(piece as u32);
                require!(
                    count == counted,
                    "torrent {key}: {count} peers have piece {piece}, {counted} are counted"
                );
            }
        }
        Ok(())
    }

    /// Blocks that this peer was granted and has not settled.
    pub fn leased_to(&self, peer: PeerKey) -> u32 {
        let held = self.segments.iter().map(|(_, segment)| segment.leased_to(peer).count_ones());
        held.sum()
    }

    fn audit_active(&self, key: ActiveKey, active: &Active) -> Result<(), String> {
        let piece = active.piece.get();
        let torrent = self.torrents.get(active.torrent);
        let torrent = torrent.ok_or_else(|| format!("piece {piece} has no torrent"))?;
        let (mut stored, mut leased, mut open, mut begun) = (0, 0, false, 0);
        for (segment_key, segment) in self.chain(active.last_segment) {
            require!(segment.active == key, "piece {piece}: a segment belongs to another piece");
            self.audit_segment(segment).map_err(|fault| format!("piece {piece}: {fault}"))?;
            stored += segment.stored.count_ones();
            leased += held_blocks(segment);
            let grantable = segment.grantable() != 0;
            require!(
                grantable == segment.open.is_listed(),
                "piece {piece}: segment {segment_key} has blocks to grant: {grantable}, but is not \
                 listed so"
            );
            let lone = segment.grantable_twice() != 0;
            require!(
                lone == segment.lone.is_listed(),
                "piece {piece}: segment {segment_key} can be shared: {lone}, but is not listed so"
            );
            open |= grantable;
            begun += 1;
        }
        require!(begun == active.next_segment, "piece {piece}: segments are missing");
        require!(stored == active.stored, "piece {piece}: {stored} blocks are stored");
        require!(
            leased == active.leased,
            "piece {piece}: {leased} blocks are out, {} counted",
            active.leased
        );
        open |= active.next_segment < active.segments;
        require!(open == active.open.is_listed(), "piece {piece}: open is {open}, listed is not");
        require!(active.active.is_listed(), "piece {piece} is not listed");
        require!(
            open != torrent.shared.taken.has(piece),
            "piece {piece}: open and taken are {open}"
        );
        let known = self.by_piece.get(&(active.torrent, active.piece));
        require!(known == Some(&key), "piece {piece} is not found by its number");
        Ok(())
    }

    fn audit_segment(&self, segment: &Segment) -> Result<(), String> {
        let held = segment.held();
        let (mut once, mut twice) = (0, 0);
        for holder in segment.holders.iter().flatten() {
            require!(holder.leased & twice == 0, "a block has three holders");
            twice |= once & holder.leased;
            once |= holder.leased;
            require!(holder.overdue & !holder.leased == 0, "a block is late that nobody holds");
            require!(
                holder.leased == 0 || self.peers.get(holder.peer).is_some(),
                "peer {} is gone and holds blocks",
                holder.peer
            );
        }
        require!((once, twice) == (held.once, held.twice), "held blocks are miscounted");
        require!(once & segment.stored == 0, "a stored block is still held");
        require!(
            (once | segment.stored) & !segment.full == 0,
            "a block is held that does not exist"
        );
        Ok(())
    }

    fn audit_pieces(
        &self,
        torrent: &Torrent,
        under_way: &HashMap<u32, ActiveKey>,
    ) -> Result<(), String> {
        let mut open = 0;
        for piece in torrent.shared.layout.pieces().map(|piece| piece.get()) {
            let states = [
                torrent.shared.owned.has(piece),
                under_way.contains_key(&piece),
                torrent.picker.is_open(piece),
            ];
            let count = states.iter().filter(|state| **state).count();
            let unwanted = count == 0 && !torrent.shared.wanted.has(piece);
            require!(
                count == 1 || unwanted,
                "piece {piece} is (owned, under way, open) = {states:?}"
            );
            open += u32::from(states[2]);
        }
        require!(open == torrent.picker.open_count(), "{open} pieces are open");
        let taken = torrent.shared.taken.snapshot().count() as usize;
        require!(taken <= under_way.len(), "{taken} pieces are marked as taken");
        let listed = torrent.active.len();
        require!(listed == under_way.len(), "{listed} pieces are listed as under way");
        Ok(())
    }

    fn audit_peers(&self, key: TorrentKey, torrent: &Torrent) -> Result<(), String> {
        let peers = || self.peers.iter().map(|(_, peer)| peer).filter(|p| p.torrent == Some(key));
        let count = peers().count();
        require!(count == torrent.peers as usize, "{count} peers, {} counted", torrent.peers);
        let unchoked = peers().filter(|peer| peer.unchoked).count();
        require!(unchoked == torrent.unchoked as usize, "{unchoked} peers may download");
        let waiting = peers().filter(|peer| peer.waiting.is_listed()).count();
        require!(waiting == torrent.waiting.len(), "{waiting} peers wait for work");
        let waking = peers().filter(|peer| peer.woken).count();
        require!(waking == torrent.waking as usize, "{waking} peers are being woken");
        let untold = |peer: &&Peer| peer.waiting.is_listed() && peer.asked_at != torrent.news;
        require!(
            torrent.waking == WAKES_UNDER_WAY_MAX || peers().find(untold).is_none(),
            "a peer waits that was not told of work"
        );
        let mut names = HashSet::new();
        for peer in peers().filter(|peer| peer.stage == Stage::Joined) {
            let name = peer.id.ok_or("a peer joined without a name")?;
            require!(names.insert(name), "peer {name} is here twice");
        }
        Ok(())
    }

    /// The segments of a chain, the last one first.
    fn chain(&self, last: Option<SegmentKey>) -> impl Iterator<Item = (SegmentKey, &Segment)> {
        let mut at = last;
        std::iter::from_fn(move || {
            let key = at?;
            let segment = self.segments.get(key)?;
            at = segment.before;
            Some((key, segment))
        })
    }
}

/// Blocks of a segment that are out, counted once for each peer that holds them.
fn held_blocks(segment: &Segment) -> u32 {
    segment.holders.iter().flatten().map(|holder| holder.leased.count_ones()).sum()
}
