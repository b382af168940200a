//! HTTPS: a certificate is checked, against authorities of the user's choice if there are any.

use crate::scene::{LIMIT, Scene, is_here};
use crate::support::process::Running;
use crate::support::{place, wait};
use std::path::Path;
use std::process::Command;

/// Makes an authority and a certificate of `localhost` that it signs.
fn make_certificates(folder: &Path) {
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        .expect("a file");
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let steps: [Vec<&str>; 3] = [
        [
            &["req", "-x509", "-days", "2", "-subj", "/CN=Authority of a test"][..],
            &key,
            &["-keyout", "ca.key", "-out", "ca.pem"],
        ]
        .concat(),
        [&["req", "-subj", "/CN=localhost"][..], &key, &["-keyout", "key.pem", "-out", "request"]]
            .concat(),
        vec![
            "x509",
            "-req",
            "-in",
            "request",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-extfile",
            "names",
            "-out",
            "cert.pem",
        ],
    ];
    for step in steps {
        let run = Command::new("openssl").args(&step).current_dir(folder).output();
        let run = run.expect("openssl can be started");
        assert!(run.status.success(), "{step:?}: {}", String::from_utf8_lossy(&run.stderr));
    }
}

/// A tracker over TLS; its process and its address.
fn start(folder: &Path) -> (Running, String) {
    let port = place::free_port().to_string();
    let mut command = Command::new("/usr/bin/python3");
    command.arg("-u").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/trackers/https_tracker.py"));
    command.arg(&port).current_dir(folder);
    let mut process = Running::start("https-tracker", command, folder);
    wait::until("the tracker to listen", LIMIT, || {
        assert!(process.ended().is_none(), "it ended: {}", process.err());
        process.out().contains("READY").then_some(())
    });
    (process, format!("https://localhost:{port}/announce"))
}

#[test]
fn peers_meet_when_the_authority_is_known() {
    if !is_here("openssl", "version") || !is_here("/usr/bin/python3", "--version") {
        return;
    }
    let scene = Scene::set();
    let folder = scene.folder("tls");
    make_certificates(&folder);
    let (_tracker, url) = start(&folder);
    let authority = folder.join("ca.pem").display().to_string();
    scene.transfer(&scene.torrent(&[&[url]]), &["--tracker-ca", &authority]);
}

#[test]
fn a_certificate_of_nobody_known_is_refused() {
    if !is_here("openssl", "version") || !is_here("/usr/bin/python3", "--version") {
        return;
    }
    let scene = Scene::set();
    let folder = scene.folder("tls");
    make_certificates(&folder);
    let (tracker, url) = start(&folder);
    let seed = scene.cuerda("seed", &scene.torrent(&[&[url]]), &["--json"]);
    let told = wait::until("a failure", LIMIT, || {
        Some(seed.out()).filter(|told| told.contains("tracker_failed"))
    });
    assert!(told.contains("certificate"), "{told}");
    assert!(!tracker.out().contains("GET"), "nothing is said to who is not trusted");
}

#[test]
fn a_file_without_certificates_is_a_failure_of_one_line() {
    let scene = Scene::set();
    let file = scene.folder("tls").join("not.pem");
    std::fs::write(&file, "hello\n").expect("a file");
    let torrent = scene.torrent(&[]);
    let ended =
        scene.cuerda("seed", &torrent, &["--tracker-ca", &file.display().to_string()]).wait(LIMIT);
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        ended.err.contains("no certificate in it") && ended.err.lines().count() == 1,
        "{}",
        ended.err
    );
}
