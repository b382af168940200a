//! # cuerda
//!
//! A BitTorrent client with no tracker to lose: one operating-system thread per peer, one main
//! processing thread, and one channel between them.
//!
//! Reading order, from the ground up; a module imports only from those above it:
//!
//! 1. Words: [`id`], [`limits`], [`bitfield`], [`kit`], [`bencode`], [`layout`],
//!    [`metainfo`]
//! 2. Pure cores: [`wire`], [`tracker`], [`connection`], [`swarm`], [`chord`],
//!    and [`simulator`], a world for nodes of the ring
//! 3. Hands: [`storage`], [`threads`]
//! 4. Assembly: [`client`]
//! 5. Face: [`cli`]

pub mod bencode;
pub mod bitfield;
pub mod chord;
pub mod cli;
pub mod client;
pub mod connection;
pub mod id;
pub mod kit;
pub mod layout;
pub mod limits;
pub mod metainfo;
pub mod simulator;
pub mod storage;
pub mod swarm;
pub mod threads;
pub mod tracker;
pub mod wire;
