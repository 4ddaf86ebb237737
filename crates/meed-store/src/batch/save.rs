//! Saving batches beside the writer, which goes on with the next one while the disk works on those before.
//!
//! A committed batch is seen by the batches and readers after it; it is on disk when a flush that began afterwards has ended.
//! Until then its answers wait here, and so does every answer that was decided on it, a refusal or a repetition: nothing is
//! answered before a flush that began after it was decided. One flush serves all batches that came while the last one ran.
//!
//! Where a flush fails nobody can say what the disk holds: writing stops until the database is opened anew. A PostgreSQL
//! server that went down in between, or another one that took its place, may not have the last batches; they are looked up
//! by their audit lines, and the callers of what is gone, or of what rests on something that may be, are told to send again.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use meed_core::audit::Hash;
use tokio::sync::oneshot;

use super::{ATTEMPTS_MAX, Answer, Dispatcher, Submission};
use crate::crash::{CrashPoint, crash_point};
use crate::engine::Session;
use crate::error::{Fault, StoreError};
use crate::sql;
use crate::store::Connect;

/// Batches that wait for the disk at most; then the writer waits too.
const WAITING_MAX: usize = 64;

type Answered = Result<Answer, StoreError>;

/// Where and when something was decided.
#[derive(Clone, Copy)]
pub(crate) struct Basis {
    pub(crate) workspace: i64,
    /// By number and hash, the transaction's first audit line; where nothing was done, the last one before.
    pub(crate) line: (i64, Hash),
    /// Not later than its commit.
    pub(crate) at: Instant,
    /// The server, as [`Session::server`] names it.
    pub(crate) server: Option<i64>,
}

/// An answer, and what it rests on.
pub(crate) type Based = Result<(Answer, Basis), StoreError>;

/// Answers with what they rest on, and who waits for them. What failed has no effect that could be lost.
pub(crate) struct Decided {
    pub(crate) answers: Vec<(oneshot::Sender<Answered>, Based)>,
    /// What was asked, to be let go where no batch waits for it.
    pub(crate) asked: Vec<Submission>,
}

/// Where writers hand their batches in.
#[derive(Clone)]
pub(crate) struct Saver {
    hand_in: SyncSender<Decided>,
    dispatcher: Arc<Dispatcher>,
    /// When this process began to use the database.
    began: Instant,
    /// By workspace, the last transaction that this process committed.
    last: Arc<Mutex<HashMap<i64, Basis>>>,
}

impl Saver {
    /// Starts the thread, once a first flush has shown that the database can be asked for one. It ends when the last writer has.
    pub(crate) fn start(
        connect: Connect,
        dispatcher: Arc<Dispatcher>,
        lock: Option<Arc<File>>,
    ) -> Result<(Self, JoinHandle<()>), StoreError> {
        let began = Instant::now();
        let mut opened = Opened::by(&connect)?;
        opened.session.flush()?;
        let (hand_in, handed_in) = sync_channel(WAITING_MAX);
        let mut saving = Saving { opened: Some(opened), connect, dispatcher: Arc::clone(&dispatcher), failure: None };
        let thread = std::thread::Builder::new().name("saver".into()).spawn(move || {
            saving.run(&handed_in);
            drop(lock);
        });
        let thread = thread.map_err(|e| StoreError::broken(format!("no thread that saves: {e}")))?;
        Ok((Self { hand_in, dispatcher, began, last: Arc::default() }, thread))
    }

    /// Has a batch saved and answered.
    pub(crate) fn hand_in(&self, decided: Decided) {
        if self.hand_in.send(decided).is_err() {
            // Nobody knows whether the batch is on disk: the callers see their answer break off.
            tracing::error!("a batch could not be handed to the thread that saves it; nothing is written any more");
            self.dispatcher.refuse("the thread that saves has ended; see the log");
        }
    }

    /// A writer's first connection: it is as old as the process.
    pub(crate) fn first_connection(&self, connect: &Connect) -> Result<Opened, StoreError> {
        Ok(Opened { at: self.began, ..Opened::by(connect)? })
    }

