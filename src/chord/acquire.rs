//! One acquisition: how a node becomes a replica of an arc, or changes who its replicas are,
//! without an acknowledged announce getting lost.
//!
//! 1. *Warm up*: ask all replicas of the old and the new view what they have agreed on. Each notes
//!    the learner first and tells its records then (H1), and from then on forwards what it accepts
//!    before it acknowledges it (H2).
//! 2. *Activate*: with a majority's records of every old view, tell all of them the new one (H3).
//!    Who has agreed to one of those old views takes the new one over.
//! 3. Only when a majority of every old view has taken it over does this node count.
//!
//! After a merge of rings there are several old views; after crashes fewer members than a majority
//! may be left, and then what they have must do. Pure: the node asks and fetches.

use super::contact::Contact;
use super::holdings::hash_view;
use super::message::ViewHash;
use super::neighborhood::Arc;
use super::ring_id::RingId;
use super::settings::Quorum;
use std::collections::{BTreeMap, BTreeSet};

/// What a replica said about an arc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Its view, and whether its records are complete.
    Agreed(Vec<Contact>, bool),
    /// It does not hold the arc.
    Nothing,
    /// It is dead, or does not take part.
    Gone,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Wait for answers and records.
    Wait,
    /// Ask these too: they are in a view that was told.
    Ask(Vec<Contact>),
    /// Tell these the new view, which replaces those of these hashes.
    Activate(Vec<Contact>, Vec<ViewHash>),
    /// This node is a replica now.
    Done,
    /// Try again later: views changed meanwhile.
    Retry,
}

/// One acquisition.
#[derive(Debug, Clone)]
pub struct Acquisition {
    /// Which arc.
    pub arc: Arc,
    /// The replicas that there shall be.
    pub target: Vec<Contact>,
    /// Nodes behind those: they hold the records if all of the target are new.
    behind: Vec<Contact>,
    /// The node that acquires.
    me: RingId,
    /// The ring's quorums.
    quorum: Quorum,
    /// Who was asked, and has not answered.
    asked: BTreeSet<RingId>,
    /// What was said.
    said: BTreeMap<RingId, Said>,
    /// Whether it goes on with what is there although no majority agrees on any view.
    forced: bool,
    /// The old views that a majority of must take the new one over.
    needed: Vec<Vec<Contact>>,
    /// Fetches under way.
    pub fetching: usize,
    /// Whether the new view was told.
    activating: bool,
    /// Who has taken it over, or cannot.
    switched: BTreeMap<RingId, bool>,
    /// Who was told and has not answered.
    telling: BTreeSet<RingId>,
}

impl Acquisition {
    /// An acquisition of an arc by `me`, which says about itself what `mine` is.
    pub fn new(me: RingId, arc: Arc, target: Vec<Contact>, mine: Said, quorum: Quorum) -> Self {
        Self {
            arc,
            target,
            behind: Vec::new(),
            me,
            quorum,
            asked: BTreeSet::new(),
            said: BTreeMap::from([(me, mine)]),
            forced: false,
            needed: Vec::new(),
            fetching: 0,
            activating: false,
            switched: BTreeMap::new(),
            telling: BTreeSet::new(),
        }
    }

    /// Also asks these nodes behind the target.
    pub fn with_behind(mut self, behind: Vec<Contact>) -> Self {
        self.behind = behind;
        self
    }

    /// Goes on with what there is, after tries that found no majority: overlapping changes can
    /// leave the members of a view divided for ever.
    pub fn forced(mut self, forced: bool) -> Self {
        self.forced = forced;
        self
    }

    /// The hash of the new view.
    pub fn aim(&self) -> ViewHash {
        hash_view(&self.target)
    }

    /// A node said what it holds.
    pub fn heard(&mut self, from: RingId, said: Said) {
        self.asked.remove(&from);
        self.said.insert(from, said);
    }

    /// A node took the new view over, or did not.
    pub fn told(&mut self, from: RingId, took: bool) {
        self.telling.remove(&from);
        self.switched.insert(from, took);
    }

