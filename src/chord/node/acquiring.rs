//! Which arcs this node should hold, and the acquisitions that are under way.

use super::pending::{Fetch, Purpose, Refusal, Timer};
use super::state::Node;
use crate::chord::acquire::{Acquisition, Next, Said};
use crate::chord::contact::Contact;
use crate::chord::holdings::hash_view;
use crate::chord::message::{Answer, Fault, Query, ViewHash};
use crate::chord::neighborhood::Arc;
use crate::chord::store::part_of;
use crate::kit::clock::Time;
use crate::limits::{ACQUIRE_RETRY, ACQUISITIONS_MAX, VIEW_SETTLED};
use std::time::Duration;

impl Node {
    /// Neighbors came or went: look at the arcs when they have settled.
    pub(crate) fn arcs_may_change(&mut self, now: Time) {
        let spread = Duration::from_millis(self.random.below(200).into());
        self.settled_at = now + VIEW_SETTLED + spread;
        self.timers.insert((self.settled_at, Timer::Arcs));
    }

    /// Begins to acquire arcs whose agreed replicas are not what the neighbors say.
    pub(crate) fn look_at_arcs(&mut self, now: Time) {
        if now < self.settled_at || !self.is_member() {
            return;
        }
        let me = self.hood.me.id;
        for (arc, view) in self.hood.arcs() {
            if !self.holdings.carve(arc) {
                return;
            }
            let aim = hash_view(&view);
            let unlike: Vec<Arc> = self
                .holdings
                .within(arc)
                .filter(|piece| !piece.warm || hash_view(&piece.view) != aim)
                .map(|piece| piece.arc)
                .collect();
            for arc in unlike {
                let busy = self
                    .acquisitions
                    .values()
                    .any(|other| other.arc.holds(arc.end) || arc.holds(other.arc.end));
                if busy || self.acquisitions.len() >= ACQUISITIONS_MAX {
                    self.timers.insert((now + ACQUIRE_RETRY, Timer::Arcs));
                    continue;
                }
                let mine = match self.holdings.of(arc.end) {
                    Some(piece) if !piece.view.is_empty() => {
                        Said::Agreed(piece.view.clone(), piece.warm)
                    }
                    Some(_) | None => Said::Nothing,
                };
                let quorum = self.settings.quorum;
                let behind = self.behind(arc);
                let acquisition =
                    Acquisition::new(me, arc, view.clone(), mine, quorum).with_behind(behind);
                let number = self.number();
                self.acquisitions.insert(number, acquisition);
                self.acquire(now, number);
            }
        }
        self.holdings.join();
    }

    /// The nodes behind an arc, twice as many as hold it: the old replicas are among them unless
    /// more nodes than that came at once.
    fn behind(&self, arc: Arc) -> Vec<Contact> {
        let count = self.settings.quorum.replicas * 2;
        let nodes = self.hood.from(arc.end).unwrap_or_default();
        nodes.into_iter().take(count).collect()
    }

    /// Does what an acquisition wants done.
    pub(crate) fn acquire(&mut self, now: Time, number: u64) {
        let Some(acquisition) = self.acquisitions.get_mut(&number) else { return };
        let next = acquisition.next_step();
        let (arc, view, aim) = (acquisition.arc, acquisition.target.clone(), acquisition.aim());
        match next {
            Next::Wait => {}
            Next::Ask(nodes) => {
                for node in nodes {
                    let digests = Some(Box::new(self.store.digests(arc)));
                    let query = Query::Sync { arc, digests, learner: Some(aim) };
                    self.ask(now, node, query, Purpose::Sync(Some(number), arc));
                }
            }
            Next::Activate(nodes, olds) => {
                // This node is the first to take its own new view over.
                self.take_over(now, arc, &view, &olds);
                if nodes.is_empty() {
                    self.acquire(now, number);
                }
                for node in nodes {
                    let query = Query::Activate { arc, view: view.clone(), olds: olds.clone() };
                    self.ask(now, node, query, Purpose::Activate(number));
                }
            }
            Next::Done => self.acquired(now, number, (arc, aim)),
            Next::Retry => self.give_up_acquisition(now, number),
        }
    }

    /// No old view of the arc can count any more: from now on this node does, unless it has taken
    /// yet another view over meanwhile.
    fn acquired(&mut self, now: Time, number: u64, (arc, aim): (Arc, ViewHash)) {
        let cut = self.holdings.carve(arc);
        let kept = cut && self.holdings.within(arc).all(|piece| hash_view(&piece.view) == aim);
        if !kept {
            self.give_up_acquisition(now, number);
            return;
        }
        self.acquisitions.remove(&number);
        self.holdings.within(arc).for_each(|piece| piece.warm = true);
        self.holdings.join();
        self.arcs_may_change(now);
    }

    /// Tries again later.
    fn give_up_acquisition(&mut self, now: Time, number: u64) {
        self.acquisitions.remove(&number);
        let pause = ACQUIRE_RETRY + Duration::from_millis(self.random.below(1_000).into());
        self.settled_at = self.settled_at.max(now + ACQUIRE_RETRY / 2);
        self.timers.insert((now + pause, Timer::Arcs));
    }