    fn last(&self) -> MutexGuard<'_, HashMap<i64, Basis>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a transaction for [`Self::may_have_lost`].
    pub(crate) fn remember(&self, basis: Basis) {
        self.last().insert(basis.workspace, basis);
    }

    /// Whether the database at the other end of a connection may have lost what this process knows of a workspace: it went down
    /// since, or it is another one. To be asked behind the workspace's lock.
    pub(crate) fn may_have_lost(&self, workspace: i64, opened: &Opened) -> bool {
        let server = opened.session.server();
        let last = self.last().get(&workspace).copied().map_or((self.began, server), |last| (last.at, last.server));
        opened.is_after(last)
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

    /// What is decided on this connection now rests on this.
    pub(crate) fn basis(&self, workspace: i64, line: (i64, Hash)) -> Basis {
        Basis { workspace, line, at: Instant::now(), server: self.session.server() }
    }

    /// Whether the database may have gone down between the two. A connection that lasted since then says that its server has too.
    fn is_after(&self, (at, server): (Instant, Option<i64>)) -> bool {
        let own = self.session.server();
        own.is_some() && (own != server || at < self.at)
    }
}

struct Saving {
    connect: Connect,
    opened: Option<Opened>,
    dispatcher: Arc<Dispatcher>,
    /// The disk has refused once: what it holds since then is not known.
    failure: Option<StoreError>,
}

/// Answers that rest on something the database may have lost, by workspace and audit line.
type Lost = HashSet<(i64, (i64, Hash))>;

impl Saving {
    fn run(&mut self, handed_in: &Receiver<Decided>) {
        while let Ok(first) = handed_in.recv() {
            let batches: Vec<Decided> = std::iter::once(first).chain(handed_in.try_iter()).collect();
            let mut bases: Vec<Basis> =
                batches.iter().flat_map(|batch| &batch.answers).filter_map(|(_, answer)| Some(answer.as_ref().ok()?.1)).collect();
            bases.dedup_by(|next, first| (next.workspace, next.line, next.at) == (first.workspace, first.line, first.at));
            let saved = self.save(&bases);
            crash_point(CrashPoint::AfterSave);
            let mut asked = Vec::with_capacity(batches.len());
            for batch in batches {
                give(batch.answers, saved.as_ref());
                asked.push(batch.asked);
            }
            drop(asked);
        }
    }

    /// Waits until everything that was committed so far is on disk, and answers what the database has lost of it.
    fn save(&mut self, bases: &[Basis]) -> Result<Lost, StoreError> {
        if let Some(failure) = &self.failure {
            return Err(failure.copy());
        }
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut error = match self.try_save(bases) {
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
                tracing::error!(%error, batches = bases.len(), "batches could not be saved");
                error.fault = Fault::OutcomeUnknown;
                return Err(error);
            }
            tracing::warn!(%error, attempt, "saving is repeated");
            std::thread::sleep(Duration::from_millis(u64::from(attempt) * 20));
        }
    }

    fn try_save(&mut self, bases: &[Basis]) -> Result<Lost, StoreError> {
        let opened = match &mut self.opened {
            Some(opened) => opened,
            none => none.insert(Opened::by(&self.connect)?),
        };
        opened.session.flush()?;
        let mut lost = Lost::new();
        for basis in bases {
            if opened.is_after((basis.at, basis.server)) && !has_audit_line(opened.session.as_mut(), basis)? {
                tracing::error!(workspace = basis.workspace, line = ?basis.line, "the database may have lost what an answer rests on");
                lost.insert((basis.workspace, basis.line));
            }
        }
        Ok(lost)
    }
}

fn give(answers: Vec<(oneshot::Sender<Answered>, Based)>, saved: Result<&Lost, &StoreError>) {
    for (sender, answer) in answers {
        let answer = answer.and_then(|(answer, basis)| match saved {
            Ok(lost) if lost.contains(&(basis.workspace, basis.line)) => {
                Err(StoreError { fault: Fault::Transient, statement: None, detail: "the database lost it when it went down".into() })
            }
            Ok(_) => Ok(answer),
            Err(error) => Err(error.copy()),
        });
        // A caller that went away does not need its answer; the effect stands.
        let _ = sender.send(answer);
    }
}

