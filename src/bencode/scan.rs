//! The scanner: one pass over untrusted bytes, without recursion, that proves one bencoded value
//! (BEP 3) well-formed and within limits, and finds the raw bytes of `info`.
//!
//! It builds nothing: memory is one small entry per open list or dictionary. Whatever it accepts,
//! serde_bencode can read, because integers are capped at 64 bits here.

use super::error::BencodeError;
use crate::limits::{
    BENCODE_DEPTH_TORRENT, BENCODE_DEPTH_WIRE, BENCODE_TOKENS_TORRENT, BENCODE_TOKENS_WIRE,
};
use std::ops::Range;

/// How much deviation from BEP 3 is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Keys sorted and unique, numbers in their one canonical form: what we write ourselves.
    Strict,
    /// Also unsorted and repeated keys, `-0` and leading zeros, which old software wrote. A
    /// repeated top-level `info` is refused all the same: it would make two torrents of one.
    Lenient,
}

/// What one scan may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanLimits {
    /// Most lists and dictionaries open at once.
    pub depth: usize,
    /// Most values and keys together.
    pub tokens: usize,
    /// Deviations taken.
    pub mode: Mode,
}

impl ScanLimits {
    /// For what peers, trackers and ring nodes send; lenient.
    pub const WIRE: Self =
        Self { depth: BENCODE_DEPTH_WIRE, tokens: BENCODE_TOKENS_WIRE, mode: Mode::Lenient };
    /// For torrent files and metadata; lenient.
    pub const TORRENT: Self =
        Self { depth: BENCODE_DEPTH_TORRENT, tokens: BENCODE_TOKENS_TORRENT, mode: Mode::Lenient };

    /// The same limits for exactly what BEP 3 says.
    pub const fn strict(self) -> Self {
        Self { mode: Mode::Strict, ..self }
    }
}

/// What a scan found out about a well-formed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Length of the value in bytes; what follows it was not looked at.
    pub consumed: usize,
    /// Values and keys in it.
    pub tokens: usize,
    /// Most lists and dictionaries that were open at once.
    pub depth: usize,
    /// The raw bytes of the value of the top-level key `info`, if there is one.
    pub info: Option<Range<usize>>,
}

/// Scans the one value that starts at the first byte. Cost: one pass over that value.
pub fn scan(bytes: &[u8], limits: ScanLimits) -> Result<Scan, BencodeError> {
    let mut scanner = Scanner {
        bytes,
        limits,
        at: 0,
        open: Vec::new(),
        found: Scan { consumed: 0, tokens: 0, depth: 0, info: None },
        info_begin: None,
    };
    while !scanner.step()? {}
    scanner.found.consumed = scanner.at;
    Ok(scanner.found)
}

/// A list or dictionary that has begun and not ended.
enum Open {
    /// In a list: a value or the end follows.
    List,
    /// In a dictionary: a key or the end follows. Holds where the last key's bytes lie.
    Key(Option<Range<usize>>),
    /// In a dictionary, after the key whose bytes lie here: its value follows.
    Value(Range<usize>),
}

/// The position in the bytes and what is known so far.
struct Scanner<'a> {
    /// The whole input.
    bytes: &'a [u8],
    /// What the scan may cost.
    limits: ScanLimits,
    /// Offset of the next byte to read.
    at: usize,
    /// The lists and dictionaries around the position, outermost first.
    open: Vec<Open>,
    /// The result in the making.
    found: Scan,
    /// Where the value of `info` begins, while inside it.
    info_begin: Option<usize>,
}

