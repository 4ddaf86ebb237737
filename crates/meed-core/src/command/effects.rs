//! Rows as they are loaded and written, and everything that a batch will write.

use crate::command::{Record, RecordKind};
use crate::crediting::{HELD_DAY, RewardKind};
use crate::id::Id;
use crate::ledger::Owner;
use crate::money::{Minor, Unit};

/// A stored sale. `facts` is the packed form of the sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleRow {
    /// Record id.
    pub id: Id,
    /// Where it came from.
    pub source: Id,
    /// `u:` and the unique id, or `c:` and a checksum.
    pub identity: String,
    /// Day number in the workspace's zone.
    pub day: i64,
    /// Business time in nanoseconds UTC.
    pub at_ns: i64,
    /// Counts changes, from 1.
    pub version: i32,
    /// Recorded time of this version.
    pub recorded_us: i64,
    /// Recorded time of the first version.
    pub created_us: i64,
    /// The import that brought this version.
    pub import: Option<Id>,
    /// Its line in the file.
    pub line: Option<i64>,
    /// Random number that goes before the facts into digests, erased together with them.
    pub salt: i64,
    /// Packed facts.
    pub facts: Vec<u8>,
}

impl SaleRow {
    /// The source's own id, if it gave one.
    #[must_use]
    pub fn unique_id(&self) -> Option<&str> {
        self.identity.strip_prefix("u:")
    }
}

/// A former version of a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SaleVersionRow {
    pub sale: Id,
    pub version: i32,
    pub recorded_us: i64,
    pub import: Option<Id>,
    pub line: Option<i64>,
    pub salt: i64,
    pub facts: Vec<u8>,
}

/// Original columns of a sale: a layout (the header) and the packed cells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SaleOriginal {
    pub layout: Id,
    pub cells: std::sync::Arc<[u8]>,
}

/// Where a reward stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RewardState {
    /// Calculated, open to change.
    Accrued,
    /// Released, may be paid.
    Released,
    /// Paid.
    Paid,
}

impl RewardState {
    /// Stored code.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Accrued => 0,
            Self::Released => 1,
            Self::Paid => 2,
        }
    }

    /// The state with this code.
    #[must_use]
    pub const fn from_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::Accrued),
            1 => Some(Self::Released),
            2 => Some(Self::Paid),
            _ => None,
        }
    }

    /// The word for people and the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accrued => "accrued",
            Self::Released => "released",
            Self::Paid => "paid",
        }
    }
}

/// What a program posted for one beneficiary of one cell: the target, or a later difference to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewardRow {
    /// Stable id.
    pub id: Id,
    /// The program.
    pub program: Id,
    /// The version of its document that was applied.
    pub version: Id,
    /// The calculation that posted it.
    pub calculation: Id,
    /// First day of the period that earned it (the cell).
    pub cell_day: i64,
    /// First day of the period in which it is booked; later than `cell_day` for a difference to a released period.
    pub booked_day: i64,
    /// Who gets it.
    pub owner: Owner,
    /// Its unit.
    pub unit: Unit,
    /// What was posted, in minor units; may be negative.
    pub amount: Minor,
    /// The cell's whole target as exact decimal text.
    pub exact: String,
    /// Where it stands.
    pub state: RewardState,
    /// Its release.
    pub release: Option<Id>,
    /// Its payout.
    pub payout: Option<Id>,
    /// Recorded time.
    pub recorded_us: i64,
    /// What it is.
    pub kind: RewardKind,
    /// Tells lines of one kind in one cell apart; empty where there is only one.
    pub line: String,
    /// First day of the period in which it is due; [`HELD_DAY`] while a condition is open.
    pub due_day: i64,
}

impl RewardRow {
    /// A difference to a period that had been released when it was found.
    #[must_use]
    pub fn is_carried(&self) -> bool {
        self.due_day != self.booked_day
    }

    /// Earned, but not due with its cell: it waits in `pending` until the period in which it is due is released.
    #[must_use]
    pub fn is_deferred(&self) -> bool {
        matches!(self.kind, RewardKind::Holdback | RewardKind::Instalment) && self.due_day > self.cell_day && !self.is_carried()
    }

    /// Held until a condition is met: it belongs to no period yet.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.booked_day == HELD_DAY
    }

    /// Whether the amount went to `recoverable` instead of `accrued` (`ledger.md` §3.2: clawed back on a frozen statement).
    #[must_use]
    pub fn is_recoverable(&self) -> bool {
        let taken_back = match self.kind {
            RewardKind::Clawback => true,
            // An advance moves between the payee's own accounts.
            kind => self.is_carried() && !kind.moves_draw(),
        };
        taken_back && self.amount < 0
    }
}

/// A frozen statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct StatementRow {
    pub id: Id,
    pub release: Id,
    pub program: Id,
    pub booked_day: i64,
    pub owner: Owner,
    pub audit_from: i64,
    pub audit_to: i64,
    pub recorded_us: i64,
    pub body: String,
}

/// An outbox row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct EventRow {
    pub id: Id,
    pub topic: &'static str,
    pub subject: String,
    pub body: String,
    pub recorded_us: i64,
}

/// Everything that a batch writes beside accounts and transfers, which the book holds.
#[derive(Debug, Default)]
pub struct Effects {
    /// New sales by index into the state's sales, written with their identity.
    pub new_sales: Vec<SaleRow>,
    /// Changed sales: each once, in its last state.
    pub changed_sales: Vec<SaleRow>,
    /// Former versions.
    pub sale_versions: Vec<SaleVersionRow>,
    /// Original columns, by sale.
    pub originals: Vec<(Id, SaleOriginal)>,
    /// Records in their last state.
    pub records: Vec<Record>,
    /// Every new version of a journaled record, with its salt and its command.
    pub record_versions: Vec<(Record, i64, Id)>,
    /// New rewards.
    pub rewards: Vec<RewardRow>,
    /// Rewards whose state changed.
    pub reward_states: Vec<RewardRow>,
    /// Explanations of new rewards.
    pub explanations: Vec<(Id, String)>,
    /// Frozen statements.
    pub statements: Vec<StatementRow>,
    /// Outbox rows.
    pub events: Vec<EventRow>,
    /// Audit lines with the time they were recorded.
    pub audit: Vec<super::AuditLine>,
}

impl Effects {
    /// Whether no sale, record, reward or statement was written.
    #[must_use]
    pub(super) fn is_of_tills_alone(&self) -> bool {
        let sales = self.new_sales.len() + self.changed_sales.len() + self.sale_versions.len() + self.originals.len();
        let rewards = self.rewards.len() + self.reward_states.len() + self.explanations.len() + self.statements.len();
        sales + rewards + self.records.len() + self.record_versions.len() == 0
    }
}

/// The kinds whose change makes cached configuration stale.
#[must_use]
pub fn is_configuration(kind: RecordKind) -> bool {
    use RecordKind as K;
    let of_tills = matches!(
        kind,
        K::Scheme | K::Offer | K::OfferVersion | K::SalesUnit | K::Terminal | K::Merchant | K::Product | K::PromoCode | K::TillSettings
    );
    of_tills || matches!(kind, K::Rep | K::Team | K::Program | K::ProgramVersion | K::Source | K::Mapping | K::Settings | K::ExchangeRates)
}
