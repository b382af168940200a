//! Tests of the records: their bytes, what is believed of them, power failures, the real disk.

mod disk;
mod power;
mod record;
