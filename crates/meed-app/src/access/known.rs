//! Keys and tokens that were seen to be valid, so that a request does not read the database for them alone.
//!
//! On the embedded database this process alone takes them back, and knows them until then. On PostgreSQL another process
//! may: there what was read counts for [`KNOWN_FOR`] from the moment in which the reading began, and whoever takes a key or a token
//! back answers after [`FORGOTTEN_AFTER`]. So nobody finds it valid after that answer, and no two clocks have to agree. Only a
//! machine that was suspended, whose time stands still, may find it so until the rest of that time has passed.
//!
//! A command that is recorded checks its key again inside the batch: for those, a remembered key is good on every engine.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use meed_store::EngineKind;

use crate::App;
use crate::error::{AppError, AppResult};

/// For how long what was read is known where other processes may take it back.
const KNOWN_FOR: Duration = Duration::from_millis(50);
/// When no process knows what was taken back; more than [`KNOWN_FOR`] whatever the clocks' speeds.
const FORGOTTEN_AFTER: Duration = Duration::from_millis(75);
/// Remembered at most; beyond, all are forgotten and learned again.
const NAMES_MAX: usize = 10_000;

/// What is known, by name.
pub(crate) struct Known<T> {
    inner: Mutex<Inner<T>>,
    /// `None`: until it is taken back.
    known_for: Option<Duration>,
}

struct Inner<T> {
    /// Counts what was taken back: what was read before may not be remembered afterwards.
    taken_back: u64,
    by_name: HashMap<String, (Arc<T>, Instant)>,
}

/// A reading of the database that begins now.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    taken_back: u64,
    began: Instant,
}

impl<T> Known<T> {
    pub(crate) fn new(engine: EngineKind) -> Self {
        let known_for = (engine != EngineKind::Sqlite).then_some(KNOWN_FOR);
        Self { inner: Mutex::new(Inner { taken_back: 0, by_name: HashMap::new() }), known_for }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, or the reading to hand to [`Known::remember`].
    pub(super) fn find(&self, name: &str) -> Result<Arc<T>, Reading> {
        self.find_within(name, self.known_for)
    }

    /// What was known once and not taken back by this process: for those who check it again.
    pub(super) fn find_any(&self, name: &str) -> Result<Arc<T>, Reading> {
        self.find_within(name, None)
    }

    fn find_within(&self, name: &str, known_for: Option<Duration>) -> Result<Arc<T>, Reading> {
        let now = Instant::now();
        let inner = self.lock();
        let is_known = |began: Instant| known_for.is_none_or(|known_for| now.duration_since(began) < known_for);
        let found = inner.by_name.get(name).filter(|(_, began)| is_known(*began));
        found.map(|(value, _)| Arc::clone(value)).ok_or(Reading { taken_back: inner.taken_back, began: now })
    }

    /// Remembers what this reading has found.
    pub(super) fn remember(&self, name: &str, value: &Arc<T>, reading: Reading) {
        let mut inner = self.lock();
        if inner.taken_back != reading.taken_back {
            return;
        }
        if inner.by_name.len() >= NAMES_MAX {
            inner.by_name.clear();
        }
        inner.by_name.insert(name.to_owned(), (Arc::clone(value), reading.began));
    }

    /// Forgets what was taken back.
    pub(super) fn forget(&self, is_meant: impl Fn(&str, &T) -> bool) {
        let mut inner = self.lock();
        inner.taken_back += 1;
        inner.by_name.retain(|name, (value, _)| !is_meant(name, value));
    }
}

/// Works to the end though the caller may go away: half of taking back would leave known what is not valid any more.
pub(super) async fn to_the_end<T: Send + 'static>(work: impl Future<Output = AppResult<T>> + Send + 'static) -> AppResult<T> {
    tokio::spawn(work).await.map_err(|error| AppError::bug(&format!("taking something back ended early: {error}")))?
}

/// Waits until no process knows what was taken back before.
pub(super) async fn forgotten(app: &App) {
    if app.store().engine() != EngineKind::Sqlite {
        tokio::time::sleep(FORGOTTEN_AFTER).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(known: &Known<u8>) -> Reading {
        known.find_any("a").expect_err("nothing is known")
    }

    #[test]
    fn com_066_a_key_read_before_a_revocation_is_not_remembered_after_it() {
        let known = Known::new(EngineKind::Sqlite);
        let seen = reading(&known);
        known.forget(|_, value| *value == 7);
        known.remember("a", &Arc::new(7), seen);
        assert!(known.find_any("a").is_err());
        known.remember("a", &Arc::new(7), reading(&known));
        assert!(known.find("a").is_ok());
        known.forget(|_, value| *value == 8);
        assert!(known.find("a").is_ok());
        known.forget(|_, value| *value == 7);
        assert!(known.find_any("a").is_err());
    }

    #[test]
    fn com_066_what_others_may_take_back_is_known_for_a_moment() {
        let long_ago = Instant::now().checked_sub(KNOWN_FOR).expect("the machine runs longer");
        for (engine, is_kept) in [(EngineKind::Sqlite, true), (EngineKind::Postgres, false)] {
            let known = Known::new(engine);
            known.remember("a", &Arc::new(7), Reading { began: long_ago, ..reading(&known) });
            assert_eq!((known.find("a").is_ok(), known.find_any("a").is_ok()), (is_kept, true), "{engine:?}");
        }
        assert!(KNOWN_FOR < FORGOTTEN_AFTER);
    }
}
