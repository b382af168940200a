//! One acquisition: how a node becomes a replica of an arc, or changes who its replicas are,
//! without an acknowledged announce getting lost.
//!
//! 1. *Warm up*: ask all replicas of the old and the new view, and all whom the views that they
//!    tell name, what they have agreed on. Each notes the learner first and tells its records then
//!    (H1), and from then on forwards what it accepts before it acknowledges it (H2). So whatever
//!    counts in any of those views is here or comes here: it has a majority of the view's members,
//!    and all of them that live were asked, whichever view they tell now.
//! 2. *Activate*: tell all of them the new view (H3). Who has agreed to one of the views that were
//!    told takes the new one over.
//! 3. This node counts when in none of the views that were told so many members are left, who
//!    live and have not taken the new one over, that they could still make up a majority: then
//!    nothing counts in an old view any more.
//!
//! Usually there is one old view. Overlapping changes and merged rings leave several, some of which
//! have no majority of their members behind them any more: those need nobody else to agree. Pure:
//! the node asks and fetches.

use super::contact::Contact;
use super::holdings::hash_view;
use super::message::ViewHash;
use super::neighborhood::Arc;
use super::ring_id::RingId;
use super::settings::{Quorum, REPLICAS_MAX};
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
    /// Tell these, who may be nobody, the new view, which replaces those of these hashes; this
    /// node takes it over itself first.
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
    /// The views that were told when the new one was.
    olds: Vec<Vec<Contact>>,
    /// Whether there were more.
    incomplete: bool,
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
            olds: Vec::new(),
            incomplete: false,
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
        self.activating = true;
        self.olds = self.old_views();
        // Only so many can be told; another acquisition replaces those that are left.
        self.incomplete = self.olds.len() > REPLICAS_MAX;
        self.olds.truncate(REPLICAS_MAX);
        let mut told: Vec<Contact> = self.target.clone();
        self.olds.iter().for_each(|view| told.extend(view));
        told.sort();
        told.dedup();
        told.retain(|node| node.id != self.me && self.said.get(&node.id) != Some(&Said::Gone));
        self.telling = told.iter().map(|node| node.id).collect();
        let olds = self.olds.iter().map(|view| hash_view(view)).collect();
        Next::Activate(told, olds)
    }

    /// The views that replicas with complete records told.
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

    /// Whether no old view can count any more.
    fn judge(&self) -> Next {
        if !self.telling.is_empty() {
            return Next::Wait;
        }
        let counts = |view: &Vec<Contact>| {
            let left = view.iter().filter(|node| self.is_left(node)).count();
            let quorum = self.quorum.to_write(view.len()).min(self.quorum.to_read(view.len()));
            left >= quorum.max(1)
        };
        if self.incomplete || self.olds.iter().any(counts) { Next::Retry } else { Next::Done }
    }

    /// Whether a member of an old view may go on in that view.
    fn is_left(&self, node: &Contact) -> bool {
        let lives = match self.said.get(&node.id) {
            // One that holds nothing has restarted: its records are as dead as it was.
            Some(Said::Gone | Said::Nothing) => false,
            Some(Said::Agreed(..)) | None => true,
        };
        node.id != self.me && lives && self.switched.get(&node.id) != Some(&true)
    }
}

#[cfg(test)]
#[path = "acquire_tests.rs"]
mod tests;
