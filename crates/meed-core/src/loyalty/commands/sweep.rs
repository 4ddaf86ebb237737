//! The sweep: posts what is due in wallets that nobody touches. The books are right without it (`ledger.md` §6.2).

use super::TillReply;
use super::rework::leave;
use crate::command::{Command, Needs, Refused, Reply, State};
use crate::ledger::Wallet;
use crate::money::Unit;

/// Posts what is due of at most this many lots.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    /// Lots to look for.
    pub limit: i64,
}

impl Command for Sweep {
    fn action(&self) -> &'static str {
        "wallets.swept"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.tills.due = needs.tills.due.max(self.limit);
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        let currency = state.head.unit;
        let due = state.tills.due();
        state.wallets(|wallets| {
            for participant in &due {
                wallets.settle_due(Wallet { participant: *participant, unit: currency })?;
                wallets.settle_due(Wallet { participant: *participant, unit: Unit::POINTS })?;
            }
            Ok(())
        })?;
        let is_posting = state.has_posted();
        for participant in &due {
            if is_posting {
                leave(state, *participant, std::collections::BTreeMap::new(), None);
            }
        }
        Ok(Reply::Till(TillReply::Swept(u32::try_from(due.len()).unwrap_or(u32::MAX))))
    }
}
