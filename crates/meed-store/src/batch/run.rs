//! Running one batch, and repeating it when that is safe.

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use meed_core::command::{Class, Effects, Head, Identity, Needs, Record, RecordKind, Refused, Reply, State};
use meed_core::id::Id;

use super::guesses::Guesses;
use super::save::{Based, Basis, Decided, Opened, Saver, has_audit_line};
use super::write::{Remembered, advance, write};
use super::{ATTEMPTS_MAX, Answer, Dispatcher, Job, Submission, load};
use crate::changes::{ChangeLog, Changes};
use crate::crash::{CrashPoint, crash_point};
use crate::engine::Session;
use crate::error::{Fault, StoreError};
use crate::sql;
use crate::store::Connect;
use crate::value::Value;
use crate::{CONTROL_WORKSPACE, Clock};

/// A writing connection that is made anew when it is lost.
pub(crate) struct Writer {
    connect: Connect,
    opened: Option<Opened>,
    clock: Clock,
    changes: Arc<ChangeLog>,
    saver: Saver,
    guesses: Arc<Guesses>,
}

/// Takes batches until the store closes.
pub(crate) fn run_writer(dispatcher: &Arc<Dispatcher>, mut writer: Writer) {
    while let Some((workspace, jobs)) = dispatcher.take() {
        writer.run_jobs(workspace, jobs);
        dispatcher.give_back(workspace);
    }
}

impl Writer {
    pub(crate) fn open(
        connect: Connect,
        clock: Clock,
        changes: Arc<ChangeLog>,
        saver: Saver,
        guesses: Arc<Guesses>,
    ) -> Result<Self, StoreError> {
        let opened = Some(saver.first_connection(&connect)?);
        Ok(Self { connect, opened, clock, changes, saver, guesses })
    }

    fn run_jobs(&mut self, workspace: i64, jobs: Vec<Job>) {
        let (submissions, senders): (Vec<Submission>, Vec<_>) = jobs.into_iter().map(|job| (job.submission, job.answer)).unzip();
        let answers = self.answers(workspace, &submissions);
        self.saver.hand_in(Decided { answers: senders.into_iter().zip(answers).collect(), asked: submissions });
    }

    fn answers(&mut self, workspace: i64, submissions: &[Submission]) -> Vec<Based> {
        match catch_unwind(AssertUnwindSafe(|| self.run_until_done(workspace, submissions))) {
            Ok(Ok((answers, basis))) => answers.into_iter().map(|answer| Ok((answer, basis))).collect(),
            Ok(Err(error)) if matches!(error.fault, Fault::Bug | Fault::Duplicate) && submissions.len() > 1 => {
                self.one_by_one(workspace, submissions)
            }
            Ok(Err(error)) => {
                tracing::error!(%error, workspace, commands = submissions.len(), "a batch failed");
                submissions.iter().map(|_| Err(error.copy())).collect()
            }
            Err(_) => {
                // The session may be in the middle of a transaction: give it up.
                self.opened = None;
                if submissions.len() > 1 {
                    return self.one_by_one(workspace, submissions);
                }
                tracing::error!(workspace, action = submissions.first().map(|s| s.command.action()), "deciding a command panicked");
                submissions.iter().map(|_| Err(StoreError::bug("deciding the command failed"))).collect()
            }
        }
    }

    /// A bug in one command must not fail its neighbours.
    fn one_by_one(&mut self, workspace: i64, submissions: &[Submission]) -> Vec<Based> {
        submissions.iter().flat_map(|submission| self.answers(workspace, std::slice::from_ref(submission))).collect()
    }

    fn run_until_done(&mut self, workspace: i64, submissions: &[Submission]) -> Result<(Vec<Answer>, Basis), StoreError> {
        let (mut attempt, mut cancelled) = (0, 0);
        let mut doubt = None;
        loop {
            attempt += 1;
            let mut committing = None;
            let mut error = match self.run_once(workspace, submissions, &mut doubt, &mut committing) {
                Ok(answers) => return Ok(answers),
                Err(error) => error,
            };
            if let Some(opened) = &mut self.opened {
                opened.session.rollback();
                if !opened.session.is_alive() {
                    self.opened = None;
                }
            }
            if error.fault == Fault::OutcomeUnknown {
                // An earlier doubt was settled before this attempt could come to its commit.
                doubt = committing;
            }
            cancelled += u8::from(error.fault == Fault::Cancelled);
            let may_repeat = match error.fault {
                Fault::Transient | Fault::OutcomeUnknown => true,
                Fault::Cancelled => cancelled <= CANCELLED_REPEATS_MAX,
                _ => false,
            };
            if !may_repeat || attempt >= ATTEMPTS_MAX {
                if doubt.is_some() {
                    error.fault = Fault::OutcomeUnknown;
                }
                return Err(error);
            }
            tracing::warn!(%error, workspace, attempt, "a batch is repeated");
            std::thread::sleep(Duration::from_millis(u64::from(attempt) * 20));
        }
    }