/// Whether a transaction stands, by its audit line.
pub(super) fn has_audit_line(session: &mut dyn Session, asked: &Basis) -> Result<bool, StoreError> {
    let (number, hash) = asked.line;
    // Before the first line there is nothing to lose.
    let mut found = number == 0;
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
    use crate::batch::{Job, Priority};
    use crate::engine::Each;
    use crate::statement::Statement;
    use crate::value::Value;

    /// A disk that ends a flush when it is told to, and how; it has lost every batch.
    struct Disk {
        told: Receiver<Result<(), Fault>>,
        flushes: Arc<AtomicUsize>,
        server: Option<i64>,
    }

    impl Session for Disk {
        fn flush(&mut self) -> Result<(), StoreError> {
            self.flushes.fetch_add(1, Ordering::SeqCst);
            let told = self.told.recv().expect("the test tells");
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
        fn server(&self) -> Option<i64> {
            self.server
        }
        fn is_alive(&mut self) -> bool {
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
        /// A connection to each of these servers, one after the other.
        fn new(servers: &[Option<i64>]) -> Self {
            let began = Instant::now();
            let connections = servers.len();
            let (tell, mut disks): (Vec<Sender<_>>, Vec<_>) = (0..connections).map(|_| channel()).unzip();
            let flushes = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&flushes);
            let servers = servers.to_vec();
            let disks: Mutex<std::collections::VecDeque<_>> = Mutex::new(disks.drain(..).zip(servers).collect());
            let connect: Connect = Arc::new(move || {
                let next = disks.lock().expect("whole").pop_front();
                let (told, server) = next.ok_or_else(|| StoreError::broken("no more connections"))?;
                Ok(Box::new(Disk { told, flushes: Arc::clone(&counted), server }))
            });
            tell.first().expect("a connection").send(Ok(())).expect("for the flush at the start");
            let dispatcher = Arc::new(Dispatcher::default());
            let (saver, thread) = Saver::start(connect, Arc::clone(&dispatcher), None).expect("started");
            Self { saver, thread, dispatcher, tell, flushes, began }
        }

        fn hand_in(&self, basis: Basis) -> oneshot::Receiver<Answered> {
            let (sender, receiver) = oneshot::channel();
            let answers = vec![(sender, Ok((Answer::Replayed("done".into()), basis)))];
            self.saver.hand_in(Decided { answers, asked: Vec::new() });
            receiver
        }

        fn tell(&self, connection: usize, result: Result<(), Fault>) {
            self.tell[connection].send(result).expect("it listens");
        }

        fn end(self) {
            let Self { saver, thread, tell, .. } = self;
            drop(saver);
            thread.join().expect("no panic");
            drop(tell);
        }
    }

    const SERVER: Option<i64> = Some(1);

    fn batch(at: Instant) -> Basis {
        Basis { workspace: 1, line: (7, [1; 32]), at, server: SERVER }
    }

    fn fault(answer: oneshot::Receiver<Answered>) -> Option<Fault> {
        answer.blocking_recv().expect("answered").err().map(|error| error.fault)
    }

    #[test]
    fn led_005_an_answer_waits_for_the_disk_and_so_does_its_repetition() {
        let fixture = Fixture::new(&[SERVER]);
        let mut first = fixture.hand_in(batch(Instant::now()));
        let mut repeated = fixture.hand_in(batch(Instant::now()));
        assert_eq!((first.try_recv().err(), repeated.try_recv().err()), (Some(TryRecvError::Empty), Some(TryRecvError::Empty)));
        fixture.tell(0, Ok(()));
        assert_eq!(fault(first), None);
        // It may have come while the flush ran; then it has one of its own.
        fixture.tell(0, Ok(()));
        assert_eq!(fault(repeated), None);
        fixture.end();
    }

    #[test]
    fn one_flush_serves_all_that_waited_for_it() {
        let fixture = Fixture::new(&[SERVER]);
        let first = fixture.hand_in(batch(Instant::now()));
        while fixture.flushes.load(Ordering::SeqCst) < 2 {
            // At the disk: what comes now waits for the next flush.
            std::thread::yield_now();
        }
        let later: Vec<_> = (0..10).map(|_| fixture.hand_in(batch(Instant::now()))).collect();
        fixture.tell(0, Ok(()));
        assert_eq!(fault(first), None);
        fixture.tell(0, Ok(()));
        assert!(later.into_iter().all(|answer| fault(answer).is_none()));
        assert_eq!(fixture.flushes.load(Ordering::SeqCst), 3, "one of them was for the start");
        fixture.end();
    }

    #[test]
    fn a_disk_that_refuses_ends_writing() {
        let fixture = Fixture::new(&[None, None]);
        let submission = || Submission {
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
        let (sender, waiting) = oneshot::channel();
        fixture.dispatcher.submit(Id(1).0, Job { submission: submission(), answer: sender }).expect("it may wait");
        let first = fixture.hand_in(batch(Instant::now()));
        fixture.tell(0, Err(Fault::Unsaved));
        assert_eq!(fault(first), Some(Fault::Unsaved));
        assert_eq!(fault(fixture.hand_in(batch(Instant::now()))), Some(Fault::Unsaved), "whatever the disk says now");
        assert_eq!(fault(fixture.hand_in(batch(Instant::now()))), Some(Fault::Unsaved), "nobody knows what it repeats");
        assert_eq!(fault(waiting), Some(Fault::Broken), "what waited is not decided any more");
        let refused = fixture.dispatcher.submit(Id(1).0, Job { submission: submission(), answer: oneshot::channel().0 });
        assert_eq!(refused.err().map(|error| error.fault), Some(Fault::Broken));
        fixture.dispatcher.close();
        assert!(fixture.dispatcher.take().is_none());
        fixture.end();
    }

    #[test]
    fn what_a_server_may_have_lost_is_sent_again_and_what_comes_after_it_stands() {
        let fixture = Fixture::new(&[SERVER, SERVER]);
        let lost = fixture.hand_in(batch(fixture.began));
        fixture.tell(0, Err(Fault::Transient));
        fixture.tell(1, Ok(()));
        assert_eq!(fault(lost), Some(Fault::Transient));
        let repeated = fixture.hand_in(batch(fixture.began));
        fixture.tell(1, Ok(()));
        assert_eq!(fault(repeated), Some(Fault::Transient), "it was decided on what is lost");
        let later = fixture.hand_in(batch(Instant::now()));
        fixture.tell(1, Ok(()));
        assert_eq!(fault(later), None);
        fixture.end();
    }

    #[test]
    fn what_another_server_took_is_sent_again() {
        let fixture = Fixture::new(&[Some(2)]);
        let elsewhere = fixture.hand_in(batch(Instant::now()));
        fixture.tell(0, Ok(()));
        assert_eq!(fault(elsewhere), Some(Fault::Transient));
        fixture.end();
    }

    #[test]
    fn a_failure_of_its_own_stays_what_it_is() {
        let fixture = Fixture::new(&[SERVER]);
        let (sender, failed) = oneshot::channel();
        let (other, done) = oneshot::channel();
        let basis = batch(Instant::now());
        let answers = vec![(sender, Err(StoreError::bug("its own"))), (other, Ok((Answer::Replayed("done".into()), basis)))];
        fixture.saver.hand_in(Decided { answers, asked: Vec::new() });
        fixture.tell(0, Err(Fault::Transient));
        assert_eq!((fault(failed), fault(done)), (Some(Fault::Bug), Some(Fault::OutcomeUnknown)), "nobody connects it anew");
        fixture.end();
    }

    #[test]
    fn a_server_that_stays_away_leaves_callers_in_doubt() {
        let fixture = Fixture::new(&[SERVER]);
        let first = fixture.hand_in(batch(Instant::now()));
        fixture.tell(0, Err(Fault::Transient));
        assert_eq!(fault(first), Some(Fault::OutcomeUnknown));
        fixture.end();
    }
}
