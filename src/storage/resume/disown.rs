//! Taking back what a record claims, after reading the files has shown that it is not so.
//!
//! Stamps cannot tell of everything: a disk forgets bits, and some changes leave no trace
//! (`docs/resume.md`). Who has read all and found damage says so here, or the next run would go on
//! believing the record and mend nothing.

use super::medium::{Medium, RecordCopy};
use super::record::{Record, Shape};
use crate::bitfield::Bitfield;
use crate::storage::error::StorageError;

/// Takes from each copy of a torrent's record the pieces that are not good; tells whether any had
/// some. What is left of a record is believed as before. Cost: a step per piece and copy.
pub fn disown(
    medium: &mut impl Medium,
    shape: &Shape,
    good: &Bitfield,
) -> Result<bool, StorageError> {
    let mut changed = false;
    for copy in [RecordCopy::Newest, RecordCopy::Previous] {
        let record = medium.read(copy)?.and_then(|bytes| Record::decode(&bytes, shape).ok());
        // What is no record is not believed anyway.
        let Some(mut record) = record else { continue };
        let wrong = (0..shape.pieces).filter(|piece| record.good.has(*piece) && !good.has(*piece));
        let wrong: Vec<u32> = wrong.collect();
        if wrong.is_empty() {
            continue;
        }
        wrong.into_iter().for_each(|piece| {
            record.good.remove(piece);
        });
        medium.write(&record.encode(shape))?;
        medium.replace(RecordCopy::Unfinished, copy)?;
        changed = true;
    }
    if changed {
        medium.flush_copies()?;
    }
    Ok(changed)
}
