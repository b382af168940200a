//! Every kind of good answer brings peers together: in strings, in dictionaries, over IPv6.

use crate::scene::Scene;
use crate::scripted::{Scripted, compact, dictionaries};
use crate::support::wait;
use std::net::{IpAddr, Ipv6Addr, TcpListener};
use std::time::Duration;

#[test]
fn addresses_in_strings() {
    let scene = Scene::set();
    let tracker = Scripted::local(compact);
    let said = scene.transfer(&scene.torrent(&[&[tracker.url()]]), &[]);
    // One of the two announced first and was told of nobody.
    assert!(said.contains(&format!("tracker {}: ", tracker.shown())), "{said}");
    assert!(said.contains(" 1 peer\n") || said.contains(" 0 peers\n"), "{said}");
}

#[test]
fn addresses_in_dictionaries() {
    let scene = Scene::set();
    let tracker = Scripted::local(dictionaries);
    scene.transfer(&scene.torrent(&[&[tracker.url()]]), &[]);
}

#[test]
fn a_tracker_that_is_reached_over_ipv6_only() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        let required = std::env::var("CUERDA_REQUIRE_PEERS").is_ok_and(|value| value == "1");
        assert!(!required, "no IPv6 on this machine");
        return;
    }
    let scene = Scene::set();
    let tracker = Scripted::start(IpAddr::V6(Ipv6Addr::LOCALHOST), compact);
    scene.transfer(&scene.torrent(&[&[tracker.url()]]), &[]);
}

#[test]
fn a_tracker_of_the_command_line() {
    let scene = Scene::set();
    let tracker = Scripted::local(compact);
    let unused = Scripted::local(compact);
    let url = tracker.url();
    let torrent = scene.torrent(&[&[unused.url()]]);
    scene.transfer(&torrent, &["--no-trackers", "--tracker", &url]);
    assert!(unused.heard().is_empty(), "--no-trackers leaves out the torrent's own");
}

#[test]
fn our_own_address_is_not_dialed() {
    let scene = Scene::set();
    // It gives everybody their own address.
    let tracker = Scripted::local(|heard, stream| {
        let port = heard.last().expect("an announce").get("port").parse::<u16>().expect("a port");
        let mut body = b"d8:intervali1800e5:peers6:\x7f\x00\x00\x01".to_vec();
        body.extend([&port.to_be_bytes()[..], b"e"].concat());
        crate::scripted::send(stream, &body);
    });
    let seed = scene.cuerda("seed", &scene.torrent(&[&[tracker.url()]]), &["--json"]);
    let told = wait::until("the tracker's answer", Duration::from_secs(60), || {
        Some(seed.out()).filter(|out| out.contains("tracker_answered"))
    });
    assert!(told.contains("\"peers\":0"), "{told}");
}
