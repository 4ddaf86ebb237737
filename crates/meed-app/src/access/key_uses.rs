//! When each API key was last used: kept in memory, written now and then in one command, so that a request never waits
//! for it. What a process that is killed had not written yet is lost, a minute at most.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use meed_core::id::Id;

#[derive(Clone, Copy)]
struct Use {
    at_us: i64,
    is_written: bool,
}

/// The last use of keys that this process has seen.
#[derive(Default)]
pub(crate) struct KeyUses(Mutex<HashMap<Id, Use>>);

impl KeyUses {
    /// Notes that a key was shown and valid.
    pub(super) fn note(&self, key: Id, at_us: i64) {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = uses.entry(key).or_insert(Use { at_us, is_written: false });
        if last.at_us < at_us {
            *last = Use { at_us, is_written: false };
        }
    }

    /// When this process last saw the key.
    pub(super) fn last(&self, key: Id) -> Option<i64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).map(|last| last.at_us)
    }

    /// Uses that are not written yet.
    pub(super) fn unwritten(&self) -> Vec<(Id, i64)> {
        let uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open: Vec<(Id, i64)> = uses.iter().filter(|(_, last)| !last.is_written).map(|(key, last)| (*key, last.at_us)).collect();
        open.sort_unstable();
        open
    }

    /// Notes what was written. A key that was used again meanwhile stays open.
    pub(super) fn written(&self, uses: &[(Id, i64)]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, at_us) in uses {
            if let Some(last) = known.get_mut(key).filter(|last| last.at_us == *at_us) {
                last.is_written = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_written_once() {
        let uses = KeyUses::default();
        uses.note(Id(1), 10);
        uses.note(Id(2), 11);
        let open = uses.unwritten();
        assert_eq!(open, [(Id(1), 10), (Id(2), 11)]);
        uses.note(Id(2), 12);
        uses.written(&open);
        assert_eq!(uses.unwritten(), [(Id(2), 12)], "it was used again while the former use was written");
        assert_eq!((uses.last(Id(1)), uses.last(Id(3))), (Some(10), None));
    }
}
