//! Starting that fails half-way, and stopping what does not end.

use super::*;
use crate::kit::thread::Joined;
use std::net::{Ipv4Addr, TcpStream};

/// A client that listens on any port of this machine.
fn options() -> ClientOptions {
    ClientOptions { listen: vec![(Ipv4Addr::LOCALHOST, 0).into()], ..ClientOptions::default() }
}

#[test]
fn a_client_that_gets_too_few_threads_leaves_none_behind() {
    let whole = Client::start(options()).unwrap();
    let needed = whole.census.living();
    let stopped = whole.stop();
    assert_eq!((stopped.threads_left, stopped.names), (0, vec![]));
    for most in 0..needed {
        let census = Census::with_most(most);
        let error = Client::start_counted(options(), census.clone()).unwrap_err();
        assert!(matches!(error, StartError::System(_)), "{most}: {error}");
        assert_eq!(census.living(), 0, "with {most} threads");
    }
}

#[test]
fn a_client_that_did_not_start_does_not_listen() {
    let port = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = port.local_addr().unwrap();
    drop(port);
    let options = ClientOptions { listen: vec![address], ..options() };
    Client::start_counted(options, Census::with_most(1)).unwrap_err();
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_thread_that_fails_is_told_to_the_main_thread_by_its_name() {
    let (bus, events) = bus();
    let (accept, _accept_letters) = mailbox(1);
    let (discover, _discover_letters) = mailbox(1);
    let (census, threads, clock) = (Census::default(), Vec::new(), Clock::start());
    let mut starting = Starting { census, threads, clock, bus, accept, discover };
    starting.start("herald", || ()).unwrap();
    starting.start("hash-0", || panic!("on purpose")).unwrap();
    let event = events.recv_timeout(CLIENT_STOP_DEADLINE).unwrap();
    assert!(matches!(&event, Event::Broken { thread } if &**thread == "hash-0"), "{event:?}");
    join_all(starting.threads, clock, Time::from_nanos(u64::MAX));
    assert!(events.try_recv().is_err(), "a thread that ended well is not told of");
}

#[test]
fn threads_that_do_not_end_are_named() {
    let (census, clock) = (Census::default(), Clock::start());
    let (release, held) = bounded::<()>(0);
    let stuck = spawn(&census, "hash-0", THREAD_STACK, move || {
        let _ = held.recv();
    })
    .unwrap();
    let free = spawn(&census, "disk", THREAD_STACK, || ()).unwrap();
    // One that has ended is joined, whatever the time.
    let ended = spawn(&census, "herald", THREAD_STACK, || ()).unwrap();
    assert_eq!(ended.join_by(clock, Time::from_nanos(u64::MAX)), Joined::Well);
    let late = join_all(vec![stuck], clock, clock.now());
    assert_eq!(late, ["hash-0"]);
    assert_eq!(join_all(vec![free], clock, Time::from_nanos(u64::MAX)), Vec::<String>::new());
    assert_eq!(census.living(), 1);
    drop(release);
}