    fn opened(&mut self) -> Result<&mut Opened, StoreError> {
        Ok(match &mut self.opened {
            Some(opened) => opened,
            none => none.insert(Opened::by(&self.connect)?),
        })
    }

    /// Runs the batch once. A commit of an earlier attempt that is in doubt is looked up first, behind the lock: by then its
    /// transaction has ended, one way or the other.
    fn run_once(
        &mut self,
        workspace: i64,
        submissions: &[Submission],
        doubt: &mut Option<Committing>,
        committing: &mut Option<Committing>,
    ) -> Result<(Vec<Answer>, Basis), StoreError> {
        let (now_us, saver, changes) = ((self.clock)(), self.saver.clone(), Arc::clone(&self.changes));
        let guesses = Arc::clone(&self.guesses);
        let opened = self.opened()?;
        let mut head = lock(opened.session.as_mut(), workspace)?;
        crash_point(CrashPoint::AfterLock);
        if saver.may_have_lost(workspace, opened) {
            // What this process has read of lost batches must not pass for what takes their numbers: whoever knows the
            // configuration reads it anew.
            head.config_version = set_back(head.config_version, now_us);
            advance(opened.session.as_mut(), &head)?;
            let basis = opened.basis(workspace, (head.audit_number, head.audit_hash));
            opened.session.commit()?;
            changes.forget(workspace);
            saver.remember(basis);
            head = lock(opened.session.as_mut(), workspace)?;
        }
        let audit_before = head.audit_number;
        let undone = opened.basis(workspace, (head.audit_number, head.audit_hash));
        let session = opened.session.as_mut();
        // Under the lock: who revokes a key takes the lock of the key's workspace afterwards, so that no batch that still held
        // the key for valid is under way when the revocation is answered.
        let valid_keys = valid_keys(session, submissions)?;
        if let Some(asked) = doubt {
            let stands = has_audit_line(session, &asked.basis)?;
            if let Some(asked) = doubt.take().filter(|_| stands) {
                session.rollback();
                saver.remember(undone);
                return Ok((asked.answers, Basis { line: asked.basis.line, ..undone }));
            }
        }
        let Decision { state, answers, remembered } = decide_all(session, submissions, &valid_keys, (head, now_us), &guesses)?;
        if state.effects.audit.is_empty() && remembered.is_empty() {
            session.rollback();
            return Ok((answers, undone));
        }
        let line = state.effects.audit.first().map(|first| (first.line.number, first.line.hash));
        let (audit, changed) = ((audit_before, state.head.audit_number), changes_of(&state));
        write(session, workspace, state, remembered)?;
        crash_point(CrashPoint::BeforeCommit);
        let basis = opened.basis(workspace, line.unwrap_or(undone.line));
        if let Err(error) = opened.session.commit() {
            *committing = line.map(|_| Committing { basis, answers });
            return Err(error);
        }
        crash_point(CrashPoint::AfterCommit);
        changes.note(workspace, audit, changed);
        saver.remember(basis);
        Ok((answers, basis))
    }
}

fn lock(session: &mut dyn Session, workspace: i64) -> Result<Head, StoreError> {
    session.begin()?;
    load::head(session, workspace, true)?.ok_or_else(|| StoreError::bug(format!("workspace {workspace} does not exist")))
}

/// How often a batch is repeated whose statement the database stopped.
const CANCELLED_REPEATS_MAX: u8 = 1;

/// The version of the configuration jumps by multiples of this where the database may have lost batches.
pub(crate) const SET_BACK: i64 = 1_000;

/// A version that none of the lost batches had: they are older than now.
fn set_back(version: i64, now_us: i64) -> i64 {
    let jumps = (now_us / 1_000).max(version / SET_BACK) + 1;
    version % SET_BACK + jumps * SET_BACK
}

/// A commit that was asked for, and what its callers are told if it stands.
struct Committing {
    basis: Basis,
    answers: Vec<Answer>,
}

/// Stored identities by (source, key), with fingerprint and first answer.
type Known = HashMap<(Id, String), ([u8; 32], String)>;

/// What was decided of a batch.
struct Decision {
    state: State,
    answers: Vec<Answer>,
    remembered: Vec<Remembered>,
}

/// Loads what the commands need, and decides them in order.
fn decide_all(
    session: &mut dyn Session,
    submissions: &[Submission],
    valid_keys: &BTreeSet<Id>,
    (head, now_us): (Head, i64),
    guesses: &Guesses,
) -> Result<Decision, StoreError> {
    let workspace = head.workspace.0;
    let mut needs = Needs::default();
    for submission in submissions {
        submission.command.needs(&mut needs);
    }
    let mut known = load_identities(session, workspace, submissions)?;
    let mut seed = [0u8; 32];
    getrandom::fill(&mut seed).map_err(|e| StoreError::broken(format!("no random numbers: {e}")))?;
    let mut state = State::new(head, now_us, seed);
    load::load(session, workspace, &needs, &mut state, guesses)?;
    crash_point(CrashPoint::AfterLoad);
    let mut answers = Vec::with_capacity(submissions.len());
    let mut remembered = Vec::new();
    for submission in submissions {
        let is_valid = submission.key.is_none_or(|key| valid_keys.contains(&key));
        answers.push(decide(submission, is_valid, &mut state, &mut known, &mut remembered));
    }
    Ok(Decision { state, answers, remembered })
}

