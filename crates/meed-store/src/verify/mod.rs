//! `meed verify`: everything that can be computed from the journal is computed again and compared (`ledger.md` §13).
//!
//! One read transaction, beside a running server. Tables are read as streams. What is kept in memory grows with accounts,
//! rewards and holds, and by [`WINDOW`] audit lines at a time, never with sales or transfers. Nothing here calls the
//! posting path; shared are types, encoding and the reading of rows. A row that cannot be read is a difference, too.

mod chain;
mod ledger;
mod records;
mod rewards;
mod sales;
mod tills;

use std::collections::BTreeMap;
use std::fmt;

use meed_core::command::Head;
use meed_core::id::Id;
use meed_core::money::Unit;

use crate::batch::load;
use crate::engine::Session;
use crate::error::StoreError;
use crate::read::Reader;
use crate::statement::Statement;
use crate::store::Store;
use crate::value::{RowView, Value};

/// Audit lines whose commands are computed in one pass over the journal: about 30 MB.
const WINDOW: i64 = 200_000;

/// Differences that are kept; the others are counted.
const DIFFERENCES_MAX: usize = 10_000;

/// One difference between what is stored and what the journal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The workspace.
    pub workspace: Id,
    /// What was compared, a stable word such as `debits_posted`.
    pub what: String,
    /// Where: a table and an id, an account, an audit line.
    pub place: String,
    /// What is stored.
    pub stored: String,
    /// What was computed.
    pub computed: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { workspace, what, place, stored, computed } = self;
        write!(f, "workspace {workspace}: {what} at {place}: stored {stored}, computed {computed}")
    }
}

/// The outcome of a verification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// The differences; none means that the books are right.
    pub differences: Vec<Difference>,
    /// Further differences that are not listed.
    pub omitted: u64,
    /// Workspaces read, the control workspace among them.
    pub workspaces: u64,
    /// Audit lines.
    pub commands: u64,
    /// Sales.
    pub sales: u64,
    /// Rewards.
    pub rewards: u64,
    /// Transfers.
    pub transfers: u64,
    /// Posted debits per unit, which equal the posted credits, in minor units.
    pub moved: BTreeMap<Unit, i128>,
}

impl Store {
    /// Recomputes one workspace, or all of them, from the journal and lists the differences. Takes a reading connection for
    /// as long as it runs.
    pub async fn verify(&self, workspace: Option<Id>) -> Result<VerifyReport, StoreError> {
        self.read(move |reader| verify(reader, workspace)).await
    }
}

fn verify(reader: &mut Reader<'_>, only: Option<Id>) -> Result<VerifyReport, StoreError> {
    let mut report = VerifyReport::default();
    let workspaces = match only {
        Some(workspace) => vec![workspace],
        None => reader.workspaces()?,
    };
    for workspace in workspaces {
        let mut check = Check { session: &mut *reader.session, workspace, report: &mut report };
        check.report.workspaces += 1;
        let Some(head) = load::head(check.session, workspace.0, false)? else {
            check.differ("workspace", "workspace row", "none", "one");
            continue;
        };
        check.run(&head)?;
    }
    Ok(report)
}

/// The verification of one workspace.
struct Check<'a> {
    session: &'a mut dyn Session,
    workspace: Id,
    report: &'a mut VerifyReport,
}

/// Collects differences while a stream of rows holds the session.
struct Notes<'a> {
    workspace: Id,
    report: &'a mut VerifyReport,
}

impl Check<'_> {
    fn run(&mut self, head: &Head) -> Result<(), StoreError> {
        self.chain(head)?;
        let accounts = self.ledger(head)?;
        self.tills(&accounts)?;
        self.rewards(&accounts)?;
        self.records(head)?;
        self.sales(head)
    }

    fn differ(&mut self, what: &str, place: impl ToString, stored: impl ToString, computed: impl ToString) {
        Notes { workspace: self.workspace, report: self.report }.differ(what, place, stored, computed);
    }

    /// Hands on each row of a statement whose first parameter is the workspace, with a place to note differences.
    fn each(
        &mut self,
        statement: &'static Statement,
        more: &[i64],
        each: &mut dyn FnMut(&mut Notes<'_>, &dyn RowView) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let params: Vec<Value> = std::iter::once(self.workspace.0).chain(more.iter().copied()).map(Value::Int).collect();
        let mut notes = Notes { workspace: self.workspace, report: self.report };
        self.session.query(statement, &params, &mut |row| {
            // One row that cannot be read must not hide the others.
            if let Err(error) = each(&mut notes, row) {
                let id = row.int(0).map_or_else(|_| "?".to_owned(), |id| id.to_string());
                notes.differ("row", format!("{} {id}", statement.name), error.detail, "a readable row");
            }
            Ok(())
        })
    }

    /// Notes each row (id, name) of a statement that lists what should not be.
    fn none_of(&mut self, statement: &'static Statement, more: &[i64], what: &str, computed: &str) -> Result<(), StoreError> {
        self.each(statement, more, &mut |notes, row| {
            notes.differ(what, row.id(0)?, row.text(1)?, computed);
            Ok(())
        })
    }
}

impl Notes<'_> {
    #[expect(clippy::needless_pass_by_value, reason = "callers pass literals and numbers as they are")]
    fn differ(&mut self, what: &str, place: impl ToString, stored: impl ToString, computed: impl ToString) {
        if self.report.differences.len() >= DIFFERENCES_MAX {
            self.report.omitted += 1;
            return;
        }
        self.report.differences.push(Difference {
            workspace: self.workspace,
            what: what.to_owned(),
            place: place.to_string(),
            stored: stored.to_string(),
            computed: computed.to_string(),
        });
    }

    fn equal<T: PartialEq + fmt::Display>(&mut self, what: &str, place: impl ToString, stored: T, computed: T) {
        if stored != computed {
            self.differ(what, place, stored, computed);
        }
    }
}
