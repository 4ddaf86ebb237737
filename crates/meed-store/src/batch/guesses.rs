//! Whom names meant the last time, so that what is theirs can be asked for together with the names.
//!
//! A guess is asked for and never believed: whom a name means is read every time, and what a wrong guess loads is nobody's.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use meed_core::id::Id;
use meed_core::loyalty::WalletRef;

/// Remembered names at most; beyond, all are forgotten and learned again.
const NAMES_MAX: usize = 100_000;

/// Participants by the names that tills give them.
pub(crate) type People = HashMap<WalletRef, Id>;

/// Names that were seen lately, by workspace.
#[derive(Default)]
pub(crate) struct Guesses {
    /// With the count of names.
    people: Mutex<(usize, HashMap<i64, People>)>,
}

impl Guesses {
    /// Whom these names may mean.
    pub(super) fn of(&self, workspace: i64, names: &BTreeSet<WalletRef>) -> People {
        if names.is_empty() {
            return People::new();
        }
        let people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        let known = people.1.get(&workspace);
        let guess = |name: &WalletRef| match name {
            WalletRef::Participant(id) => Some((name.clone(), *id)),
            name => known?.get(name).map(|id| (name.clone(), *id)),
        };
        names.iter().filter_map(guess).collect()
    }

    /// Remembers whom names meant, other than was guessed, and forgets those that mean nobody.
    pub(super) fn learn(&self, workspace: i64, meant: &People, guessed: &People) {
        let lasts = |name: &WalletRef| matches!(name, WalletRef::Code(_) | WalletRef::Number(_));
        let mut new = meant.iter().filter(|(name, id)| lasts(name) && guessed.get(name) != Some(id)).peekable();
        let mut gone = guessed.keys().filter(|name| lasts(name) && !meant.contains_key(name)).peekable();
        if new.peek().is_none() && gone.peek().is_none() {
            return;
        }
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, by_workspace) = &mut *people;
        for name in gone {
            let was_known = by_workspace.get_mut(&workspace).is_some_and(|known| known.remove(name).is_some());
            *count -= usize::from(was_known);
        }
        for (name, id) in new {
            if *count >= NAMES_MAX {
                by_workspace.clear();
                *count = 0;
            }
            let is_new = by_workspace.entry(workspace).or_default().insert(name.clone(), *id).is_none();
            *count += usize::from(is_new);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_guessed_as_they_were_meant_last() {
        let guesses = Guesses::default();
        let number = |n: usize| WalletRef::Number(n.to_string());
        let names: BTreeSet<WalletRef> = [number(1), number(2), WalletRef::Participant(Id(9)), WalletRef::OneTimeCode("x".into())].into();
        assert_eq!(guesses.of(1, &names), People::from([(WalletRef::Participant(Id(9)), Id(9))]), "an id means itself");
        let meant = People::from([(number(1), Id(7)), (WalletRef::OneTimeCode("x".into()), Id(7)), (WalletRef::Of(Id(3)), Id(7))]);
        guesses.learn(1, &meant, &People::new());
        assert_eq!(guesses.of(1, &names).get(&number(1)), Some(&Id(7)));
        assert_eq!(guesses.of(1, &names).len(), 2, "what is used up is not kept");
        assert_eq!(guesses.of(2, &names).len(), 1, "another workspace");
        guesses.learn(1, &People::from([(number(1), Id(8))]), &meant);
        assert_eq!(guesses.of(1, &names).get(&number(1)), Some(&Id(8)));
        guesses.learn(1, &People::new(), &People::from([(number(1), Id(8))]));
        assert_eq!(guesses.of(1, &names).get(&number(1)), None, "it means nobody");
        guesses.learn(1, &People::from([(number(1), Id(8))]), &People::new());
        guesses.learn(1, &(0..NAMES_MAX).map(|n| (number(n + 10), Id(1))).collect(), &People::new());
        assert_eq!(guesses.of(1, &names).get(&number(1)), None, "memory has an end");
    }
}
