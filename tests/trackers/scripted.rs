//! An HTTP tracker of a few lines, written without the crate's help: it remembers who announced
//! what and answers as the test wants.

use crate::support::place;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// An announce as it came.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    /// The parameters, as they were escaped.
    pub(crate) parameters: HashMap<String, String>,
    /// From where.
    from: IpAddr,
}

impl Heard {
    /// One parameter; empty if it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// Where the one who announced can be reached.
    fn address(&self) -> SocketAddr {
        SocketAddr::new(self.from, self.get("port").parse().expect("a port"))
    }
}

/// How a tracker answers: it is given all announces so far, the last one last, and the connection.
pub(crate) type Manner = dyn Fn(&[Heard], &mut TcpStream) + Send + Sync;

/// A tracker. It ends with the test.
pub(crate) struct Scripted {
    /// Where it is.
    address: SocketAddr,
    /// What it heard.
    heard: Arc<Mutex<Vec<Heard>>>,
    /// Whether it is to end.
    over: Arc<AtomicBool>,
}

impl Scripted {
    /// A tracker at this address that answers in this manner.
    #[expect(clippy::disallowed_methods, reason = "a server of the tests, apart from the crate")]
    pub(crate) fn start(
        ip: IpAddr,
        manner: impl Fn(&[Heard], &mut TcpStream) + Send + Sync + 'static,
    ) -> Scripted {
        let address = SocketAddr::new(ip, place::free_port());
        let listener = TcpListener::bind(address).expect("the tracker can listen");
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let over = Arc::new(AtomicBool::new(false));
        let manner: Arc<Manner> = Arc::new(manner);
        let this = Scripted { address, heard: Arc::clone(&heard), over: Arc::clone(&over) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::Acquire) {
                    return;
                }
                let (heard, manner) = (Arc::clone(&heard), Arc::clone(&manner));
                std::thread::spawn(move || serve(stream, &heard, &*manner));
            }
        });
        this
    }

    /// A tracker on loopback.
    pub(crate) fn local(
        manner: impl Fn(&[Heard], &mut TcpStream) + Send + Sync + 'static,
    ) -> Scripted {
        Self::start(IpAddr::from([127, 0, 0, 1]), manner)
    }

    /// Its address in a torrent.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/announce?passkey=s%20cret", self.address)
    }

    /// What shows of its address.
    pub(crate) fn shown(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it heard so far.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("no test panicked with it").clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        let _ = TcpStream::connect(self.address);
    }
}

/// Reads one request and answers it.
fn serve(mut stream: TcpStream, heard: &Mutex<Vec<Heard>>, manner: &Manner) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let query = head.split(' ').nth(1).and_then(|place| place.split_once('?'));
    let (_, query) = query.unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let parameters = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let from = stream.peer_addr().expect("it is connected").ip();
    let so_far = {
        let mut all = heard.lock().expect("no test panicked with it");
        all.push(Heard { parameters, from });
        all.clone()
    };
    manner(&so_far, &mut stream);
}

/// Sends a body. The client may have gone away, which is its right.
pub(crate) fn send(stream: &mut TcpStream, body: &[u8]) {
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
}

/// Everybody who announced and has not stopped, without the one who asks.
fn others(heard: &[Heard]) -> Vec<SocketAddr> {
    let mut all: Vec<SocketAddr> = Vec::new();
    for one in heard {
        all.retain(|address| *address != one.address());
        if one.get("event") != "stopped" {
            all.push(one.address());
        }
    }
    let asking = heard.last().map(Heard::address);
    all.retain(|address| Some(*address) != asking);
    all
}

/// The manner of good trackers: addresses in strings (BEP 23, BEP 7).
pub(crate) fn compact(heard: &[Heard], stream: &mut TcpStream) {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for address in others(heard) {
        let port = address.port().to_be_bytes();
        match address.ip() {
            IpAddr::V4(ip) => v4.extend([&ip.octets()[..], &port].concat()),
            IpAddr::V6(ip) => v6.extend([&ip.octets()[..], &port].concat()),
        }
    }
    let mut body = b"d8:intervali1800e5:peers".to_vec();
    body.extend([format!("{}:", v4.len()).as_bytes(), &v4].concat());
    body.extend([format!("6:peers6{}:", v6.len()).as_bytes(), &v6, b"e"].concat());
    send(stream, &body);
}

/// The manner of old trackers: a dictionary for each peer (BEP 3).
pub(crate) fn dictionaries(heard: &[Heard], stream: &mut TcpStream) {
    let mut body = "d8:intervali1800e5:peersl".to_owned();
    for address in others(heard) {
        let ip = address.ip().to_string();
        body += &format!("d2:ip{}:{ip}4:porti{}ee", ip.len(), address.port());
    }
    send(stream, (body + "ee").as_bytes());
}

/// The manner of trackers that say no.
pub(crate) fn refusing(_: &[Heard], stream: &mut TcpStream) {
    send(stream, b"d14:failure reason24:this torrent is unknown!e");
}
