//! The arcs that a node holds records of, and on which replicas of each it has agreed.
//!
//! The agreed view of an arc changes only by an activation (`node::acquire`), never because
//! neighbors seem to have changed: that is what makes the answers of a majority comparable.

use super::contact::Contact;
use super::message::ViewHash;
use super::neighborhood::Arc;
use super::ring_id::RingId;
use crate::kit::clock::Time;
use crate::limits::{HOLDINGS_MAX, LEARNER_TIME, LEARNERS_MAX};
use sha1::{Digest, Sha1};

/// One arc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Which.
    pub arc: Arc,
    /// The replicas agreed on; empty for one that was never activated.
    pub view: Vec<Contact>,
    /// Whether the records are complete.
    pub warm: bool,
    /// Who is to become a replica: gets every accepted announce before it is acknowledged. With
    /// the view that it is to be in, and until when it counts.
    pub learners: Vec<(Contact, ViewHash, Time)>,
}

/// The arcs of a node; they do not overlap.
#[derive(Debug, Clone, Default)]
pub struct Holdings {
    /// In no order.
    pieces: Vec<Holding>,
}

/// Names a set of replicas.
pub fn hash_view(view: &[Contact]) -> ViewHash {
    let mut ids: Vec<RingId> = view.iter().map(|node| node.id).collect();
    ids.sort();
    let mut hash = Sha1::new();
    ids.iter().for_each(|id| hash.update(id.0));
    let digest: [u8; 20] = hash.finalize().into();
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

impl Holdings {
    /// The arcs.
    pub fn pieces(&self) -> &[Holding] {
        &self.pieces
    }

    /// The arc that holds a key.
    pub fn of(&self, key: RingId) -> Option<&Holding> {
        self.pieces.iter().find(|piece| piece.arc.holds(key))
    }

    /// The same, to change it.
    pub fn of_mut(&mut self, key: RingId) -> Option<&mut Holding> {
        self.pieces.iter_mut().find(|piece| piece.arc.holds(key))
    }

    /// The longest beginning of an arc that lies in one piece: the piece, and that part.
    pub fn beginning(&self, arc: Arc) -> Option<(&Holding, Arc)> {
        let piece = self.pieces.iter().find(|piece| begins_in(arc.begin, piece.arc))?;
        let inside = arc.begin == arc.end && piece.arc.begin == piece.arc.end
            || arc.begin != arc.end && ends_in(arc, piece.arc);
        let end = if inside { arc.end } else { piece.arc.end };
        Some((piece, Arc { begin: arc.begin, end }))
    }

    /// Cuts pieces so that an arc is made of whole ones, and fills gaps with cold pieces without a
    /// view. False if there would be too many.
    pub fn carve(&mut self, arc: Arc) -> bool {
        if self.pieces.len() + 3 > HOLDINGS_MAX {
            return false;
        }
        self.cut(arc.begin);
        self.cut(arc.end);
        let mut begin = arc.begin;
        for _ in 0..HOLDINGS_MAX {
            let next = self.pieces.iter().find(|piece| piece.arc.begin == begin);
            let end = match next {
                Some(piece) => piece.arc.end,
                None => {
                    let rest = Arc { begin, end: arc.end };
                    let inside = self.pieces.iter().map(|piece| piece.arc.begin);
                    let inside = inside.filter(|start| start.is_between(rest.begin, rest.end));
                    let end = inside.min_by_key(|start| begin.distance_to(*start));
                    let gap = Arc { begin, end: end.unwrap_or(arc.end) };
                    let (view, learners) = (Vec::new(), Vec::new());
                    self.pieces.push(Holding { arc: gap, view, warm: false, learners });
                    gap.end
                }
            };
            if end == arc.end {
                break;
            }
            begin = end;
        }
        self.pieces.len() < HOLDINGS_MAX
    }

    /// The pieces that an arc is made of, once it is carved.
    pub fn within(&mut self, arc: Arc) -> impl Iterator<Item = &mut Holding> {
        self.pieces.iter_mut().filter(move |piece| {
            let begins =
                piece.arc.begin == arc.begin || piece.arc.begin.is_between(arc.begin, arc.end);
            begins && arc.holds(piece.arc.end)
        })
    }

    /// Takes the pieces of an arc out, once it is carved.
    pub fn remove(&mut self, arc: Arc) {
        let gone: Vec<Arc> = self.within(arc).map(|piece| piece.arc).collect();
        self.pieces.retain(|piece| !gone.contains(&piece.arc));
    }

    /// Notes a learner of a piece. False if another change of it is under way.
    pub fn learn(&mut self, now: Time, key: RingId, learner: Contact, view: ViewHash) -> bool {
        let Some(piece) = self.of_mut(key) else { return false };
        piece.learners.retain(|(other, _, until)| *until > now && other.id != learner.id);
        let other = piece.learners.iter().any(|(_, aim, _)| *aim != view);
        if other || piece.learners.len() >= LEARNERS_MAX {
            return false;
        }
        piece.learners.push((learner, view, now + LEARNER_TIME));
        true
    }

    /// Joins neighboring pieces that differ in nothing.
    pub fn join(&mut self) {
        let mut index = 0;
        while index < self.pieces.len() {
            let piece = &self.pieces[index];
            let next = self.pieces.iter().position(|next| {
                next.arc.begin == piece.arc.end
                    && next.arc != piece.arc
                    && next.view == piece.view
                    && next.warm == piece.warm
                    && next.learners.is_empty()
                    && piece.learners.is_empty()
            });
            match next {
                Some(next) => {
                    self.pieces[index].arc.end = self.pieces[next].arc.end;
                    self.pieces.swap_remove(next);
                    index = 0;
                }
                None => index += 1,
            }
        }
    }

    /// Cuts the piece around a place in two behind it.
    fn cut(&mut self, place: RingId) {
        let around = self.pieces.iter().position(|piece| {
            place.is_between(piece.arc.begin, piece.arc.end)
                && place != piece.arc.begin
                && place != piece.arc.end
        });
        if let Some(index) = around {
            let mut first = self.pieces[index].clone();
            first.arc.end = place;
            self.pieces[index].arc.begin = place;
            self.pieces.push(first);
        }
    }

    /// What is wrong with the pieces, for the invariants of tests.
    pub fn fault(&self) -> Option<&'static str> {
        let overlap = self.pieces.iter().enumerate().any(|(index, piece)| {
            self.pieces[..index]
                .iter()
                .any(|other| other.arc.holds(piece.arc.end) || piece.arc.holds(other.arc.end))
        });
        if overlap {
            return Some("held arcs overlap");
        }
        let cold = self.pieces.iter().any(|piece| piece.warm && piece.view.is_empty());
        cold.then_some("a warm arc has no view")
    }
}

/// Whether an arc that begins at a place begins inside another.
fn begins_in(place: RingId, arc: Arc) -> bool {
    place == arc.begin || place.is_between(arc.begin, arc.end)
}

/// Whether an arc that begins inside another also ends there.
fn ends_in(arc: Arc, outer: Arc) -> bool {
    if arc.end == outer.end {
        return true;
    }
    outer.begin == outer.end && arc.begin == outer.begin
        || arc.begin.distance_to(arc.end) <= arc.begin.distance_to(outer.end)
            && arc.begin != outer.end
}

#[cfg(test)]
#[path = "holdings_tests.rs"]
mod tests;
