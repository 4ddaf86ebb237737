//! Saving batches beside the writer, which goes on with the next one while the disk works on those before.
//!
//! A committed batch is seen by the batches and readers after it; it is on disk when a flush that began afterwards has ended.
//! Until then its answers wait here, in the order of the batches, and so do the answers of later ones that only repeat what
//! it decided. One flush serves all batches that came while the last one ran.
//!
//! Where a flush fails nobody can say what the disk holds: writing stops until the database is opened anew. A PostgreSQL
//! server that went down in between may come back without the last batches; they are looked up by their audit lines, and
//! the callers of those that are gone are told to send again.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use meed_core::audit::Hash;
use tokio::sync::oneshot;

use super::{ATTEMPTS_MAX, Answer, Dispatcher};
use crate::crash::{CrashPoint, crash_point};
use crate::engine::Session;
use crate::error::{Fault, StoreError};
use crate::sql;
use crate::store::Connect;

/// Batches that wait for the disk at most; then the writer waits too.
const WAITING_MAX: usize = 64;

type Answered = Result<Answer, StoreError>;

/// What a database does not have any more, by workspace and first audit line.
type Lost = HashSet<(i64, Option<(i64, Hash)>)>;

/// What is known of a committed transaction.
#[derive(Clone, Copy)]
pub(crate) struct Committed {
    pub(crate) workspace: i64,
    /// Its first audit line, by number and hash. There is none where only refusals were kept.
    pub(crate) line: Option<(i64, Hash)>,
    /// Not later than its commit.
    pub(crate) at: Instant,
}

/// Answers, and the transactions that must be on disk before they are given.
pub(crate) struct Decided {
    pub(crate) committed: Vec<Committed>,
    pub(crate) answers: Vec<(oneshot::Sender<Answered>, Answered)>,
}

/// Where writers hand their batches in.
#[derive(Clone)]
pub(crate) struct Saver {
    hand_in: SyncSender<Decided>,
    /// By workspace, the last transaction with an audit line that this process committed.
    last: Arc<Mutex<HashMap<i64, Committed>>>,
}

impl Saver {
    /// Starts the thread. It ends when the last writer has.
    pub(crate) fn start(
        connect: Connect,
        dispatcher: Arc<Dispatcher>,
        lock: Option<Arc<File>>,
    ) -> Result<(Self, JoinHandle<()>), StoreError> {
        let (hand_in, handed_in) = sync_channel(WAITING_MAX);
        let mut saving = Saving { opened: Some(Opened::by(&connect)?), connect, dispatcher, failure: None };
        let thread = std::thread::Builder::new().name("saver".into()).spawn(move || {
            saving.run(&handed_in);
            drop(lock);
        });
        Ok((Self { hand_in, last: Arc::default() }, thread.map_err(|e| StoreError::broken(format!("no thread that saves: {e}")))?))
    }

    /// Has a batch saved and answered.
    pub(crate) fn hand_in(&self, decided: Decided) {
        // Without the thread nobody knows whether the batch is on disk: the callers see their answer break off.
        if self.hand_in.send(decided).is_err() {
            tracing::error!("a batch could not be handed to the thread that saves it");
        }
    }

    fn last(&self) -> MutexGuard<'_, HashMap<i64, Committed>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a transaction for [`Self::has_lost`].
    pub(crate) fn remember(&self, committed: Committed) {
        if committed.line.is_some() {
            self.last().insert(committed.workspace, committed);
        }
    }

    /// Whether the database, by a connection that was opened then, has lost what this process had committed in a workspace: it
    /// went down in between. To be asked behind the workspace's lock.
    pub(crate) fn has_lost(&self, session: &mut dyn Session, workspace: i64, opened_at: Instant) -> Result<bool, StoreError> {
        let last = self.last().get(&workspace).copied();
        match last.filter(|last| last.at < opened_at) {
            None => Ok(false),
            Some(last) => Ok(!has_audit_line(session, &last)?),
        }
    }
}

/// A connection, and when it stood.
pub(crate) struct Opened {
    pub(crate) session: Box<dyn Session>,
    pub(crate) at: Instant,
}

impl Opened {
    pub(crate) fn by(connect: &Connect) -> Result<Self, StoreError> {
        Ok(Self { session: connect()?, at: Instant::now() })
    }
}

struct Saving {
    connect: Connect,
    opened: Option<Opened>,
    dispatcher: Arc<Dispatcher>,
    /// The disk has refused once: what it holds since then is not known.
    failure: Option<StoreError>,
}

impl Saving {
    fn run(&mut self, handed_in: &Receiver<Decided>) {
        while let Ok(first) = handed_in.recv() {
            let batches: Vec<Decided> = std::iter::once(first).chain(handed_in.try_iter()).collect();
            let committed: Vec<Committed> = batches.iter().flat_map(|batch| &batch.committed).copied().collect();
            let saved = self.save(&committed);
            crash_point(CrashPoint::AfterSave);
            for batch in batches {
                give(batch, saved.as_ref());
            }
        }
    }

