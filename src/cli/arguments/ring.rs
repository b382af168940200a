//! The options of `cuerda node` and `cuerda ring`.

use crate::chord::settings::{Periods, Quorum, Settings};
use crate::cli::arguments::values::{
    listen_address, peer_address, period, replicas, seconds, simulated_lookups, simulated_nodes,
};
use crate::id::InfoHash;
use clap::{Args, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Be a node of a ring that finds peers without a tracker.
#[derive(Debug, Args)]
pub(crate) struct NodeArguments {
    /// UDP address to be reached at, as 192.0.2.7:6881; again for the other family; 0.0.0.0 or ::
    /// stands for the address that leads to the others, port 0 for any that is free
    #[arg(long, value_name = "IP:PORT", value_parser = listen_address, required = true)]
    pub(crate) listen: Vec<SocketAddr>,
    /// Address of a node of the ring to join; may be given again [default: those in --state; with
    /// none a ring is begun]
    #[arg(long, value_name = "IP:PORT", value_parser = peer_address)]
    pub(crate) bootstrap: Vec<SocketAddr>,
    /// File to keep the addresses of other nodes in, to come back with after a restart [default:
    /// not kept]
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Which ring.
    #[command(flatten)]
    pub(crate) identity: IdentityArguments,
    /// Tell every S seconds how the node is [default: not]
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) status: Option<Duration>,
    /// Tell what happens as one JSON object a line [default: off]
    #[arg(long)]
    pub(crate) json: bool,
    /// How often maintenance comes.
    #[command(flatten)]
    pub(crate) periods: PeriodArguments,
}

/// Which ring is meant: all its nodes and clients have to say the same.
#[derive(Debug, Args)]
pub(crate) struct IdentityArguments {
    /// Name of the ring; another name is another ring
    #[arg(long, value_name = "NAME", default_value = "cuerda")]
    pub(crate) ring_name: String,
    /// File with the key of a closed ring: who does not have it hears nothing [default: an open
    /// ring]
    #[arg(long, value_name = "FILE")]
    pub(crate) ring_key: Option<PathBuf>,
    /// Nodes that hold each key; another number is another ring
    #[arg(long, value_name = "N", value_parser = replicas,
          default_value_t = Quorum::DEFAULT.replicas)]
    pub(crate) replicas: usize,
    /// Nodes that have to acknowledge what is written [default: more than half of --replicas]
    #[arg(long, value_name = "W", value_parser = replicas)]
    pub(crate) write_quorum: Option<usize>,
    /// Nodes that have to answer who reads; with --write-quorum more than --replicas [default: more
    /// than half of --replicas]
    #[arg(long, value_name = "R", value_parser = replicas)]
    pub(crate) read_quorum: Option<usize>,
}

/// Seconds between turns of maintenance, for experiments and tests.
#[derive(Debug, Args)]
#[command(next_help_heading = "Periods, in seconds, as 5 or 0.5")]
pub(crate) struct PeriodArguments {
    /// Asking the successor who is before it; five times as often after a change, a third in rings
    /// of over a thousand
    #[arg(long, value_name = "S", value_parser = period, default_value = "5")]
    pub(crate) stabilize_period: Duration,
    /// Looking up one finger
    #[arg(long, value_name = "S", value_parser = period, default_value = "5")]
    pub(crate) finger_period: Duration,
    /// Comparing the records of each arc with another replica
    #[arg(long, value_name = "S", value_parser = period, default_value = "60")]
    pub(crate) repair_period: Duration,
    /// Looking for rings that were split off
    #[arg(long, value_name = "S", value_parser = period, default_value = "60")]
    pub(crate) merge_period: Duration,
    /// Pinging each stored address
    #[arg(long, value_name = "S", value_parser = period, default_value = "300")]
    pub(crate) ping_period: Duration,
}

/// Look at a ring, or use it, without being a part of it.
#[derive(Debug, Args)]
pub(crate) struct RingArguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: RingCommand,
}

/// What can be done with a ring from outside.
#[derive(Debug, Subcommand)]
pub(crate) enum RingCommand {
    /// Go round a ring and tell its nodes, their neighbors, and whether they agree
    Status(StatusArguments),
    /// Print the peers of a torrent, one a line, as they are found
    Lookup(LookupArguments),
    /// Simulate rings of this program's nodes, and print what the Chord papers found beside it
    Simulate(SimulateArguments),
    /// Tell a ring once that a peer of this machine has a torrent; it is known for 45 minutes
    Announce(AnnounceArguments),
}

/// Where the way into the ring is.
#[derive(Debug, Args)]
pub(crate) struct ViaArguments {
    /// Address of a node of the ring
    #[arg(long, value_name = "IP:PORT", value_parser = peer_address)]
    pub(crate) via: SocketAddr,
    /// Which ring.
    #[command(flatten)]
    pub(crate) identity: IdentityArguments,
    /// Tell it as JSON, one object a line [default: off]
    #[arg(long)]
    pub(crate) json: bool,
}

/// Look at a ring.
#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// Where the ring is.
    #[command(flatten)]
    pub(crate) via: ViaArguments,
}

/// Find peers.
#[derive(Debug, Args)]
pub(crate) struct LookupArguments {
    /// The torrent's info-hash, 40 hexadecimal digits
    #[arg(value_name = "HASH")]
    pub(crate) info_hash: InfoHash,
    /// Where the ring is.
    #[command(flatten)]
    pub(crate) via: ViaArguments,
}

