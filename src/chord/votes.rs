//! At which address others see this node. Each answer says where its question came from; when a
//! majority of voters from different subnets agree on another address than the node thinks, that is
//! where it is. Voters that all name different ports tell of a NAT with one for every partner.

use super::contact::{is_local, subnet};
use crate::limits::{VOTES_KEPT, VOTES_NEEDED};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// What the voters make of a node's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Too few have said anything, or they disagree.
    Open,
    /// It is what the node thinks.
    Right,
    /// It is another one.
    Moved(SocketAddr),
    /// Everybody sees another one: nobody can be told where the node is.
    Unsteady,
}

/// The last votes, one of each voter.
#[derive(Debug, Clone)]
pub struct Votes {
    /// The address that the node thinks it has.
    mine: SocketAddr,
    /// Who voted for what.
    votes: VecDeque<(Voter, SocketAddr)>,
}

/// A subnet has one vote; at home each address has.
type Voter = Result<[u8; 7], SocketAddr>;

impl Votes {
    /// No votes yet.
    pub fn new(mine: SocketAddr) -> Self {
        Self { mine, votes: VecDeque::new() }
    }

    /// Takes a vote in: `voter` sees this node at `seen`.
    pub fn vote(&mut self, voter: SocketAddr, seen: SocketAddr) {
        let voter = if is_local(voter) { Err(voter) } else { Ok(subnet(voter)) };
        self.votes.retain(|(other, _)| *other != voter);
        if self.votes.len() >= VOTES_KEPT {
            self.votes.pop_front();
        }
        self.votes.push_back((voter, seen));
    }

    /// What the votes come to.
    pub fn verdict(&self) -> Verdict {
        let count =
            |seen: SocketAddr| self.votes.iter().filter(|(_, other)| *other == seen).count();
        let most = self.votes.iter().map(|(_, seen)| *seen).max_by_key(|seen| count(*seen));
        let Some(most) = most.filter(|_| self.votes.len() >= VOTES_NEEDED) else {
            return Verdict::Open;
        };
        let agree = count(most);
        if agree * 2 > self.votes.len() && agree >= VOTES_NEEDED {
            return if most == self.mine { Verdict::Right } else { Verdict::Moved(most) };
        }
        if agree == 1 { Verdict::Unsteady } else { Verdict::Open }
    }

    /// Forgets all votes.
    pub fn clear(&mut self) {
        self.votes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(a: u8, port: u16) -> SocketAddr {
        ([a, 1, 1, 1], port).into()
    }

    #[test]
    fn a_majority_of_subnets_says_where_a_node_is() {
        let mut votes = Votes::new(address(50, 1));
        for voter in 1..=2 {
            votes.vote(address(voter, 9), address(60, 7));
        }
        for port in 1..=20 {
            votes.vote(address(2, port), address(60, 7));
        }
        assert_eq!(votes.verdict(), Verdict::Open, "two subnets are too few");
        votes.vote(address(3, 9), address(60, 7));
        assert_eq!(votes.verdict(), Verdict::Moved(address(60, 7)));
        for voter in 4..=6 {
            votes.vote(address(voter, 9), address(50, 1));
        }
        assert_eq!(votes.verdict(), Verdict::Open, "three against three");
        votes.vote(address(7, 9), address(50, 1));
        assert_eq!(votes.verdict(), Verdict::Right);
    }

    #[test]
    fn a_port_for_each_partner_is_unsteady() {
        let mut votes = Votes::new(address(50, 1));
        for voter in 1..=4 {
            votes.vote(address(voter, 9), address(60, 100 + u16::from(voter)));
        }
        assert_eq!(votes.verdict(), Verdict::Unsteady);
        votes.clear();
        assert_eq!(votes.verdict(), Verdict::Open);
    }

    #[test]
    fn only_the_last_votes_count() {
        let mut votes = Votes::new(address(50, 1));
        for voter in 1..=100 {
            votes.vote(address(voter, 9), address(60, 7));
        }
        for voter in 101..=100 + VOTES_KEPT as u8 {
            votes.vote(address(voter, 9), address(50, 1));
        }
        assert_eq!(votes.verdict(), Verdict::Right);
        assert_eq!(votes.votes.len(), VOTES_KEPT);
    }
}