    /// Waits until the transactions are on disk, and answers which of them the database has lost: by workspace and audit line.
    fn save(&mut self, committed: &[Committed]) -> Result<Lost, StoreError> {
        if let Some(failure) = &self.failure {
            return Err(failure.copy());
        }
        if committed.is_empty() {
            // What was saved before need not wait for the disk again.
            return Ok(Lost::new());
        }
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut error = match self.try_save(committed) {
                Ok(lost) => return Ok(lost),
                Err(error) => error,
            };
            self.opened = None;
            if error.fault == Fault::Unsaved {
                tracing::error!(%error, "nothing is written any more until Meed is started anew");
                self.dispatcher.refuse("the disk did not take what was written; see the log");
                self.failure = Some(error.copy());
                return Err(error);
            }
            if attempt >= ATTEMPTS_MAX {
                tracing::error!(%error, commands = committed.len(), "batches could not be saved");
                error.fault = Fault::OutcomeUnknown;
                return Err(error);
            }
            tracing::warn!(%error, attempt, "saving is repeated");
            std::thread::sleep(Duration::from_millis(u64::from(attempt) * 20));
        }
    }

    fn try_save(&mut self, committed: &[Committed]) -> Result<Lost, StoreError> {
        let opened = match &mut self.opened {
            Some(opened) => opened,
            none => none.insert(Opened::by(&self.connect)?),
        };
        opened.session.flush()?;
        let mut lost = Lost::new();
        // A connection that has lasted since says that the server has too.
        for batch in committed.iter().filter(|batch| batch.at < opened.at) {
            if !has_audit_line(opened.session.as_mut(), batch)? {
                tracing::error!(workspace = batch.workspace, line = ?batch.line, "the database lost a batch when it went down");
                lost.insert((batch.workspace, batch.line));
            }
        }
        Ok(lost)
    }
}

fn give(batch: Decided, saved: Result<&Lost, &StoreError>) {
    let is_lost = |lost: &Lost| batch.committed.iter().any(|c| lost.contains(&(c.workspace, c.line)));
    let failure = match saved {
        Ok(lost) if is_lost(lost) => {
            Some(StoreError { fault: Fault::Transient, statement: None, detail: "the database lost it when it went down".into() })
        }
        Ok(_) => None,
        Err(error) => Some(error.copy()),
    };
    for (sender, answer) in batch.answers {
        // A caller that went away does not need its answer; the effect stands.
        let _ = sender.send(failure.as_ref().map_or(answer, |failure| Err(failure.copy())));
    }
}

