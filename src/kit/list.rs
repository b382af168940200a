//! A doubly linked list through values that live in a [`Slab`]: joining, leaving and looking at
//! either end cost the same however long it is, and nothing is allocated.

use crate::kit::slab::{Key, Slab};

/// A value's place in one list; a value has one of these for each list it can be in.
#[derive(Debug)]
pub struct Links<T> {
    /// The value before.
    previous: Option<Key<T>>,
    /// The value behind.
    next: Option<Key<T>>,
    /// Whether the value is in the list.
    listed: bool,
}

impl<T> Default for Links<T> {
    fn default() -> Self {
        Self { previous: None, next: None, listed: false }
    }
}

impl<T> Links<T> {
    /// Whether the value is in the list.
    pub fn is_listed(&self) -> bool {
        self.listed
    }

    /// The value behind this one in the list.
    pub fn next(&self) -> Option<Key<T>> {
        self.next
    }
}

/// Where a value keeps its [`Links`] for a list.
pub type LinksOf<T> = fn(&mut T) -> &mut Links<T>;

/// The list. All calls on one list must be given the same slab.
#[derive(Debug)]
pub struct List<T> {
    /// First value.
    head: Option<Key<T>>,
    /// Last value.
    tail: Option<Key<T>>,
    /// Values in it.
    len: usize,
    /// Where its links are.
    links: LinksOf<T>,
}

impl<T> List<T> {
    /// An empty list whose links are found that way.
    pub fn new(links: LinksOf<T>) -> Self {
        Self { head: None, tail: None, len: 0, links }
    }

    /// First value, if any.
    pub fn first(&self) -> Option<Key<T>> {
        self.head
    }

    /// Values in it.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value behind this one.
    pub fn after(&self, slab: &mut Slab<T>, key: Key<T>) -> Option<Key<T>> {
        slab.get_mut(key).and_then(|value| (self.links)(value).next)
    }

    /// Puts a value at the end; nothing happens if it is listed already.
    pub fn push_back(&mut self, slab: &mut Slab<T>, key: Key<T>) {
        let Some(value) = slab.get_mut(key) else { return };
        let links = (self.links)(value);
        if links.listed {
            return;
        }
        *links = Links { previous: self.tail, next: None, listed: true };
        match self.tail.and_then(|tail| slab.get_mut(tail)) {
            Some(tail) => (self.links)(tail).next = Some(key),
            None => self.head = Some(key),
        }
        self.tail = Some(key);
        self.len += 1;
    }

    /// Takes a value out; nothing happens if it is not listed.
    pub fn remove(&mut self, slab: &mut Slab<T>, key: Key<T>) {
        let Some(value) = slab.get_mut(key) else { return };
        let links = std::mem::take((self.links)(value));
        if !links.listed {
            return;
        }
        match links.previous.and_then(|previous| slab.get_mut(previous)) {
            Some(previous) => (self.links)(previous).next = links.next,
            None => self.head = links.next,
        }
        match links.next.and_then(|next| slab.get_mut(next)) {
            Some(next) => (self.links)(next).previous = links.previous,
            None => self.tail = links.previous,
        }
        self.len -= 1;
    }

    /// Takes the first value out.
    pub fn pop_front(&mut self, slab: &mut Slab<T>) -> Option<Key<T>> {
        let key = self.head?;
        self.remove(slab, key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Default)]
    struct Item {
        links: Links<Item>,
    }

    fn order(list: &List<Item>, slab: &mut Slab<Item>) -> Vec<usize> {
        let mut at = list.first();
        let mut seen = Vec::new();
        while let Some(key) = at {
            seen.push(key.slot());
            at = list.after(slab, key);
        }
        seen
    }

    proptest! {
        #[test]
        fn it_behaves_like_a_plain_list(
            steps in proptest::collection::vec((0_u8..3, 0_usize..8), 0..60),
        ) {
            let mut slab = Slab::new(8);
            let keys: Vec<_> =
                (0..8).map(|_| slab.insert(Item::default()).ok().unwrap()).collect();
            let mut list = List::new(|item: &mut Item| &mut item.links);
            let mut model: Vec<usize> = Vec::new();
            for (step, item) in steps {
                match step {
                    0 => {
                        list.push_back(&mut slab, keys[item]);
                        if !model.contains(&item) { model.push(item); }
                    }
                    1 => {
                        list.remove(&mut slab, keys[item]);
                        model.retain(|&other| other != item);
                    }
                    _ => {
                        let first = list.pop_front(&mut slab).map(Key::slot);
                        let expected = if model.is_empty() { None } else { Some(model.remove(0)) };
                        prop_assert_eq!(first, expected);
                    }
                }
                prop_assert_eq!(list.len(), model.len());
                prop_assert_eq!(order(&list, &mut slab), model.clone());
            }
        }
    }
}
