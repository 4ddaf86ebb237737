//! Look-ups of single records, many by one statement.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use meed_core::command::{Record, RecordKind};
use meed_core::id::Id;
use tokio::sync::oneshot;

use super::Readers;
use crate::batch::load::record_row;
use crate::engine::Question;
use crate::error::{Fault, StoreError};
use crate::sql;
use crate::value::Value;

/// How a record is named.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum RecordName {
    Id(Id),
    Key(String),
}

/// A look-up that waits.
pub(super) struct LookUp {
    workspace: Id,
    kind: RecordKind,
    name: RecordName,
    answer: oneshot::Sender<Result<Option<Record>, StoreError>>,
}

/// Records by workspace, kind and name.
type FoundRecords = HashMap<(Id, RecordKind, RecordName), Record>;

impl Readers {
    pub(crate) async fn look_up(self: &Arc<Self>, workspace: Id, kind: RecordKind, name: RecordName) -> Result<Option<Record>, StoreError> {
        let (answer, receiver) = oneshot::channel();
        self.join(|readers| &readers.look_ups, LookUp { workspace, kind, name, answer }, Self::answer_look_ups);
        receiver.await.map_err(|_| StoreError::bug("a look-up ended without an answer"))?
    }

    fn answer_look_ups(&self, asked: Vec<LookUp>) {
        let mut found = self.records_of(&asked);
        if found.as_ref().is_err_and(|error| error.fault == Fault::Transient) {
            // A connection that was lost while it was idle: another one, once.
            found = self.records_of(&asked);
        }
        for LookUp { workspace, kind, name, answer } in asked {
            let record = match &found {
                Ok(found) => Ok(found.get(&(workspace, kind, name)).cloned()),
                Err(error) => Err(error.copy()),
            };
            // Whoever went away needs no answer.
            let _ = answer.send(record);
        }
    }

    /// Each statement sees what is committed when it runs: there is nothing that two look-ups must agree on.
    fn records_of(&self, asked: &[LookUp]) -> Result<FoundRecords, StoreError> {
        let mut by_workspace: BTreeMap<Id, BTreeSet<(i64, &RecordName)>> = BTreeMap::new();
        for one in asked {
            by_workspace.entry(one.workspace).or_default().insert((one.kind.code(), &one.name));
        }
        let mut session = self.connection()?;
        let mut found = FoundRecords::new();
        for (workspace, names) in by_workspace {
            let (mut ids, mut keys): (Vec<Vec<Value>>, Vec<Vec<Value>>) = (Vec::new(), Vec::new());
            for (kind, name) in names {
                match name {
                    RecordName::Id(id) => ids.push(vec![kind.into(), (*id).into()]),
                    RecordName::Key(key) => keys.push(vec![kind.into(), key.as_str().into()]),
                }
            }
            let questions = vec![Question::Set(&sql::record::BY_ID_SET, ids), Question::Set(&sql::record::BY_KEY_SET, keys)];
            session.query_all(workspace.0, questions, &mut |place, row| {
                let record = record_row(row)?;
                let name = if place == 0 { RecordName::Id(record.id) } else { RecordName::Key(record.key.clone()) };
                if !record.deleted {
                    found.insert((workspace, record.kind, name), record);
                }
                Ok(())
            })?;
        }
        self.give_back(session);
        Ok(found)
    }
}
