//! How aria2 is run: bound to one address, with nothing that finds peers by itself, and with
//! nothing of the user's.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

/// Its command, without what it is to do.
pub(crate) fn aria2(home: &Path, address: SocketAddr, folder: &Path) -> Command {
    let mut command = Command::new("aria2c");
    command.env("HOME", home).args([
        "--no-conf",
        "--enable-dht=false",
        "--enable-dht6=false",
        "--bt-enable-lpd=false",
        "--enable-peer-exchange=false",
        "--disable-ipv6=true",
        "--file-allocation=none",
        "--summary-interval=0",
        "--show-console-readout=false",
        "--console-log-level=notice",
        "--bt-min-crypto-level=plain",
        "--bt-require-crypto=false",
    ]);
    command.arg(format!("--interface={}", address.ip()));
    command.arg(format!("--listen-port={}", address.port()));
    command.arg(format!("--dir={}", folder.display()));
    command
}
