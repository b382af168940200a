//! The one channel up: every thread publishes facts here, the main thread receives them.
//!
//! A publisher may wait while the channel is full. That is the back-pressure: a peer's thread
//! that waits stops reading its socket, and TCP slows the far end down.

use crate::limits::EVENT_QUEUE;
use crate::swarm::event::Event;
use crossbeam_channel::{Receiver, SendTimeoutError, Sender, bounded};
use std::time::Duration;

/// The publishing end.
#[derive(Debug, Clone)]
pub struct Bus(Sender<Event>);

/// The main thread is gone; nothing can be published any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusClosed;

/// A channel and its receiving end, which belongs to the main thread.
pub fn bus() -> (Bus, Receiver<Event>) {
    let (sender, receiver) = bounded(EVENT_QUEUE);
    (Bus(sender), receiver)
}

impl Bus {
    /// Publishes what happened. Waits while the channel is full.
    pub fn publish(&self, event: Event) -> Result<(), BusClosed> {
        self.0.send(event).map_err(|_| BusClosed)
    }

    /// Publishes what happened, unless the channel stays full for that long; tells whether it did.
    pub fn publish_within(&self, event: Event, patience: Duration) -> Result<bool, BusClosed> {
        match self.0.send_timeout(event, patience) {
            Ok(()) => Ok(true),
            Err(SendTimeoutError::Timeout(_)) => Ok(false),
            Err(SendTimeoutError::Disconnected(_)) => Err(BusClosed),
        }
    }
}
