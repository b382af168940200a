//! Values under keys that are never used twice.
//!
//! A key is a slot and a generation; when a value leaves, its slot goes on under the next
//! generation, so a word about something gone finds nothing instead of a stranger. The slab grows
//! by pages of fixed size, so that adding is constant work also in the moment it grows: nothing
//! that is in it ever moves.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// Slots in a page.
const PAGE: usize = 64;
/// End of the list of free slots.
const NONE: u32 = u32::MAX;

/// Names a value in a [`Slab`]. `T` keeps keys of different slabs apart.
pub struct Key<T> {
    /// Which slot.
    slot: u32,
    /// How often the slot was used before.
    generation: u32,
    /// Ties the key to its slab's type.
    of: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// The key as one number, for logs and recordings.
    pub fn to_bits(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }

    /// The key that [`Self::to_bits`] gave the number of.
    pub fn from_bits(bits: u64) -> Self {
        Self { slot: bits as u32, generation: (bits >> 32) as u32, of: PhantomData }
    }

    /// The slot: small, and unique among the values that are there at one time.
    pub fn slot(self) -> usize {
        self.slot as usize
    }
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T> PartialEq for Key<T> {
    fn eq(&self, other: &Self) -> bool {
        self.to_bits() == other.to_bits()
    }
}

impl<T> Eq for Key<T> {}

impl<T> Hash for Key<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.to_bits().hash(state);
    }
}

impl<T> PartialOrd for Key<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Key<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.to_bits().cmp(&other.to_bits())
    }
}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T> fmt::Display for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.slot, self.generation)
    }
}

/// One place.
#[derive(Debug)]
struct Slot<T> {
    /// Generation of the value that is or will be here.
    generation: u32,
    /// Next free slot, while this one is free.
    next_free: u32,
    /// The value.
    value: Option<T>,
}

/// The values. Adding, finding and removing cost the same whatever is in it.
#[derive(Debug)]
pub struct Slab<T> {
    /// Pages of slots; the outer vector is as long from the start as it will ever be.
    pages: Vec<Box<[Slot<T>]>>,
    /// Most values.
    capacity: usize,
    /// Values there are.
    len: usize,
    /// Slots ever used.
    used: u32,
    /// First free slot among them.
    free: u32,
}

impl<T> Slab<T> {
    /// An empty slab for at most that many values.
    pub fn new(capacity: usize) -> Self {
        let pages = Vec::with_capacity(capacity.div_ceil(PAGE));
        Self { pages, capacity, len: 0, used: 0, free: NONE }
    }

    /// Values there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Most values.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether no value can be added.
    pub fn is_full(&self) -> bool {
        self.len == self.capacity
    }

    /// Adds a value, or gives it back if the slab is full. Cost: O(1), growth included.
    pub fn insert(&mut self, value: T) -> Result<Key<T>, T> {
        if self.is_full() {
            return Err(value);
        }
        if self.free == NONE {
            if self.used as usize == self.pages.len() * PAGE {
                let page = (0..PAGE)
                    .map(|_| Slot { generation: 0, next_free: NONE, value: None })
                    .collect();
                self.pages.push(page);
            }
            self.free = self.used;
            self.used += 1;
        }
        let index = self.free;
        let slot = &mut self.pages[index as usize / PAGE][index as usize % PAGE];
        self.free = slot.next_free;
        slot.value = Some(value);
        self.len += 1;
        Ok(Key { slot: index, generation: slot.generation, of: PhantomData })
    }

    /// The value under this key, unless it has left. Cost: O(1).
    pub fn get(&self, key: Key<T>) -> Option<&T> {
        let slot = self.pages.get(key.slot as usize / PAGE)?.get(key.slot as usize % PAGE)?;
        if slot.generation == key.generation { slot.value.as_ref() } else { None }
    }

    /// The value under this key, to change. Cost: O(1).
    pub fn get_mut(&mut self, key: Key<T>) -> Option<&mut T> {
        let slot =
            self.pages.get_mut(key.slot as usize / PAGE)?.get_mut(key.slot as usize % PAGE)?;
        if slot.generation == key.generation { slot.value.as_mut() } else { None }
    }

    /// Takes the value out; its key finds nothing from now on. Cost: O(1).
    pub fn remove(&mut self, key: Key<T>) -> Option<T> {
        let slot =
            self.pages.get_mut(key.slot as usize / PAGE)?.get_mut(key.slot as usize % PAGE)?;
        if slot.generation != key.generation {
            return None;
        }
        let value = slot.value.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        slot.next_free = self.free;
        self.free = key.slot;
        self.len -= 1;
        Some(value)
    }

    /// Slots ever used: the bound for [`Self::key_at`].
    pub fn slots(&self) -> usize {
        self.used as usize
    }

    /// The key of the value in this slot, if there is one; for walks in steps. Cost: O(1).
    pub fn key_at(&self, slot: usize) -> Option<Key<T>> {
        let at = self.pages.get(slot / PAGE)?.get(slot % PAGE)?;
        at.value.as_ref()?;
        Some(Key { slot: slot as u32, generation: at.generation, of: PhantomData })
    }

    /// All values with their keys. For ends and tests: costs a step per slot ever used.
    pub fn iter(&self) -> impl Iterator<Item = (Key<T>, &T)> {
        self.pages.iter().flatten().enumerate().filter_map(|(index, slot)| {
            let key = Key { slot: index as u32, generation: slot.generation, of: PhantomData };
            slot.value.as_ref().map(|value| (key, value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_finds_nothing_once_its_value_left() {
        let mut slab = Slab::new(10);
        let first = slab.insert("a").unwrap();
        assert_eq!(slab.remove(first), Some("a"));
        let second = slab.insert("b").unwrap();
        assert_eq!(first.slot(), second.slot());
        assert_eq!(slab.get(first), None);
        assert_eq!(slab.get(second), Some(&"b"));
        assert_eq!(slab.remove(first), None);
    }

    #[test]
    fn gives_back_what_does_not_fit() {
        let mut slab = Slab::new(1);
        slab.insert(1).unwrap();
        assert_eq!(slab.insert(2), Err(2));
    }

    #[test]
    fn grows_over_pages_and_lists_what_is_there() {
        let mut slab = Slab::new(1000);
        let keys: Vec<_> = (0..300).map(|n| slab.insert(n).unwrap()).collect();
        for key in keys.iter().step_by(2) {
            slab.remove(*key);
        }
        assert_eq!(slab.len(), 150);
        assert!(slab.iter().all(|(key, value)| value % 2 == 1 && keys[*value] == key));
    }
}
