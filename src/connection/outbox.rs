//! What a connection wants done: bytes to send and events to publish, in order.

use crate::connection::event::Event;
use crate::wire::message::Message;
use std::collections::VecDeque;

/// The outputs that nobody has taken yet.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Encoded messages for the peer.
    bytes: Vec<u8>,
    /// Facts for the main thread.
    events: VecDeque<Event>,
}

impl Outbox {
    /// Queues a message for the peer.
    pub fn send(&mut self, message: Message<'_>) {
        message.encode(&mut self.bytes);
    }

    /// Queues an event for the main thread.
    pub fn publish(&mut self, event: Event) {
        self.events.push_back(event);
    }

    /// The bytes queued for the peer.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets the bytes, once they were taken.
    pub fn clear_bytes(&mut self) {
        self.bytes.clear();
        if self.bytes.capacity() > KEPT_CAPACITY {
            self.bytes = Vec::new();
        }
    }

    /// The next event.
    pub fn next_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if event.is_none() && self.events.capacity() > KEPT_EVENTS {
            self.events = VecDeque::new();
        }
        event
    }
}

/// Bytes of an empty buffer that are kept for the next messages.
const KEPT_CAPACITY: usize = 4 * 1024;
/// Places of an empty event queue that are kept.
const KEPT_EVENTS: usize = 32;
