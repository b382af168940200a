//! Addresses and ports that no other test uses at the same time.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// First port handed out. Below 32768, so that no outgoing connection takes one meanwhile.
const PORT_FIRST: u32 = 10_000;
/// Count of ports handed out before they repeat.
const PORTS: u32 = 20_000;

/// An address in 127/8 of its own: several clients keep one connection per address.
pub(crate) fn own_address() -> Ipv4Addr {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Ipv4Addr::new(127, 16 + high % 200, low, (count % 254 + 1) as u8)
}

/// A TCP port that nobody listens on, at any address.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(101);
    for _ in 0..PORTS {
        let step = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = (PORT_FIRST + step % PORTS) as u16;
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}
