//! API keys that were seen to be valid, so that a request does not read the database for its key alone.
//!
//! A command that is recorded checks its key again inside the batch, so a remembered key is safe for writing on every
//! engine. For reading it is safe only where this process alone can revoke keys, which is the embedded database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use meed_core::id::Id;

use crate::Context;

/// Remembered keys at most; beyond, all are forgotten and learned again.
const KEYS_MAX: usize = 10_000;

/// Contexts by the keyed hash of their key.
#[derive(Default)]
pub(crate) struct KnownKeys {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Counts revocations: what was read before one may not be remembered after it.
    revocations: u64,
    by_hash: HashMap<String, Arc<Context>>,
}

impl KnownKeys {
    /// The remembered context, or the count of revocations to hand to [`KnownKeys::remember`].
    pub(super) fn find(&self, hash: &str) -> Result<Arc<Context>, u64> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.by_hash.get(hash).map(Arc::clone).ok_or(inner.revocations)
    }

    /// Remembers a context that was read when the count of revocations was `seen`.
    pub(super) fn remember(&self, hash: String, context: &Arc<Context>, seen: u64) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.revocations != seen {
            return;
        }
        if inner.by_hash.len() >= KEYS_MAX {
            inner.by_hash.clear();
        }
        inner.by_hash.insert(hash, Arc::clone(context));
    }

    /// Forgets a revoked key.
    pub(super) fn forget(&self, key: Id) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.revocations += 1;
        inner.by_hash.retain(|_, context| context.key != Some(key));
    }
}

#[cfg(test)]
mod tests {
    use meed_core::command::Actor;

    use super::*;

    fn context(key: i64) -> Arc<Context> {
        Arc::new(Context {
            workspace: Id(1),
            actor: Actor("key".into()),
            key: Some(Id(key)),
            scopes: Vec::new(),
            payee: None,
            role: crate::Role::Admin,
        })
    }

    #[test]
    fn com_066_a_key_read_before_a_revocation_is_not_remembered_after_it() {
        let known = KnownKeys::default();
        let seen = known.find("a").expect_err("nothing is known");
        known.forget(Id(7));
        known.remember("a".into(), &context(7), seen);
        assert!(known.find("a").is_err());
        let seen = known.find("a").expect_err("nothing is known");
        known.remember("a".into(), &context(7), seen);
        assert!(known.find("a").is_ok());
        known.forget(Id(7));
        assert!(known.find("a").is_err());
    }
}