fn changes_of(state: &State) -> Changes {
    let Effects { new_sales, changed_sales, rewards, reward_states, records, .. } = &state.effects;
    let is_adjusted = records.iter().any(|record| matches!(record.kind, RecordKind::Adjustment | RecordKind::Release));
    let is_settled = is_adjusted || !rewards.is_empty() || !reward_states.is_empty();
    Changes { sales: new_sales.iter().chain(changed_sales).map(|sale| sale.id).collect(), is_settled }
}

fn decide(submission: &Submission, is_valid: bool, state: &mut State, known: &mut Known, remembered: &mut Vec<Remembered>) -> Answer {
    if !is_valid {
        return Answer::Decided(Err(Refused::new(Class::Unauthenticated, "key_revoked", "this key is not valid any more")));
    }
    if let Some(identity) = &submission.identity
        && let Some((fingerprint, answer)) = known.get(&(identity.source, identity.key.clone()))
    {
        if *fingerprint == identity.fingerprint {
            return Answer::Replayed(answer.clone());
        }
        let text = "this Idempotency-Key was used for another request; use a new one";
        return Answer::Decided(Err(Refused::new(Class::Invalid, "idempotency_key_reused", text)));
    }
    state.start();
    let result = submission.command.decide(state);
    let recorded_us = state.recorded_us();
    match &result {
        Ok(_) => {
            state.finish(&submission.actor, submission.command.action(), submission.subject.clone(), submission.identity.as_ref());
        }
        Err(_) => state.abandon(),
    }
    if let Some(identity) = &submission.identity
        && is_kept(&result)
    {
        state.keep_time(recorded_us);
        remember(identity, &result, recorded_us, known, remembered);
    }
    Answer::Decided(result)
}

/// A request with wrong values leaves no record: it is refused alike each time, because only its content decides.
fn is_kept(result: &Result<Reply, Refused>) -> bool {
    result.as_ref().err().is_none_or(|refused| matches!(refused.class, Class::Conflict | Class::NotFound))
}

fn remember(identity: &Identity, result: &Result<Reply, Refused>, recorded_us: i64, known: &mut Known, remembered: &mut Vec<Remembered>) {
    let answer = (identity.render)(result);
    known.insert((identity.source, identity.key.clone()), (identity.fingerprint, answer.clone()));
    remembered.push(Remembered {
        source: identity.source.0,
        key: identity.key.clone(),
        fingerprint: identity.fingerprint,
        answer,
        recorded_us,
    });
}

fn load_identities(session: &mut dyn Session, workspace: i64, submissions: &[Submission]) -> Result<Known, StoreError> {
    let wanted: BTreeSet<(i64, &str)> =
        submissions.iter().filter_map(|s| s.identity.as_ref()).map(|i| (i.source.0, i.key.as_str())).collect();
    let mut known = Known::new();
    if wanted.is_empty() {
        return Ok(known);
    }
    let keys: Vec<Vec<Value>> = wanted.into_iter().map(|(source, key)| vec![source.into(), key.into()]).collect();
    session.query_set(&sql::journal::COMMAND_BY_IDENTITY_SET, workspace, &keys, &mut |row| {
        let fingerprint = row.bytes(2)?.try_into().map_err(|_| StoreError::broken("a stored fingerprint is not a hash"))?;
        known.insert((row.id(0)?, row.text(1)?.to_owned()), (fingerprint, row.text(3)?.to_owned()));
        Ok(())
    })?;
    Ok(known)
}

/// The keys of this batch that are still valid: a revoked key stops at once, whatever was cached.
fn valid_keys(session: &mut dyn Session, submissions: &[Submission]) -> Result<BTreeSet<Id>, StoreError> {
    let wanted: BTreeSet<Id> = submissions.iter().filter_map(|s| s.key).collect();
    let mut valid = BTreeSet::new();
    if wanted.is_empty() {
        return Ok(valid);
    }
    let keys: Vec<Vec<Value>> = wanted.iter().map(|id| vec![RecordKind::ApiKey.code().into(), id.0.into()]).collect();
    session.query_set(&sql::record::BY_ID_SET, CONTROL_WORKSPACE.0, &keys, &mut |row| {
        let record: Record = load::record_row(row)?;
        if !record.deleted {
            valid.insert(record.id);
        }
        Ok(())
    })?;
    Ok(valid)
}
