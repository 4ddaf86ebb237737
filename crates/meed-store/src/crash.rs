//! Crash points: where the kill tests end the process, at each write boundary.
//!
//! They exist in debug builds only and do nothing unless `MEED_CRASH_AT` names one, such as `before_commit:3` for the
//! third time that point is reached.

/// A boundary of the write path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CrashPoint {
    AfterLock,
    AfterLoad,
    BeforeCommit,
    AfterCommit,
    AfterSave,
}

#[cfg(debug_assertions)]
pub(crate) fn crash_point(point: CrashPoint) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    static WANTED: OnceLock<Option<(String, u32)>> = OnceLock::new();
    static REACHED: AtomicU32 = AtomicU32::new(0);
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("MEED_CRASH_AT").ok()?;
        let (name, count) = text.split_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), count.parse().unwrap_or(1)))
    });
    let Some((name, count)) = wanted else { return };
    let own = match point {
        CrashPoint::AfterLock => "after_lock",
        CrashPoint::AfterLoad => "after_load",
        CrashPoint::BeforeCommit => "before_commit",
        CrashPoint::AfterCommit => "after_commit",
        CrashPoint::AfterSave => "after_save",
    };
    if own == name && REACHED.fetch_add(1, Ordering::SeqCst) + 1 == *count {
        // As abrupt as kill -9: no destructor runs, nothing is flushed.
        std::process::abort();
    }
}

#[cfg(not(debug_assertions))]
pub(crate) fn crash_point(_: CrashPoint) {}