/// Announce a peer.
#[derive(Debug, Args)]
pub(crate) struct AnnounceArguments {
    /// The torrent's info-hash, 40 hexadecimal digits
    #[arg(value_name = "HASH")]
    pub(crate) info_hash: InfoHash,
    /// Where the ring is.
    #[command(flatten)]
    pub(crate) via: ViaArguments,
    /// Port on which the peer listens, at the address from which this machine reaches the ring
    #[arg(long, value_name = "P", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,
    /// The peer has all pieces [default: it lacks some]
    #[arg(long)]
    pub(crate) seeder: bool,
    /// The peer has left: its announce is taken back [default: off]
    #[arg(long, conflicts_with = "seeder")]
    pub(crate) gone: bool,
    /// The peer's port answers the ring's pings, as a node's does: it is taken out when it stops
    /// doing so [default: nobody pings it]
    #[arg(long)]
    pub(crate) pingable: bool,
}

/// Simulate rings.
#[derive(Debug, Args)]
pub(crate) struct SimulateArguments {
    /// Nodes of the largest ring
    #[arg(long, value_name = "N", value_parser = simulated_nodes, default_value_t = 1_000)]
    pub(crate) nodes: usize,
    /// Per cent of the nodes that fail at once
    #[arg(long, value_name = "P", value_parser = clap::value_parser!(u32).range(0..=90),
          default_value_t = 50)]
    pub(crate) kill: u32,
    /// What chance begins with: the same seed and options give the same numbers
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Lookups in each line of a table
    #[arg(long, value_name = "L", value_parser = simulated_lookups, default_value_t = 1_000)]
    pub(crate) lookups: usize,
    /// Tell it as one JSON object [default: off]
    #[arg(long)]
    pub(crate) json: bool,
}

impl IdentityArguments {
    /// The ring's settings, but for its key.
    pub(crate) fn settings(&self) -> Settings {
        let majority = self.replicas / 2 + 1;
        let quorum = Quorum {
            replicas: self.replicas,
            write: self.write_quorum.unwrap_or(majority),
            read: self.read_quorum.unwrap_or(majority),
        };
        Settings { name: self.ring_name.clone(), quorum, ..Settings::default() }
    }
}

impl PeriodArguments {
    /// The periods.
    pub(crate) fn periods(&self) -> Periods {
        Periods {
            stabilize_fast: self.stabilize_period / 5,
            stabilize_slow: self.stabilize_period,
            stabilize_large: self.stabilize_period * 3,
            fix_finger: self.finger_period,
            repair: self.repair_period,
            merge: self.merge_period,
            liveness: self.ping_period,
        }
    }
}

impl RingArguments {
    /// Whether standard output is for a program that reads JSON.
    pub(crate) fn json(&self) -> bool {
        match &self.command {
            RingCommand::Status(arguments) => arguments.via.json,
            RingCommand::Lookup(arguments) => arguments.via.json,
            RingCommand::Announce(arguments) => arguments.via.json,
            RingCommand::Simulate(arguments) => arguments.json,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::commands::Command;
    use crate::cli::arguments::commands::tests::command as parse;

    #[test]
    fn a_node_without_options_has_the_usual_settings() {
        let Ok(Command::Node(node)) = parse("node --listen 127.0.0.1:0") else { panic!("no node") };
        assert_eq!(node.periods.periods(), Periods::DEFAULT);
        let (settings, usual) = (node.identity.settings(), Settings::default());
        assert_eq!((settings.quorum, settings.tag()), (Quorum::DEFAULT, usual.tag()));
    }

    #[test]
    fn quorums_follow_from_the_replicas_unless_they_are_given() {
        let quorum = |options: &str| {
            let line = format!("node --listen 127.0.0.1:0 {options}");
            let Ok(Command::Node(node)) = parse(&line) else { panic!("no node") };
            node.identity.settings().quorum
        };
        assert_eq!(quorum("--replicas 7"), Quorum { replicas: 7, write: 4, read: 4 });
        let given = quorum("--replicas 3 --write-quorum 1 --read-quorum 3");
        assert_eq!(given, Quorum { replicas: 3, write: 1, read: 3 });
    }

    #[test]
    fn wrong_values_are_wrong_usage() {
        let hash = "0".repeat(40);
        for wrong in [
            "node".to_owned(),
            "node --listen 127.0.0.1".to_owned(),
            "node --listen 127.0.0.1:0 --replicas 0".to_owned(),
            "node --listen 127.0.0.1:0 --replicas 10".to_owned(),
            "node --listen 127.0.0.1:0 --bootstrap 127.0.0.1:0".to_owned(),
            "node --listen 127.0.0.1:0 --ping-period 0".to_owned(),
            "node --listen 127.0.0.1:0 --ping-period soon".to_owned(),
            "ring".to_owned(),
            "ring status".to_owned(),
            format!("ring lookup {hash}"),
            "ring lookup 00 --via 127.0.0.1:1".to_owned(),
            format!("ring announce {hash} --via 127.0.0.1:1"),
            format!("ring announce {hash} --via 127.0.0.1:1 --port 0"),
            "ring simulate --nodes 7".to_owned(),
            "ring simulate --kill 91".to_owned(),
            "ring simulate --lookups 0".to_owned(),
        ] {
            let error = parse(&wrong).expect_err(&wrong);
            assert_eq!(error.exit_code(), 2, "{wrong}");
        }
    }
}