impl Scanner<'_> {
    /// Reads one token; true when it completed the outermost value.
    fn step(&mut self) -> Result<bool, BencodeError> {
        match self.open.last() {
            Some(Open::Key(_)) => self.key_or_end(),
            Some(Open::List) if self.peek() == Some(b'e') => Ok(self.close()),
            Some(Open::List | Open::Value(_)) | None => self.value(),
        }
    }

    /// Reads a key of the innermost dictionary, or its end.
    fn key_or_end(&mut self) -> Result<bool, BencodeError> {
        if self.peek() == Some(b'e') {
            return Ok(self.close());
        }
        let begin = self.at;
        self.count_token()?;
        let key = self.string("a key or the end of the dictionary")?;
        if let Some(Open::Key(Some(previous))) = self.open.last()
            && self.limits.mode == Mode::Strict
        {
            let unexpected = |expected| BencodeError::Unexpected { offset: begin, expected };
            match self.bytes[previous.clone()].cmp(&self.bytes[key.clone()]) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return Err(unexpected("each key once")),
                std::cmp::Ordering::Greater => return Err(unexpected("keys in ascending order")),
            }
        }
        if self.open.len() == 1 && &self.bytes[key.clone()] == b"info" {
            if self.found.info.is_some() {
                let expected = "the key `info` only once";
                return Err(BencodeError::Unexpected { offset: begin, expected });
            }
            self.info_begin = Some(self.at);
        }
        if let Some(open) = self.open.last_mut() {
            *open = Open::Value(key);
        }
        Ok(false)
    }

    /// Reads an integer, a string, or the start of a list or dictionary.
    fn value(&mut self) -> Result<bool, BencodeError> {
        self.count_token()?;
        match self.peek() {
            Some(b'l') => self.open(Open::List),
            Some(b'd') => self.open(Open::Key(None)),
            Some(b'i') => {
                self.integer()?;
                Ok(self.completed())
            }
            Some(_) | None => {
                self.string("a value")?;
                Ok(self.completed())
            }
        }
    }

    /// Enters a list or dictionary.
    fn open(&mut self, open: Open) -> Result<bool, BencodeError> {
        if self.open.len() == self.limits.depth {
            return Err(BencodeError::TooDeep { offset: self.at, limit: self.limits.depth });
        }
        self.at += 1;
        self.open.push(open);
        self.found.depth = self.found.depth.max(self.open.len());
        Ok(false)
    }

    /// Leaves the innermost list or dictionary at its `e`.
    fn close(&mut self) -> bool {
        self.at += 1;
        self.open.pop();
        self.completed()
    }

    /// Notes that a value ended here; true when it was the outermost one.
    fn completed(&mut self) -> bool {
        if self.open.len() == 1
            && let Some(begin) = self.info_begin.take()
        {
            self.found.info = Some(begin..self.at);
        }
        match self.open.last_mut() {
            Some(open @ Open::Value(_)) => {
                if let Open::Value(key) = std::mem::replace(open, Open::Key(None)) {
                    *open = Open::Key(Some(key));
                }
                false
            }
            Some(Open::List | Open::Key(_)) => false,
            None => true,
        }
    }

    /// Reads `i<number>e`, a number that fits 64 bits with its sign.
    fn integer(&mut self) -> Result<(), BencodeError> {
        let begin = self.at;
        self.at += 1;
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        let digits = self.at;
        let magnitude = self.digits(begin, "an integer")?;
        let most = i64::MAX as u64 + u64::from(negative);
        if magnitude > most {
            let expected = "an integer that fits 64 bits";
            return Err(BencodeError::Unexpected { offset: begin, expected });
        }
        if self.peek() != Some(b'e') {
            return Err(self.wrong("a digit or the end of the integer"));
        }
        let zero_led = self.bytes[digits] == b'0' && (negative || self.at - digits > 1);
        if zero_led && self.limits.mode == Mode::Strict {
            let expected = "an integer without leading zeros";
            return Err(BencodeError::Unexpected { offset: begin, expected });
        }
        self.at += 1;
        Ok(())
    }

    /// Reads `<length>:<bytes>` and tells where the bytes lie.
    fn string(&mut self, expected: &'static str) -> Result<Range<usize>, BencodeError> {
        let begin = self.at;
        let length = self.digits(begin, expected)?;
        if self.peek() != Some(b':') {
            return Err(self.wrong("a digit or `:` in the length of a string"));
        }
        let zero_led = self.bytes[begin] == b'0' && self.at - begin > 1;
        if zero_led && self.limits.mode == Mode::Strict {
            let expected = "a string length without leading zeros";
            return Err(BencodeError::Unexpected { offset: begin, expected });
        }
        self.at += 1;
        let left = self.bytes.len() - self.at;
        match usize::try_from(length) {
            Ok(length) if length <= left => {
                let span = self.at..self.at + length;
                self.at = span.end;
                Ok(span)
            }
            Ok(_) | Err(_) => Err(BencodeError::Ended {
                offset: self.bytes.len(),
                expected: "all bytes of a string",
            }),
        }
    }

    /// Reads at least one digit; `begin` is where to point if the number is too large.
    fn digits(&mut self, begin: usize, expected: &'static str) -> Result<u64, BencodeError> {
        let first = self.at;
        let mut number = 0_u64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            let digit = u64::from(digit - b'0');
            number = number.checked_mul(10).and_then(|n| n.checked_add(digit)).ok_or(
                BencodeError::Unexpected { offset: begin, expected: "a number that fits 64 bits" },
            )?;
            self.at += 1;
        }
        if self.at == first { Err(self.wrong(expected)) } else { Ok(number) }
    }

    /// Counts one value or key against the limit.
    fn count_token(&mut self) -> Result<(), BencodeError> {
        if self.found.tokens == self.limits.tokens {
            let limit = self.limits.tokens;
            return Err(BencodeError::TooManyTokens { offset: self.at, limit });
        }
        self.found.tokens += 1;
        Ok(())
    }

    /// The byte at the position.
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The error for the position: another byte than expected, or none at all.
    fn wrong(&self, expected: &'static str) -> BencodeError {
        let offset = self.at;
        if offset < self.bytes.len() {
            BencodeError::Unexpected { offset, expected }
        } else {
            BencodeError::Ended { offset, expected }
        }
    }
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
