//! Two messengers over a stream in memory: what one sends, the other reads, however it is cut.

use super::*;
use crate::limits::{BLOCK_LENGTH, EXTENDED_MESSAGE_MAX, READ_BUFFER};
use crate::wire::codec::{Bounds, messages};
use crate::wire::memory::MemoryStream;
use proptest::prelude::*;

type Peer = StreamMessenger<MemoryStream>;

const OPEN: Bounds = Bounds { piece_count: 16, fast: true, extensions: true };

fn pair(capacity: usize, pool: &BufferPool) -> (Peer, Peer) {
    let (near, far) = MemoryStream::pair(capacity);
    (StreamMessenger::new(near, pool.clone()), StreamMessenger::new(far, pool.clone()))
}

fn whole_pool() -> BufferPool {
    BufferPool::new(READ_BUFFER, 8)
}

/// Reads one step and gives the messages that are whole, as bytes.
fn receive(peer: &mut Peer) -> (Fill, Vec<Vec<u8>>) {
    let fill = peer.fill().unwrap();
    let mut read = messages(peer.pending(), &OPEN);
    let mut found = Vec::new();
    for message in read.by_ref() {
        let mut bytes = Vec::new();
        message.unwrap().encode(&mut bytes);
        found.push(bytes);
    }
    let consumed = read.consumed();
    peer.consume(consumed);
    (fill, found)
}

fn requests(count: u32) -> Vec<BlockRequest> {
    (0..count).map(|piece| BlockRequest { piece, begin: 0, length: BLOCK_LENGTH }).collect()
}

