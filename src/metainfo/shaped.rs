//! Values whose type is looked at after reading, because the bytes may hold another one.
//!
//! A torrent with a number where a comment should be is still a good torrent, and where a wrong
//! type does matter, whoever knows the key reports it. Knows nothing of torrents.

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A bencoded value of any type, its list read as `T`.
pub(super) enum Shaped<T> {
    /// An integer.
    Integer(i64),
    /// A string.
    Bytes(Vec<u8>),
    /// A list.
    List(T),
    /// A dictionary, stepped over.
    Dictionary,
}

/// A scalar; lists are stepped over too.
pub(super) type Loose = Shaped<Skipped>;

/// What a list is gathered into, item by item, so that it can bound what it keeps.
pub(super) trait FromList: Default {
    /// The type of the items.
    type Item;

    /// Takes the next item.
    fn add(&mut self, item: Self::Item);
}

/// A list that nobody needs.
#[derive(Default)]
pub(super) struct Skipped;

impl FromList for Skipped {
    type Item = IgnoredAny;

    fn add(&mut self, IgnoredAny: IgnoredAny) {}
}

impl<T> Shaped<T> {
    /// The string, if it is one.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// The integer, if it is one.
    pub(super) fn integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }

    /// The list, if it is one.
    pub(super) fn list(self) -> Option<T> {
        if let Self::List(list) = self { Some(list) } else { None }
    }
}

impl<'de, T: FromList<Item: Deserialize<'de>>> Deserialize<'de> for Shaped<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapedVisitor(PhantomData))
    }
}

/// Takes whatever comes.
struct ShapedVisitor<T>(PhantomData<T>);

impl<'de, T: FromList<Item: Deserialize<'de>>> Visitor<'de> for ShapedVisitor<T> {
    type Value = Shaped<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bencoded value")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Shaped<T>, E> {
        Ok(Shaped::Integer(number))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Shaped<T>, E> {
        Ok(Shaped::Bytes(bytes.to_vec()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shaped<T>, A::Error> {
        let mut list = T::default();
        while let Some(item) = items.next_element()? {
            list.add(item);
        }
        Ok(Shaped::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Shaped<T>, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Shaped::Dictionary)
    }
}
