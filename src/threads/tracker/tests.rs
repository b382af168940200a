//! Announces against servers of a few lines, each wrong in its own way.

use crate::id::{InfoHash, PeerId};
use crate::kit::clock::Clock;
use crate::kit::mailbox::mailbox;
use crate::kit::thread::{Census, Thread, spawn};
use crate::limits::{THREAD_STACK, TRACKER_REPLY_MAX, TRACKER_WIRE_MAX};
use crate::threads::tracker::http;
use crate::threads::tracker::network::{Network, Roots};
use crate::threads::tracker::outcome::{Failure, Memory};
use crate::threads::tracker::udp::{Asking, CUT, ask};
use crate::tracker::announce::{AnnounceEvent, AnnounceReply, AnnounceRequest, Family};
use crate::tracker::udp::{UdpReply, UdpRequest};
use crate::tracker::udp_exchange::{Answer, Question};
use crate::tracker::url::TrackerUrl;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

fn request() -> AnnounceRequest {
    AnnounceRequest {
        info_hash: InfoHash([0xaa; 20]),
        peer_id: PeerId([1; 20]),
        port: 6881,
        uploaded: 0,
        downloaded: 0,
        left: 1,
        event: AnnounceEvent::Started,
        key: 7,
        want: Some(9),
        tracker_id: None,
    }
}

fn start(body: impl FnOnce() + Send + 'static) -> Thread {
    spawn(&Census::default(), "server", THREAD_STACK, body).unwrap()
}

/// Serves connections, each with its own turn, until the answer says that it was the last.
fn serve(mut answer: impl FnMut(TcpStream, &str) -> bool + Send + 'static) -> (u16, Thread) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = start(move || {
        loop {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                head.push(byte[0]);
            }
            if answer(stream, &String::from_utf8_lossy(&head)) {
                return;
            }
        }
    });
    (port, thread)
}

/// Announces to a server of this machine.
fn announce(port: u16, patience: Duration) -> Result<AnnounceReply, Failure> {
    let url = TrackerUrl::parse(&format!("http://127.0.0.1:{port}/announce?key=a%20b")).unwrap();
    let network = Network { client_name: "cuerda test", roots: Roots::default() };
    let agent = network.agent(Family::V4, patience);
    http::announce(&agent, &url, &request(), patience)
}

/// Announces to a server that gives this answer and ends.
fn answered(answer: impl AsRef<[u8]> + Send + 'static) -> Result<AnnounceReply, Failure> {
    let (port, thread) = serve(move |mut stream, _| {
        let _ = stream.write_all(answer.as_ref());
        true
    });
    let result = announce(port, Duration::from_secs(20));
    thread.join();
    result
}

fn reason(result: Result<AnnounceReply, Failure>) -> String {
    result.expect_err("a failure").reason.into()
}

const HEAD: &str = "HTTP/1.0 200 OK\r\n\r\n";

#[test]
fn the_query_arrives_with_the_address_s_own_parameters() {
    let (port, thread) = serve(move |mut stream, head| {
        let line = head.lines().next().unwrap_or_default();
        let expected = format!("GET /announce?key=a%20b&info_hash={}&", "%AA".repeat(20));
        assert!(line.starts_with(&expected), "{line}");
        assert!(head.contains("cuerda test"), "{head}");
        let _ = stream.write_all(format!("{HEAD}d8:intervali77ee").as_bytes());
        true
    });
    assert_eq!(announce(port, Duration::from_secs(20)).unwrap().interval, Some(77));
    assert!(thread.join());
}

