//! Numbers, messages and spans out of a fuzzer's bytes. Most of them are sensible, so that a play
//! gets past its first scene; some are not.

use cuerda::layout::Layout;
use cuerda::limits::BLOCK_LENGTH;
use cuerda::wire::message::{BlockRequest, Message};

/// Data that messages borrow.
static BLOCK: [u8; BLOCK_LENGTH as usize + 1] = [7; BLOCK_LENGTH as usize + 1];

/// The bytes that are left.
pub(crate) struct Script<'a>(pub(crate) &'a [u8]);

impl<'a> Script<'a> {
    /// The next byte.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// A number below `most`; 0 when there is none.
    pub(crate) fn below(&mut self, most: u32) -> u32 {
        u32::from(self.byte().unwrap_or(0)) % most.max(1)
    }

    /// The next few bytes, at most as many as the first of them says.
    pub(crate) fn chunk(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte().unwrap_or(0)).min(self.0.len());
        let (chunk, rest) = self.0.split_at(length);
        self.0 = rest;
        chunk
    }

    /// A piece number; one in 256 does not exist.
    fn piece(&mut self, layout: &Layout) -> u32 {
        match self.byte().unwrap_or(0) {
            255 => layout.piece_count(),
            number => u32::from(number) % layout.piece_count(),
        }
    }

    /// A span, nearly always that of a block.
    fn span(&mut self, layout: &Layout) -> BlockRequest {
        let number = self.piece(layout);
        let shape = self.byte().unwrap_or(0);
        let length = BLOCK_LENGTH;
        let Some(piece) = layout.piece(number) else {
            return BlockRequest { piece: number, begin: 0, length };
        };
        let index = u32::from(shape) % layout.block_count(piece);
        let block = layout.block(piece, index).expect("below the count");
        let length = match shape {
            253 => layout.block_size(block) + 1,
            254 => 0,
            255 => u32::MAX,
            _ => layout.block_size(block),
        };
        BlockRequest { piece: number, begin: block.begin(), length }
    }

    /// A message of any kind.
    pub(crate) fn message(&mut self, layout: &Layout) -> Message<'a> {
        match self.below(19) {
            0 => Message::Choke,
            1 | 2 => Message::Unchoke,
            3 => Message::Interested,
            4 => Message::NotInterested,
            5 => Message::Have(self.piece(layout)),
            6 => Message::Request(self.span(layout)),
            7 | 8 => self.block(layout),
            9 => Message::Cancel(self.span(layout)),
            10 => Message::Port(u16::from(self.byte().unwrap_or(0))),
            11 => Message::Suggest(self.piece(layout)),
            12 => Message::HaveAll,
            13 => Message::HaveNone,
            14 => Message::Reject(self.span(layout)),
            15 => Message::AllowedFast(self.piece(layout)),
            16 => Message::Extended { id: self.below(3) as u8, payload: self.chunk() },
            17 => Message::Bitfield(self.chunk()),
            _ => Message::KeepAlive,
        }
    }

    /// A block of data.
    fn block(&mut self, layout: &Layout) -> Message<'a> {
        let BlockRequest { piece, begin, length } = self.span(layout);
        let data = &BLOCK[..(length as usize).min(BLOCK.len())];
        Message::Piece { piece, begin, data }
    }
}