/// Fills each block with its number in the run.
fn read_numbers(slices: &mut [IoSliceMut<'_>]) -> io::Result<()> {
    for (number, slice) in slices.iter_mut().enumerate() {
        slice.fill(number as u8);
    }
    Ok(())
}

#[test]
fn a_silent_stream_would_block_and_a_dropped_one_is_closed() {
    let (mut near, far) = pair(100, &whole_pool());
    assert_eq!(near.fill().unwrap(), Fill::WouldBlock);
    drop(far);
    assert_eq!(near.fill().unwrap(), Fill::Closed);
    near.send(&Message::KeepAlive);
    assert_eq!(near.flush().unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn nothing_is_sent_before_flush_and_a_full_stream_keeps_the_rest() {
    let (mut near, mut far) = pair(10, &whole_pool());
    near.send_raw(b"0123456789");
    near.send(&Message::Have(3));
    assert_eq!(far.fill().unwrap(), Fill::WouldBlock);
    assert_eq!(near.unsent(), 19);
    assert!(!near.flush().unwrap());
    assert_eq!(near.unsent(), 9);
    assert_eq!(far.fill().unwrap(), Fill::Bytes(10));
    assert!(near.flush().unwrap());
    far.consume(10);
    assert_eq!(receive(&mut far), (Fill::Bytes(9), vec![b"\0\0\0\x05\x04\0\0\0\x03".to_vec()]));
}

#[test]
fn blocks_of_a_run_arrive_behind_their_headers_in_order_with_what_was_queued_around_them() {
    let (mut near, mut far) = pair(usize::MAX, &whole_pool());
    near.send(&Message::Unchoke);
    let mut blocks = requests(16);
    blocks[15].length = 77;
    near.send_blocks(&blocks, &mut read_numbers).unwrap();
    near.send(&Message::Choke);
    assert!(near.flush().unwrap());
    assert_eq!(far.fill().unwrap(), Fill::Bytes(5 + 15 * 16_397 + 90 + 5));
    let read: Vec<_> = messages(far.pending(), &OPEN).map(Result::unwrap).collect();
    assert_eq!((read[0], read[17], read.len()), (Message::Unchoke, Message::Choke, 18));
    for (number, (message, block)) in read[1..17].iter().zip(&blocks).enumerate() {
        let data = vec![number as u8; block.length as usize];
        assert_eq!(*message, Message::Piece { piece: block.piece, begin: 0, data: &data });
    }
}

#[test]
fn a_run_whose_data_cannot_be_read_is_not_queued() {
    let (mut near, mut far) = pair(usize::MAX, &whole_pool());
    near.send(&Message::Choke);
    let refused =
        near.send_blocks(&requests(3), &mut |_| Err(io::Error::from(ErrorKind::NotFound)));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    near.send(&Message::Unchoke);
    assert!(near.flush().unwrap());
    assert_eq!(receive(&mut far).1, [b"\0\0\0\x01\0", b"\0\0\0\x01\x01"]);
}

#[test]
fn a_block_longer_than_a_request_may_be_takes_no_memory() {
    let (mut near, _far) = pair(10, &whole_pool());
    let blocks = [BlockRequest { piece: 0, begin: 0, length: u32::MAX }];
    let refused = near.send_blocks(&blocks, &mut |_| panic!("nothing may be read"));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!((near.held(), near.unsent()), (0, 0));
}

#[test]
fn an_idle_connection_holds_no_memory() {
    let pool = whole_pool();
    let (mut near, mut far) = pair(usize::MAX, &pool);
    near.send_blocks(&requests(16), &mut read_numbers).unwrap();
    near.flush().unwrap();
    while receive(&mut far).0 != Fill::WouldBlock {}
    assert_eq!((near.held(), far.held()), (READ_BUFFER, READ_BUFFER));
    near.rest();
    far.rest();
    assert_eq!((near.held(), far.held(), pool.idle()), (0, 0, 2));
}

#[test]
fn a_peer_that_sends_half_a_block_and_falls_silent_holds_half_a_block_of_memory() {
    let pool = whole_pool();
    let (mut near, mut far) = pair(8_000, &pool);
    near.send_blocks(&requests(1), &mut read_numbers).unwrap();
    assert!(!near.flush().unwrap());
    assert_eq!(receive(&mut far), (Fill::Bytes(8_000), vec![]));
    far.rest();
    assert_eq!((far.held(), pool.idle()), (8_000, 1));
}

#[test]
fn the_longest_extended_message_is_read_and_anything_that_is_not_consumed_ends_in_an_error() {
    let (mut near, mut far) = pair(usize::MAX, &whole_pool());
    let payload = vec![9; EXTENDED_MESSAGE_MAX as usize - 2];
    let message = Message::Extended { id: 1, payload: &payload };
    near.send(&message);
    near.flush().unwrap();
    let mut read = Vec::new();
    while read.is_empty() {
        let (fill, found) = receive(&mut far);
        assert_ne!(fill, Fill::WouldBlock);
        read.extend(found);
    }
    assert_eq!(read[0][6..], payload);
    for _ in 0..READ_BUFFER.div_ceil(payload.len()) {
        near.send(&message);
    }
    near.flush().unwrap();
    let error = loop {
        match far.fill() {
            Ok(fill) => assert_ne!(fill, Fill::WouldBlock),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

/// A message of the tests as its bytes: control messages and blocks of many lengths.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    (0_u8..5, any::<u32>(), 0_usize..3_000).prop_map(|(kind, number, length)| {
        let data = vec![number as u8; length];
        let message = match kind {
            0 => Message::KeepAlive,
            1 => Message::Have(number),
            2 => Message::Reject(BlockRequest { piece: number, begin: 1, length: 2 }),
            3 => Message::Piece { piece: number, begin: 7, data: &data },
            _ => Message::Extended { id: number as u8, payload: &data },
        };
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        bytes
    })
}

proptest! {
    #[test]
    fn a_stream_that_is_cut_anywhere_arrives_the_same(
        sent in proptest::collection::vec(any_bytes(), 0..40),
        steps in proptest::collection::vec((1_usize..5_000, 1_usize..5_000, any::<bool>()), 1..50),
        capacity in 1_usize..10_000,
        pool_size in 1_usize..10_000,
    ) {
        let (mut near, mut far) = pair(capacity, &BufferPool::new(pool_size, 2));
        let (mut arrived, mut queue) = (Vec::new(), sent.iter());
        for (write, read, rest) in steps.into_iter().cycle() {
            near.stream_mut().limit_steps(write);
            far.stream_mut().limit_steps(read);
            if let Some(bytes) = queue.next() {
                near.send_raw(bytes);
            }
            let flushed = near.flush().unwrap();
            let (fill, found) = receive(&mut far);
            arrived.extend(found);
            if rest {
                near.rest();
                far.rest();
            }
            if flushed && fill == Fill::WouldBlock && queue.len() == 0 {
                break;
            }
        }
        prop_assert_eq!(arrived, sent);
        near.rest();
        far.rest();
        prop_assert_eq!((near.held(), far.held()), (0, 0));
    }
}
