//! A few lines of HTTP and JSON, enough to talk to Transmission's RPC.

use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The header by which Transmission knows its callers; a 409 answer tells its value.
const SESSION: &str = "X-Transmission-Session-Id";

/// Talks to one daemon.
pub(crate) struct Rpc {
    /// Where it answers.
    address: SocketAddr,
    /// What it called us.
    session: String,
}

impl Rpc {
    /// A caller of the daemon at this address.
    pub(crate) fn new(address: SocketAddr) -> Rpc {
        Rpc { address, session: String::new() }
    }

    /// Calls a method; gives the arguments of the answer, or what went wrong.
    pub(crate) fn call(&mut self, method: &str, arguments: Value) -> Result<Value, String> {
        let body = json!({ "method": method, "arguments": arguments }).to_string();
        let mut answer = self.post(&body)?;
        if answer.starts_with("HTTP/1.1 409") {
            let told =
                answer.lines().find_map(|line| line.strip_prefix(SESSION)?.strip_prefix(": "));
            self.session = told.ok_or("a 409 without a session")?.trim().to_owned();
            answer = self.post(&body)?;
        }
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("an answer without a body")?;
        if !head.starts_with("HTTP/1.1 200") {
            return Err(format!("{method}: {head}"));
        }
        let answer: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
        if answer["result"] != "success" {
            return Err(format!("{method}: {answer}"));
        }
        Ok(answer["arguments"].clone())
    }

    /// One request; the whole answer as text.
    fn post(&self, body: &str) -> Result<String, String> {
        let exchange = || {
            let mut stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5))?;
            stream.set_read_timeout(Some(Duration::from_secs(30)))?;
            write!(
                stream,
                "POST /transmission/rpc HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
                 {SESSION}: {}\r\nContent-Length: {}\r\n\r\n{body}",
                self.address,
                self.session,
                body.len()
            )?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).map(|_| answer)
        };
        exchange().map_err(|error: std::io::Error| format!("RPC at {}: {error}", self.address))
    }
}
