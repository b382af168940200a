//! A slow line to a seed. It counts what it delivers, and it can kill who listens at a chosen byte.

use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Bytes carried at once: less than a block, so that a kill may come in the middle of one.
const STEP: usize = 4 * 1024;

/// What the threads of the line share.
#[derive(Default)]
struct Shared {
    /// Bytes delivered to downloads.
    delivered: AtomicU64,
    /// At how many bytes delivered which process is killed.
    victim: Mutex<Option<(u64, Pid)>>,
    /// Whether to stop.
    ended: AtomicBool,
}

/// The line.
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    port: u16,
}

impl Proxy {
    /// A line to this port of this machine.
    pub(crate) fn start(seed: u16, bytes_per_second: u64) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared::default());
        let line = Arc::clone(&shared);
        thread(move || {
            for download in listener.incoming() {
                if line.ended.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(download) = download else { continue };
                let Ok(seed) = TcpStream::connect((Ipv4Addr::LOCALHOST, seed)) else { continue };
                carry(&line, &download, &seed, bytes_per_second);
            }
        });
        Proxy { shared, port }
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Bytes delivered so far.
    pub(crate) fn delivered(&self) -> u64 {
        self.shared.delivered.load(Ordering::SeqCst)
    }

    /// Kills a process when so many more bytes are delivered.
    pub(crate) fn kill_after(&self, bytes: u64, process: u32) {
        let pid = Pid::from_raw(process as i32).expect("a process id");
        *self.shared.victim.lock().expect("no panic") = Some((self.delivered() + bytes, pid));
    }

    /// Kills nobody any more.
    pub(crate) fn spare(&self) {
        *self.shared.victim.lock().expect("no panic") = None;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // Wakes the thread that listens.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

/// Carries one connection both ways, each in a thread that ends with it.
fn carry(shared: &Arc<Shared>, download: &TcpStream, seed: &TcpStream, bytes_per_second: u64) {
    let clone = |stream: &TcpStream| stream.try_clone().expect("a second handle");
    let (mut up, mut to_seed) = (clone(download), clone(seed));
    thread(move || {
        let _ = std::io::copy(&mut up, &mut to_seed);
        let _ = to_seed.shutdown(Shutdown::Both);
    });
    let (mut down, mut to_download, shared) = (clone(seed), clone(download), Arc::clone(shared));
    let pause = Duration::from_secs(1) * STEP as u32 / bytes_per_second as u32;
    thread(move || {
        let mut buffer = [0; STEP];
        while let Ok(count @ 1..) = down.read(&mut buffer) {
            if to_download.write_all(&buffer[..count]).is_err() {
                break;
            }
            let total = shared.delivered.fetch_add(count as u64, Ordering::SeqCst) + count as u64;
            let mut victim = shared.victim.lock().expect("no panic");
            if let Some((_, pid)) = victim.take_if(|(at, _)| total >= *at) {
                let _ = kill_process(pid, Signal::KILL);
            }
            drop(victim);
            rest(pause);
        }
        let _ = to_download.shutdown(Shutdown::Both);
        let _ = down.shutdown(Shutdown::Both);
    });
}

#[expect(clippy::disallowed_methods, reason = "the line is no part of the program")]
fn thread(body: impl FnOnce() + Send + 'static) {
    std::thread::spawn(body);
}

#[expect(clippy::disallowed_methods, reason = "this is what makes the line slow")]
fn rest(pause: Duration) {
    std::thread::sleep(pause);
}
