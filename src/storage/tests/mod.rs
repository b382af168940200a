//! Tests of the storage on real folders.

mod choosing;
mod confirming;
mod escapes;
mod failures;
mod model;
mod preparing;
mod spans;
mod support;
