//! A clock that stands still until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use meed_store::Clock;

/// Microseconds UTC, under the control of a test.
#[derive(Clone, Debug)]
pub struct FixedClock(Arc<AtomicI64>);

impl FixedClock {
    /// A clock that shows an RFC 3339 time.
    #[must_use]
    pub fn at(text: &str) -> Self {
        let at: jiff::Timestamp = text.parse().expect("an RFC 3339 time");
        Self(Arc::new(AtomicI64::new(at.as_microsecond())))
    }

    /// Moves it on.
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// The clock as a store takes it.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let now = Arc::clone(&self.0);
        Arc::new(move || now.load(Ordering::SeqCst))
    }
}
