//! Taking sales back to what they said before an import: as new versions, so that history and books stay as they are.

use super::{Class, Command, Needs, Refused, Reply, SaleChange, SaleOriginal, SaleOutcome, SaleRow, State};
use crate::id::Id;
use crate::sale::{Sale, pack, unpack};

/// Status of a sale that an import brought and that was taken back: it has no owner, no amount and earns nobody anything.
pub const TAKEN_BACK: &str = "taken back";

/// Facts of this length say more than that a sale was taken back: most sales need no closer look.
const TAKEN_BACK_BYTES: usize = 64;

/// What a sale said before.
#[derive(Clone, Debug)]
pub struct FormerSale {
    /// The import that had brought it.
    pub import: Option<Id>,
    /// Its line in that import's file.
    pub line: Option<i64>,
    /// Packed facts.
    pub facts: Vec<u8>,
}

/// A sale to take back.
#[derive(Clone, Debug)]
pub struct RestoreSale {
    /// Its identity within the source.
    pub identity: String,
    /// The version to take back. A sale that has moved on is left alone.
    pub expected_version: i32,
    /// What it said before; `None` if there was no such sale.
    pub former: Option<FormerSale>,
    /// Original columns that belong to what it said before.
    pub original: Option<SaleOriginal>,
}

/// Takes sales of one source back. Each has its own outcome.
#[derive(Clone, Debug)]
pub struct RestoreSales {
    /// The source.
    pub source: Id,
    /// The sales. At most 1,000 in a call.
    pub sales: Vec<RestoreSale>,
}

impl Command for RestoreSales {
    fn action(&self) -> &'static str {
        "sales.taken_back"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.sales.extend(self.sales.iter().map(|sale| (self.source, sale.identity.clone())));
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        let outcomes = self.sales.iter().map(|sale| decide_one(self.source, sale, state).unwrap_or_else(SaleOutcome::Refused));
        Ok(Reply::Sales(outcomes.collect()))
    }
}

fn damaged(error: impl ToString) -> Refused {
    Refused::new(Class::Conflict, "sale_damaged", error.to_string())
}

fn decide_one(source: Id, restore: &RestoreSale, state: &mut State) -> Result<SaleOutcome, Refused> {
    let Some(present) = state.sale(source, &restore.identity).filter(|row| row.version == restore.expected_version) else {
        return Err(Refused::new(Class::Conflict, "version_conflict", "the sale was changed meanwhile"));
    };
    let (id, version, created_us) = (present.id, present.version.saturating_add(1), present.created_us);
    let (import, line, facts) = match &restore.former {
        Some(former) => (former.import, former.line, former.facts.clone()),
        None => (None, None, pack(&taken_back(&unpack(&present.facts).map_err(damaged)?))),
    };
    let at = unpack(&facts).map_err(damaged)?.at;
    let at_ns = i64::try_from(at.as_nanosecond()).map_err(damaged)?;
    let (day, recorded_us) = (state.day_of(at), state.recorded_us());
    let identity = restore.identity.clone();
    state.change_sale(SaleRow { id, source, identity, day, at_ns, version, recorded_us, created_us, import, line, salt: 0, facts });
    if let Some(original) = &restore.original {
        state.effects.originals.push((id, original.clone()));
    }
    Ok(SaleOutcome::Recorded { id, version, change: SaleChange::Updated })
}

/// What is left of a sale that should never have been: its day and its currency.
fn taken_back(sale: &Sale) -> Sale {
    Sale { at: sale.at, currency: sale.currency, status: Some(TAKEN_BACK.to_owned()), ..Sale::default() }
}

/// Whether these facts are of a sale that was taken back and has not come again.
#[must_use]
pub fn is_taken_back(facts: &[u8]) -> bool {
    facts.len() < TAKEN_BACK_BYTES && unpack(facts).is_ok_and(|sale| sale == taken_back(&sale))
}