    /// What to do next.
    pub fn next_step(&mut self) -> Next {
        if self.activating {
            return self.judge();
        }
        let unasked = self.unasked();
        if !unasked.is_empty() {
            self.asked.extend(unasked.iter().map(|node| node.id));
            return Next::Ask(unasked);
        }
        if !self.asked.is_empty() || self.fetching > 0 {
            return Next::Wait;
        }
        // A view that no majority of its members agrees to any more was replaced by another one;
        // who still tells it has missed that. If none is left, it is being replaced just now.
        let olds = self.old_views();
        self.needed = olds.iter().filter(|view| self.has_records_of(view)).cloned().collect();
        if self.needed.is_empty() && !olds.is_empty() && !self.forced {
            return Next::Retry;
        }
        self.activating = true;
        let mut told: Vec<Contact> = self.target.clone();
        self.old_views().iter().for_each(|view| told.extend(view));
        told.sort();
        told.dedup();
        told.retain(|node| node.id != self.me && self.said.get(&node.id) != Some(&Said::Gone));
        self.telling = told.iter().map(|node| node.id).collect();
        let olds = self.old_views().iter().map(|view| hash_view(view)).collect();
        if told.is_empty() { self.judge() } else { Next::Activate(told, olds) }
    }

    /// The views that warm replicas told, and the new one if nobody is warm.
    fn old_views(&self) -> Vec<Vec<Contact>> {
        let mut views: Vec<Vec<Contact>> = Vec::new();
        for said in self.said.values() {
            if let Said::Agreed(view, true) = said
                && !views.iter().any(|other| hash_view(other) == hash_view(view))
            {
                views.push(view.clone());
            }
        }
        views
    }

    /// Members of the target and of told views that were not asked yet.
    fn unasked(&self) -> Vec<Contact> {
        let mut wanted = self.target.clone();
        wanted.extend(&self.behind);
        for said in self.said.values() {
            if let Said::Agreed(view, _) = said {
                wanted.extend(view);
            }
        }
        wanted.sort();
        wanted.dedup();
        wanted.retain(|node| {
            node.id != self.me
                && !self.asked.contains(&node.id)
                && !self.said.contains_key(&node.id)
        });
        wanted
    }

    /// Whether the records of a majority of a view's members are here, all of which told that
    /// view; or of all that are left, if there are fewer.
    fn has_records_of(&self, view: &[Contact]) -> bool {
        let hash = hash_view(view);
        let agreed = view.iter().filter(|node| match self.said.get(&node.id) {
            Some(Said::Agreed(told, true)) => hash_view(told) == hash,
            Some(Said::Agreed(_, false) | Said::Nothing | Said::Gone) | None => false,
        });
        let gone = view.iter().filter(|node| match self.said.get(&node.id) {
            // A member that holds nothing has restarted: its records are as dead as it was.
            Some(Said::Gone | Said::Nothing | Said::Agreed(_, false)) => true,
            Some(Said::Agreed(_, true)) | None => false,
        });
        let (agreed, gone) = (agreed.count(), gone.count());
        agreed >= self.quorum.to_write(view.len()) || agreed > 0 && agreed + gone == view.len()
    }

    /// Whether enough have taken the new view over.
    fn judge(&self) -> Next {
        if !self.telling.is_empty() {
            return Next::Wait;
        }
        for view in &self.needed {
            let took = view
                .iter()
                .filter(|node| node.id == self.me || self.switched.get(&node.id) == Some(&true));
            let gone = view.iter().filter(|node| match self.said.get(&node.id) {
                Some(Said::Gone | Said::Nothing | Said::Agreed(_, false)) => true,
                Some(Said::Agreed(_, true)) | None => false,
            });
            let took = took.count();
            let all_left = took > 0 && took + gone.count() >= view.len();
            if took < self.quorum.to_write(view.len()) && !all_left {
                return Next::Retry;
            }
        }
        Next::Done
    }
}

#[cfg(test)]
#[path = "acquire_tests.rs"]
mod tests;
