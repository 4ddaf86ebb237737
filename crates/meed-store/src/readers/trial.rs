//! Trials: commands that are decided on what is stored and taken back, many on one load.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use meed_core::command::{Command, Needs, Refused, Reply, State};
use meed_core::id::Id;
use tokio::sync::oneshot;

use super::{Found, Readers};
use crate::batch::load;
use crate::engine::Session;
use crate::error::StoreError;

/// What a command that was tried out would have answered.
pub type Outcome = Result<Reply, Refused>;

/// Looks at what was loaded for a command, once its effects are taken back.
pub(crate) type Look = Box<dyn FnOnce(&State, &Outcome) -> Found + Send>;

/// A command that waits to be tried out.
pub(super) struct Trial {
    workspace: Id,
    command: Box<dyn Command>,
    look: Look,
    answer: oneshot::Sender<Result<(Outcome, Found), StoreError>>,
}

impl Readers {
    pub(crate) async fn try_out(
        self: &Arc<Self>,
        workspace: Id,
        command: Box<dyn Command>,
        look: Look,
    ) -> Result<(Outcome, Found), StoreError> {
        let (answer, receiver) = oneshot::channel();
        self.join(|readers| &readers.trials, Trial { workspace, command, look, answer }, Self::answer_trials);
        receiver.await.map_err(|_| StoreError::bug("a command that was tried out ended without an answer"))?
    }

    fn answer_trials(&self, trials: Vec<Trial>) {
        let mut waiting: VecDeque<Trial> = trials.into();
        while let Some(workspace) = waiting.front().map(|trial| trial.workspace) {
            let (mut of_one, others): (VecDeque<Trial>, VecDeque<Trial>) =
                waiting.into_iter().partition(|trial| trial.workspace == workspace);
            waiting = others;
            while !of_one.is_empty() {
                self.try_together(workspace, &mut of_one);
            }
        }
    }

    /// Loads what all of them need and tries them out, one after the other. What is left behind one that spoiled the state
    /// stays in `trials`.
    fn try_together(&self, workspace: Id, trials: &mut VecDeque<Trial>) {
        let loaded = self.take().and_then(|mut session| match self.load_for(session.as_mut(), workspace, trials) {
            Ok(state) => Ok((session, state)),
            Err(error) => {
                self.give_back(session);
                Err(error)
            }
        });
        let (session, mut state) = match loaded {
            Ok(loaded) => loaded,
            Err(_) if trials.len() > 1 => {
                // A bug in one command must not fail its neighbours.
                for trial in std::mem::take(trials) {
                    self.try_together(workspace, &mut VecDeque::from([trial]));
                }
                return;
            }
            Err(error) => {
                for trial in std::mem::take(trials) {
                    let _ = trial.answer.send(Err(error.copy()));
                }
                return;
            }
        };
        while let Some(Trial { command, look, answer, .. }) = trials.pop_front() {
            let tried = catch_unwind(AssertUnwindSafe(|| {
                let (outcome, is_clean) = state.trial(command.as_ref());
                let seen = look(&state, &outcome);
                (outcome, seen, is_clean)
            }));
            let Ok((outcome, seen, is_clean)) = tried else {
                let _ = answer.send(Err(StoreError::bug("trying a command out failed")));
                break;
            };
            let _ = answer.send(Ok((outcome, seen)));
            if !is_clean {
                break;
            }
        }
        self.give_back(session);
    }

    fn load_for(&self, session: &mut dyn Session, workspace: Id, trials: &VecDeque<Trial>) -> Result<State, StoreError> {
        let mut needs = Needs::default();
        for trial in trials {
            trial.command.needs(&mut needs);
        }
        // No salt of a trial is ever stored.
        load::snapshot(session, workspace.0, &needs, &self.guesses, |head| State::new(head, (self.clock)(), [0; 32]))
    }
}
