//! Reading connections, and work that waits for one together.
//!
//! A query of its own takes a connection for itself. Look-ups of single records and trials of commands come from every
//! request: those that wait at the same time share one connection and one round of statements. Nobody lingers for others,
//! and each round begins after all that it answers was asked.

mod joined;
mod look_up;
mod trial;

pub(crate) use look_up::RecordName;
pub(crate) use trial::Look;
pub use trial::Outcome;

use std::any::Any;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::joined::Joined;
use self::look_up::LookUp;
use self::trial::Trial;
use crate::Clock;
use crate::batch::Guesses;
use crate::changes::ChangeLog;
use crate::engine::Session;
use crate::error::StoreError;
use crate::read::Reader;
use crate::store::Connect;

/// What a query found, whatever its type.
pub(crate) type Found = Box<dyn Any + Send>;

pub(crate) type Query = Box<dyn FnOnce(&mut [Reader<'_>]) -> Result<Found, StoreError> + Send>;

/// The pool of reading connections.
pub(crate) struct Readers {
    count: usize,
    idle: Mutex<Vec<Box<dyn Session>>>,
    turns: Arc<Semaphore>,
    connect: Connect,
    changes: Arc<ChangeLog>,
    clock: Clock,
    look_ups: Joined<LookUp>,
    trials: Joined<Trial>,
    guesses: Arc<Guesses>,
}

impl Readers {
    pub(crate) fn new(count: usize, connect: Connect, changes: Arc<ChangeLog>, clock: Clock, guesses: Arc<Guesses>) -> Self {
        let count = count.max(1);
        let (idle, turns) = (Mutex::new(Vec::new()), Arc::new(Semaphore::new(count)));
        Self { count, idle, turns, connect, changes, clock, look_ups: Joined::new(1, 512), trials: Joined::new(2, 32), guesses }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.changes.generation()
    }

    /// A connection outside any transaction.
    fn connection(&self) -> Result<Box<dyn Session>, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(mut session) = idle
            && session.is_alive()
        {
            return Ok(session);
        }
        (self.connect)()
    }

    /// A connection on one snapshot.
    fn take(&self) -> Result<Box<dyn Session>, StoreError> {
        let mut session = self.connection()?;
        session.begin_read()?;
        Ok(session)
    }

    fn give_back(&self, mut session: Box<dyn Session>) {
        session.rollback();
        // Whether it is still alive is asked when it is taken.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        Arc::clone(&self.turns).acquire_owned().await.map_err(|_| StoreError::broken("the store is closed"))
    }

    /// Runs a query on a thread that may block. It knows no types, so it is compiled once and not for every query.
    pub(crate) fn start(self: &Arc<Self>, count: usize, query: Query) -> Pin<Box<dyn Future<Output = Result<Found, StoreError>> + Send>> {
        let readers = Arc::clone(self);
        Box::pin(async move {
            // More turns than there are would be waited for in vain.
            let count = count.clamp(1, readers.count);
            let turns = u32::try_from(count).unwrap_or(1);
            let turn = Arc::clone(&readers.turns).acquire_many_owned(turns).await.map_err(|_| StoreError::broken("the store is closed"))?;
            tokio::task::spawn_blocking(move || {
                let _turn = turn;
                readers.run(count, query)
            })
            .await
            .map_err(|e| StoreError::bug(format!("a query panicked: {e}")))?
        })
    }

    fn run(&self, count: usize, query: Query) -> Result<Found, StoreError> {
        let mut sessions = (0..count).map(|_| self.take()).collect::<Result<Vec<_>, _>>()?;
        let mut readers: Vec<Reader<'_>> =
            sessions.iter_mut().map(|session| Reader { session: session.as_mut(), changes: &self.changes }).collect();
        let result = query(&mut readers);
        drop(readers);
        for session in sessions {
            self.give_back(session);
        }
        result
    }
}