/// Whether a transaction stands, by its first audit line.
pub(super) fn has_audit_line(session: &mut dyn Session, asked: &Committed) -> Result<bool, StoreError> {
    let Some((number, hash)) = asked.line else { return Ok(true) };
    let mut found = false;
    session.query(&sql::journal::AUDIT_HASH, &[asked.workspace.into(), number.into()], &mut |row| {
        found = row.bytes(0)? == hash;
        Ok(())
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{Sender, channel};

    use meed_core::id::Id;
    use oneshot::error::TryRecvError;

    use super::*;
    use crate::batch::{Job, Priority, Submission};
    use crate::engine::Each;
    use crate::statement::Statement;
    use crate::value::Value;

    /// A disk that ends a flush when it is told to, and how; it has lost every batch.
    struct Disk {
        told: Receiver<Result<(), Fault>>,
        flushes: Arc<AtomicUsize>,
    }

    impl Session for Disk {
        fn flush(&mut self) -> Result<(), StoreError> {
            let told = self.told.recv().expect("the test tells");
            self.flushes.fetch_add(1, Ordering::SeqCst);
            told.map_err(|fault| StoreError { fault, statement: None, detail: "as told".into() })
        }
        fn begin(&mut self) -> Result<(), StoreError> {
            Ok(())
        }
        fn begin_read(&mut self) -> Result<(), StoreError> {
            Ok(())
        }
        fn commit(&mut self) -> Result<(), StoreError> {
            Ok(())
        }
        fn rollback(&mut self) {}
        fn query(&mut self, _: &'static Statement, _: &[Value], _: Each<'_>) -> Result<(), StoreError> {
            Ok(())
        }
        fn query_set(&mut self, _: &'static Statement, _: i64, _: &[Vec<Value>], _: Each<'_>) -> Result<(), StoreError> {
            Ok(())
        }
        fn execute(&mut self, _: &'static Statement, _: Vec<Value>) -> Result<(), StoreError> {
            Ok(())
        }
        fn execute_set(&mut self, _: &'static Statement, _: i64, _: Vec<Vec<Value>>) -> Result<(), StoreError> {
            Ok(())
        }
        fn run_script(&mut self, _: &str) -> Result<(), StoreError> {
            Ok(())
        }
        fn is_alive(&self) -> bool {
            true
        }
    }

    struct Fixture {
        saver: Saver,
        thread: JoinHandle<()>,
        dispatcher: Arc<Dispatcher>,
        /// Tells the connections in their order.
        tell: Vec<Sender<Result<(), Fault>>>,
        flushes: Arc<AtomicUsize>,
        began: Instant,
    }

    impl Fixture {
        fn new(connections: usize) -> Self {
            let began = Instant::now();
            let (tell, mut disks): (Vec<_>, std::collections::VecDeque<_>) = (0..connections).map(|_| channel()).unzip();
            let flushes = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&flushes);
            let disks = Mutex::new(std::mem::take(&mut disks));
            let connect: Connect = Arc::new(move || {
                let disk = disks.lock().expect("whole").pop_front().ok_or_else(|| StoreError::broken("no more connections"))?;
                Ok(Box::new(Disk { told: disk, flushes: Arc::clone(&counted) }))
            });
            let dispatcher = Arc::new(Dispatcher::default());
            let (saver, thread) = Saver::start(connect, Arc::clone(&dispatcher), None).expect("started");
            Self { saver, thread, dispatcher, tell, flushes, began }
        }

        fn hand_in(&self, committed: Vec<Committed>) -> oneshot::Receiver<Answered> {
            let (sender, receiver) = oneshot::channel();
            self.saver.hand_in(Decided { committed, answers: vec![(sender, Ok(Answer::Replayed("done".into())))] });
            receiver
        }

        fn end(self) {
            let Self { saver, thread, tell, .. } = self;
            drop(saver);
            thread.join().expect("no panic");
            drop(tell);
        }
    }

    fn batch(at: Instant) -> Vec<Committed> {
        vec![Committed { workspace: 1, line: Some((7, [1; 32])), at }]
    }

    fn fault(answer: oneshot::Receiver<Answered>) -> Option<Fault> {
        answer.blocking_recv().expect("answered").err().map(|error| error.fault)
    }

    #[test]
    fn led_005_an_answer_waits_for_the_disk_and_so_does_its_repetition() {
        let fixture = Fixture::new(1);
        let mut first = fixture.hand_in(batch(Instant::now()));
        let mut repeated = fixture.hand_in(Vec::new());
        assert_eq!((first.try_recv().err(), repeated.try_recv().err()), (Some(TryRecvError::Empty), Some(TryRecvError::Empty)));
        fixture.tell[0].send(Ok(())).expect("it listens");
        assert_eq!((fault(first), fault(repeated)), (None, None));
        assert_eq!(fixture.flushes.load(Ordering::SeqCst), 1, "one for both");
        assert_eq!(fault(fixture.hand_in(Vec::new())), None, "there is nothing to flush, and nobody tells the disk");
        fixture.end();
    }

    #[test]
    fn a_disk_that_refuses_ends_writing() {
        let fixture = Fixture::new(2);
        let first = fixture.hand_in(batch(Instant::now()));
        fixture.tell[0].send(Err(Fault::Unsaved)).expect("it listens");
        assert_eq!(fault(first), Some(Fault::Unsaved));
        assert_eq!(fault(fixture.hand_in(batch(Instant::now()))), Some(Fault::Unsaved), "whatever the disk says now");
        let submission = Submission {
            actor: meed_core::command::Actor("user:1".into()),
            key: None,
            subject: String::new(),
            command: Box::new(meed_core::command::PutRecords::one(
                "alert.put",
                meed_core::command::PutRecord::new(meed_core::command::RecordKind::Alert, None, "{}".into()),
            )),
            identity: None,
            priority: Priority::Interactive,
        };
        let refused = fixture.dispatcher.submit(Id(1).0, Job { submission, answer: oneshot::channel().0 });
        assert_eq!(refused.err().map(|error| error.fault), Some(Fault::Broken));
        fixture.end();
    }

    #[test]
    fn batches_that_a_server_lost_are_sent_again_and_those_after_it_stand() {
        let fixture = Fixture::new(2);
        let lost = fixture.hand_in(batch(fixture.began));
        fixture.tell[0].send(Err(Fault::Transient)).expect("it listens");
        fixture.tell[1].send(Ok(())).expect("it listens");
        assert_eq!(fault(lost), Some(Fault::Transient));
        let later = fixture.hand_in(batch(Instant::now()));
        fixture.tell[1].send(Ok(())).expect("it listens");
        assert_eq!(fault(later), None);
        fixture.end();
    }

    #[test]
    fn a_server_that_stays_away_leaves_callers_in_doubt() {
        let fixture = Fixture::new(1);
        let first = fixture.hand_in(batch(Instant::now()));
        fixture.tell[0].send(Err(Fault::Transient)).expect("it listens");
        assert_eq!(fault(first), Some(Fault::OutcomeUnknown));
        fixture.end();
    }
}