    /// A replica said what it holds of an arc, in an acquisition or for comparing.
    pub(crate) fn synced(
        &mut self,
        now: Time,
        from: Contact,
        (number, asked): (Option<u64>, Arc),
        result: Result<Answer, Refusal>,
    ) {
        let Some(number) = number else {
            self.compared(now, from, asked, result);
            return;
        };
        let Some(acquisition) = self.acquisitions.get_mut(&number) else { return };
        if acquisition.arc != asked {
            return;
        }
        let said = match result {
            Ok(answer) => {
                if let Some(until) = answer.until
                    && until != asked.end
                    && until.is_between(asked.begin, asked.end)
                {
                    // Its piece ends before the arc does: go on with that part only.
                    let part = Arc { begin: asked.begin, end: until };
                    let target = acquisition.target.clone();
                    self.restart_acquisition(now, number, part, target);
                    return;
                }
                let warm = answer.warm == Some(true);
                let view = answer.view.unwrap_or_default();
                let differing = answer.differing.unwrap_or(0);
                if warm && differing != 0 {
                    acquisition.fetching += 1;
                    self.begin_fetch(now, from, (asked, differing), Some(number));
                }
                if view.is_empty() { Said::Nothing } else { Said::Agreed(view, warm) }
            }
            Err(Refusal::Fault(Fault::NotResponsible, _)) => Said::Nothing,
            Err(Refusal::Fault(Fault::NotMember, _) | Refusal::Silent) => Said::Gone,
            Err(Refusal::Fault(..) | Refusal::Overloaded) => {
                self.give_up_acquisition(now, number);
                return;
            }
        };
        if let Some(acquisition) = self.acquisitions.get_mut(&number) {
            acquisition.heard(from.id, said);
        }
        self.acquire(now, number);
    }

    /// Goes on with a part of the arc; the rest is looked at again afterwards.
    fn restart_acquisition(&mut self, now: Time, number: u64, part: Arc, target: Vec<Contact>) {
        self.acquisitions.remove(&number);
        if !self.holdings.carve(part) {
            return;
        }
        let mine = match self.holdings.of(part.end) {
            Some(piece) if !piece.view.is_empty() => Said::Agreed(piece.view.clone(), piece.warm),
            Some(_) | None => Said::Nothing,
        };
        let me = self.hood.me.id;
        let behind = self.behind(part);
        let acquisition =
            Acquisition::new(me, part, target, mine, self.settings.quorum).with_behind(behind);
        let number = self.number();
        self.acquisitions.insert(number, acquisition);
        self.acquire(now, number);
    }

    /// Fetches the parts of an arc that differ.
    pub(crate) fn begin_fetch(
        &mut self,
        now: Time,
        from: Contact,
        (arc, differing): (Arc, u16),
        acquisition: Option<u64>,
    ) {
        let parts = (0..16).filter(|part| differing & 1 << part != 0);
        let mut parts: Vec<Arc> = parts.map(|part| part_of(arc, part)).collect();
        // A part without length would mean the whole circle.
        parts.retain(|part| part.begin != part.end || arc.begin == arc.end && differing == 1 << 15);
        let number = self.number();
        self.fetches.insert(number, Fetch { from, parts, after: None, acquisition });
        self.fetch_on(now, number);
    }

    /// Asks for the next records.
    fn fetch_on(&mut self, now: Time, number: u64) {
        let Some(fetch) = self.fetches.get(&number) else { return };
        match fetch.parts.last() {
            Some(part) => {
                let query = Query::Fetch { arc: *part, after: fetch.after };
                self.ask(now, fetch.from, query, Purpose::Fetch(number));
            }
            None => {
                let Some(fetch) = self.fetches.remove(&number) else { return };
                if let Some(number) = fetch.acquisition
                    && let Some(acquisition) = self.acquisitions.get_mut(&number)
                {
                    acquisition.fetching = acquisition.fetching.saturating_sub(1);
                    self.acquire(now, number);
                }
            }
        }
    }

    /// Records came, or did not.
    pub(crate) fn fetched(&mut self, now: Time, number: u64, result: Result<Answer, Refusal>) {
        let Some(fetch) = self.fetches.get_mut(&number) else { return };
        let Ok(answer) = result else {
            let fetch = self.fetches.remove(&number);
            if let Some(number) = fetch.and_then(|fetch| fetch.acquisition) {
                self.give_up_acquisition(now, number);
            }
            return;
        };
        let records = answer.records.unwrap_or_default();
        let last = records.last().map(|last| (last.key, last.address));
        if answer.more && last.is_some() && last != fetch.after {
            fetch.after = last;
        } else {
            fetch.parts.pop();
            fetch.after = None;
        }
        for record in &records {
            // What does not fit is left to the other replicas.
            let _ = self.store.put(now, record);
        }
        self.fetch_on(now, number);
    }

    /// A replica took a new view over, or did not.
    pub(crate) fn activated(
        &mut self,
        now: Time,
        number: u64,
        from: Contact,
        result: Result<Answer, Refusal>,
    ) {
        let Some(acquisition) = self.acquisitions.get_mut(&number) else { return };
        if result == Err(Refusal::Silent) {
            acquisition.heard(from.id, Said::Gone);
        }
        acquisition.told(from.id, result.is_ok());
        self.acquire(now, number);
    }
}