#[test]
fn what_servers_answer_wrongly_is_told_in_words() {
    for (answer, expected) in [
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", "HTTP status 404"),
        ("HTTP/1.0 200 OK\r\n\r\n<html>", "not a tracker's"),
        ("HTTP/1.0 200 OK\r\n\r\n", "not a tracker's"),
        ("HTTP/1.0 200 OK\r\n\r\nd14:failure reason4:gonee", "the tracker says: gone"),
        ("HTTP/1.1 400 Bad\r\nContent-Length: 26\r\n\r\nd14:failure reason4:gonee\n", "says: gone"),
        ("HTTP/1.1 302 Found\r\nLocation: ftp://x y/\r\nContent-Length: 0\r\n\r\n", "no HTTP"),
        ("HTTP/1.1 302 Found\r\nLocation: //[bad/a?key=secret\r\n\r\n", "no HTTP"),
        ("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "no HTTP"),
        ("HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nde", "before its answer ends"),
        ("", "before its answer ends"),
        ("\0\0\0garbage\r\n\r\n", "no HTTP"),
    ] {
        let told = reason(answered(answer));
        assert!(told.contains(expected), "{answer:?}: {told}");
        assert!(
            !told.contains("key") && !told.contains("secret"),
            "the address stays secret: {told}"
        );
    }
}

#[test]
fn an_answer_that_is_too_long_is_cut_off() {
    let huge = format!("{HEAD}d5:peers{}:{}", 9_000_000, "x".repeat(TRACKER_REPLY_MAX + 100_000));
    assert!(reason(answered(huge)).contains("longer than"));
    let head = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    assert!(reason(answered(head)).contains("head is too long"));
}

/// Announces to a server that says this, and then that again until nobody listens.
fn flooded(head: &'static str, flood: &[u8]) -> String {
    let flood = flood.repeat(64 * 1024 / flood.len());
    let (port, thread) = serve(move |mut stream, _| {
        let mut goes_on = stream.write_all(head.as_bytes()).is_ok();
        // Sixteen times what may come, or it would never end.
        for _ in 0..TRACKER_WIRE_MAX * 16 / flood.len() as u64 {
            goes_on = goes_on && stream.write_all(&flood).is_ok();
        }
        assert!(!goes_on, "all was read");
        true
    });
    let told = reason(announce(port, Duration::from_secs(20)));
    assert!(thread.join(), "the server was heard out");
    told
}

#[test]
fn what_is_no_answer_is_cut_off_as_well() {
    let empty = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (what, head, flood) in [
        ("a redirect", "HTTP/1.1 302 Found\r\nLocation: /a\r\n\r\n", &b"x"[..]),
        (
            "trailers",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            &b"X: y\r\n"[..],
        ),
        ("compressed nothing", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", &empty),
    ] {
        let told = flooded(head, flood);
        assert!(told.contains("longer than"), "{what}: {told}");
    }
}

#[test]
fn a_redirect_to_what_is_no_place_of_http_is_refused() {
    for place in ["file:///etc/passwd", "udp://127.0.0.1:1/announce", "ftp://127.0.0.1/a"] {
        let answer =
            format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n");
        let told = reason(answered(answer));
        assert_eq!(told, "it redirects to what is no address", "{place}");
    }
}

#[test]
fn a_tracker_that_redirects_for_ever_is_left() {
    let (port, thread) = serve({
        let mut hops = 0;
        move |mut stream, head| {
            let place = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let answer = format!(
                "HTTP/1.1 302 Found\r\nLocation: {place}x\r\nContent-Length: 0\
                                  \r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes());
            hops += 1;
            hops == crate::limits::TRACKER_REDIRECTS_MAX + 1
        }
    });
    assert!(reason(announce(port, Duration::from_secs(20))).contains("redirects more than"));
    thread.join();
}

#[test]
fn a_tracker_that_drips_is_left_when_the_time_is_over() {
    let (port, thread) = serve(move |mut stream, _| {
        let _ = stream.write_all(HEAD.as_bytes());
        let (bell, letters) = mailbox::<()>(1);
        // A byte now and then until the other side has had enough.
        while stream.write_all(b"d").is_ok() {
            letters.wait(Some(Duration::from_millis(50)));
        }
        drop(bell);
        true
    });
    assert!(reason(announce(port, Duration::from_secs(1))).contains("no answer in 1 s"));
    assert!(thread.join(), "the connection was closed");
}

#[test]
fn nobody_listening_is_a_failure_at_once() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert!(reason(announce(port, Duration::from_secs(20))).contains("nobody listens"));
}

/// A UDP tracker that treats each packet so, until the answer says that it was the last.
fn serve_udp(
    at: &str,
    mut turn: impl FnMut(&UdpSocket, UdpRequest, SocketAddr) -> bool + Send + 'static,
) -> (u16, Thread) {
    let socket = UdpSocket::bind((at, 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    let thread = start(move || {
        let mut buffer = [0; 2048];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).unwrap();
            let question = UdpRequest::decode(&buffer[..length]).expect("a question");
            if turn(&socket, question, from) {
                return;
            }
        }
    });
    (port, thread)
}

/// Asks a UDP tracker of this machine.
fn ask_udp(host: &str, port: u16, memory: &mut Memory) -> Result<Answer, Failure> {
    let url = TrackerUrl::parse(&format!("udp://{host}:{port}/a?k")).unwrap();
    let (_bell, letters) = mailbox(1);
    let family = if host.starts_with('[') { Family::V6 } else { Family::V4 };
    let patience = Duration::from_secs(10);
    let asking = Asking { url: &url, family, patience, seed: 1, letters: &letters };
    let question = Question::Announce(Box::new(request()), url.path_and_query().into_bytes());
    ask(&asking, question, memory, Clock::start())
}

/// A tracker that answers as it should, after packets that are wrong in every way.
fn good_tracker(family: Family) -> impl FnMut(&UdpSocket, UdpRequest, SocketAddr) -> bool + Send {
    move |socket, question, from| {
        let (reply, last) = match question {
            UdpRequest::Connect { transaction } => {
                (UdpReply::Connect { transaction, connection: 99 }, false)
            }
            UdpRequest::Announce { connection, transaction, request: told, path } => {
                assert_eq!((connection, told, path.as_slice()), (99, request(), &b"/a?k"[..]));
                let reply = AnnounceReply { interval: Some(77), ..AnnounceReply::default() };
                (UdpReply::Announce { transaction, reply }, true)
            }
            UdpRequest::Scrape { .. } => panic!("nobody scrapes"),
        };
        let right = reply.encode(family);
        let mut wrong = right.clone();
        wrong[7] ^= 1;
        for packet in [b"".as_slice(), b"\xff", &wrong, &right[..7], &right] {
            socket.send_to(packet, from).unwrap();
        }
        last
    }
}

#[test]
fn a_udp_tracker_answers_among_wrong_packets() {
    for (host, at, family) in [("127.0.0.1", "127.0.0.1", Family::V4), ("[::1]", "::1", Family::V6)]
    {
        let (port, thread) = serve_udp(at, good_tracker(family));
        let mut memory = Memory::default();
        let Ok(Answer::Announced(reply)) = ask_udp(host, port, &mut memory) else { panic!() };
        assert_eq!(reply.interval, Some(77));
        assert_eq!(memory.connection.map(|connection| connection.id), Some(99));
        assert!(thread.join());
    }
}

#[test]
fn a_closed_udp_port_is_told_at_once() {
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let failure = ask_udp("127.0.0.1", port, &mut Memory::default()).unwrap_err();
    assert!(failure.reason.contains("nobody listens"), "{}", failure.reason);
}

#[test]
fn a_udp_announce_is_cut_off_when_somebody_says_so() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let url = TrackerUrl::parse(&format!("udp://127.0.0.1:{port}")).unwrap();
    let (bell, letters) = mailbox(1);
    let thread = start(move || {
        let patience = Duration::from_secs(60);
        let family = Family::V4;
        let asking = Asking { url: &url, family, patience, seed: 1, letters: &letters };
        let question = Question::Announce(Box::new(request()), Vec::new());
        let failure = ask(&asking, question, &mut Memory::default(), Clock::start()).unwrap_err();
        assert_eq!(&*failure.reason, "cut off");
    });
    let mut buffer = [0; 64];
    silent.recv(&mut buffer).unwrap();
    bell.set_state(CUT, 0);
    assert!(thread.join());
}
