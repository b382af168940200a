//! A typed dictionary that may hold keys of any bytes besides the known ones.
//!
//! A derived struct reads its keys as text, so one foreign key that is not UTF-8 would fail the
//! whole document. [`Dict`] steps over such entries before the struct sees them.

use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_bytes::ByteBuf;
use std::fmt;
use std::marker::PhantomData;

/// A dictionary read as the struct `T`, without its entries whose keys are not UTF-8.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dict<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Dict<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DictVisitor(PhantomData))
    }
}

impl<T: Serialize> Serialize for Dict<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Hands the entries of a dictionary to `T`.
struct DictVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for DictVisitor<T> {
    type Value = Dict<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a dictionary")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Dict<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(TextKeys(entries))).map(Dict)
    }
}

/// The entries of a dictionary that have text keys.
struct TextKeys<A>(A);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for TextKeys<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.0.next_key::<ByteBuf>()? {
            match String::from_utf8(key.into_vec()) {
                Ok(text) => {
                    let text: StringDeserializer<A::Error> = StringDeserializer::new(text);
                    return seed.deserialize(text).map(Some);
                }
                Err(_) => {
                    self.0.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}
