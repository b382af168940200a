//! What an HTTP tracker may send in one announce, counted where it comes out of the socket.
//!
//! A limit on the body alone bounds neither the bodies of redirects, which are read to their end,
//! nor trailers, nor compressed nothing. So all bytes count: of every redirect, heads, bodies and
//! trailers, and of TLS too. An agent is made for one announce; its connections share one count.

use crate::limits::TRACKER_WIRE_MAX;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// Puts a count around the connections of one agent; stands behind what connects, before TLS.
#[derive(Debug, Default)]
pub struct Meter {
    /// Bytes that came in so far.
    read: Arc<AtomicU64>,
}

/// A connection whose incoming bytes are counted.
#[derive(Debug)]
pub struct Metered<T> {
    /// The connection.
    inner: T,
    /// Bytes that came in so far over this one and all others of the agent.
    read: Arc<AtomicU64>,
}

impl<In: Transport> Connector<In> for Meter {
    type Out = Metered<In>;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|inner| Metered { inner, read: Arc::clone(&self.read) }))
    }
}

impl<T: Transport> Transport for Metered<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        // Nothing is consumed in between, so what the buffer has more is what came.
        let before = self.inner.buffers().input().len();
        let progress = self.inner.await_input(timeout)?;
        let came = self.inner.buffers().input().len().saturating_sub(before) as u64;
        if self.read.fetch_add(came, Relaxed) + came > TRACKER_WIRE_MAX {
            return Err(Error::BodyExceedsLimit(TRACKER_WIRE_MAX));
        }
        Ok(progress)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
