//! Commands: what a batch carries, and how each is decided.
//!
//! A command says what it needs, is decided on the loaded [`State`] without I/O, and leaves its effects there. Commands
//! of a batch are decided in order; later ones see what earlier ones did. A command that refuses has changed nothing:
//! it looks first and writes last (`DESIGN.md` §5).

mod digest;
mod effects;
mod needs;
mod pay;
mod post_rewards;
mod put_records;
mod record_sales;
mod refused;
mod release;
mod restore_sales;
mod reverse;
mod state;

pub use digest::{CommandDigest, RecordPart, SalePart, record_hash, reward_hash, sale_hash, statement_hash};
pub use effects::{Effects, EventRow, RewardRow, RewardState, SaleOriginal, SaleRow, SaleVersionRow, StatementRow, is_configuration};
pub use needs::Needs;
pub use pay::{PayByHand, Payment};
pub use post_rewards::{CellTargets, PostRewards, Target};
pub use put_records::{PutRecord, PutRecords, Record, RecordKind};
pub use record_sales::{
    Progress, RecordSales, SaleChange, SaleContent, SaleInput, SaleOutcome, UNIQUE_ID_BYTES_MAX, WriteProgress, identity_of,
};
pub use refused::{Class, Refused};
pub use release::{NewStatement, Release, payable, release_key};
pub use restore_sales::{FormerSale, RestoreSale, RestoreSales, TAKEN_BACK, is_taken_back};
pub use reverse::{ReverseRelease, is_reversed_key};
pub use state::{AuditLine, Head, State, date_of, day_number};

use crate::id::Id;
use crate::loyalty::TillReply;

/// One unit of intent, decided inside a batch.
pub trait Command: Send {
    /// What the audit line calls it, such as `sales.recorded`.
    fn action(&self) -> &'static str;
    /// Names everything that [`Command::decide`] will look at.
    fn needs(&self, needs: &mut Needs);
    /// Decides on the loaded state and leaves the effects there, or refuses and leaves nothing. A transaction that must be
    /// repeated decides again.
    fn decide(&self, state: &mut State) -> Result<Reply, Refused>;
}

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing more to say.
    Done,
    /// One outcome per sale, in order.
    Sales(Vec<SaleOutcome>),
    /// Id and version of each record, in order.
    Records(Vec<(Id, i32)>),
    /// Rewards posted by a calculation.
    Posted {
        /// Rewards that were new or changed.
        rewards: u32,
        /// Of these, differences to periods that were released before.
        carried: u32,
    },
    /// A release.
    Released {
        /// The release.
        id: Id,
        /// Payees in it.
        payees: u32,
    },
    /// What a command of the till did.
    Till(TillReply),
    /// A payment.
    Paid {
        /// The payout.
        id: Id,
        /// Rewards in it.
        rewards: u32,
    },
}

/// Who acts, as the audit line names them: `user:…`, `key:…`, `system`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor(pub String);

/// The external identity of a command (`ledger.md` §2.1).
#[derive(Clone, Debug)]
pub struct Identity {
    /// The source within which the identity is unique.
    pub source: Id,
    /// Idempotency key or reference number.
    pub key: String,
    /// Keyed hash of the parsed content.
    pub fingerprint: [u8; 32],
    /// Turns the reply into the answer that is stored and given again.
    pub render: fn(&Result<Reply, Refused>) -> String,
}
