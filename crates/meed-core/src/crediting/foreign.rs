//! Sales in another currency than the program's: their amounts are converted before anything looks at them
//! (`commissions.md` §4.5, behaviour 46).

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;

use super::bound::BoundProgram;
use super::kept::keep;
use crate::condition::{NumberField, ResultField, SaleFacts, SaleRef, TextField, Value};
use crate::id::Id;
use crate::money::{Conversion, Exact, Unit};
use crate::program::ExchangeDay;

/// How a sale's currency stands to the program's.
#[derive(Clone, Copy, Debug)]
pub(super) enum Standing {
    /// The same, or none is named.
    Same,
    /// Another, with the rate of the day.
    Converted(Conversion),
    /// Another, and no rate is known.
    Missing(Unit),
}

impl BoundProgram<'_> {
    /// How the currency of a sale stands to the program's, by the version that rules it.
    pub(super) fn standing(&self, sale: SaleRef<'_>) -> Standing {
        let own = self.program.currency;
        match sale.facts.currency() {
            Some(currency) if currency != own => {
                self.conversion(currency, sale.facts.at()).map_or(Standing::Missing(currency), Standing::Converted)
            }
            _ => Standing::Same,
        }
    }

    fn conversion(&self, from: Unit, at: Timestamp) -> Option<Conversion> {
        let exchange = &self.versions[self.version_at(at)].program.exchange;
        let day = match exchange.on {
            ExchangeDay::Sale => self.period.zone().to_datetime(at).date(),
            ExchangeDay::PeriodEnd => self.period.last_day(),
        };
        let own = self.program.currency;
        let fixed = exchange.rates.find(from, own, day, None);
        fixed.or_else(|| self.rates.and_then(|rates| rates.find(from, own, day, exchange.age_max)))
    }

    /// How what a payee earns is converted into the currency in which they are paid, on the last day of the period. `None`
    /// where that is the program's own.
    ///
    /// # Errors
    /// The currency, where no rate is known.
    pub fn paid_in(&self, rep: Id) -> Result<Option<Conversion>, Unit> {
        let own = self.program.currency;
        let wanted = self.directory.rep(rep).and_then(|rep| rep.currency).filter(|wanted| *wanted != own);
        let Some(wanted) = wanted else { return Ok(None) };
        let day: Date = self.period.last_day();
        let found = self.rates.and_then(|rates| rates.find(own, wanted, day, self.program.exchange.age_max));
        // A rate that the document fixes for sales holds for what is paid as well, in the opposite direction.
        found.or_else(|| self.program.exchange.rates.find(own, wanted, day, None)).map(Some).ok_or(wanted)
    }
}

/// A sale with its amounts in the program's currency; without a rate it has none.
pub(super) struct Converted<'s> {
    pub(super) facts: &'s dyn SaleFacts,
    pub(super) conversion: Option<Conversion>,
}

impl SaleFacts for Converted<'_> {
    fn at(&self) -> Timestamp {
        self.facts.at()
    }

    fn currency(&self) -> Option<Unit> {
        self.facts.currency()
    }

    fn number(&self, field: NumberField) -> Option<Exact> {
        let number = self.facts.number(field)?;
        if field.is_money() { self.converted(number) } else { Some(number) }
    }

    fn converted(&self, amount: Exact) -> Option<Exact> {
        self.conversion.and_then(|conversion| conversion.convert(amount).ok()).map(keep)
    }

    fn text(&self, field: TextField) -> Option<&str> {
        self.facts.text(field)
    }

    fn fact(&self, root: usize, field: usize) -> Value<'_> {
        self.facts.fact(root, field)
    }

    fn result(&self, field: ResultField, rule: Option<&str>) -> Option<Exact> {
        self.facts.result(field, rule)
    }
}

/// What is remembered of a sale that was converted.
#[derive(Clone, Copy, Debug)]
struct Origin {
    conversion: u32,
    revenue: Option<Exact>,
    profit: Option<Exact>,
}

/// The sales that were converted, by id, for explanations.
#[derive(Default)]
pub(super) struct Origins {
    conversions: Vec<Conversion>,
    index: BTreeMap<(Unit, Date), Vec<u32>>,
    sales: HashMap<Id, Origin>,
}

impl Origins {
    /// Notes a sale as it came.
    pub(super) fn note(&mut self, sale: SaleRef<'_>, conversion: Conversion) {
        let (revenue, profit) = (sale.facts.number(NumberField::Revenue), sale.facts.number(NumberField::Profit));
        self.put(sale.id, conversion, (revenue, profit));
    }

    fn put(&mut self, sale: Id, conversion: Conversion, (revenue, profit): (Option<Exact>, Option<Exact>)) {
        let conversions = &mut self.conversions;
        let known = self.index.entry((conversion.from, conversion.day)).or_default();
        let same = known.iter().copied().find(|place| conversions[*place as usize] == conversion);
        let place = same.unwrap_or_else(|| {
            // Different rates of a run are as many as days and currencies.
            let place = u32::try_from(conversions.len()).unwrap_or(u32::MAX);
            conversions.push(conversion);
            known.push(place);
            place
        });
        self.sales.insert(sale, Origin { conversion: place, revenue, profit });
    }

    /// Forgets a sale that is out, or comes again.
    pub(super) fn forget(&mut self, sale: Id) {
        self.sales.remove(&sale);
    }

    /// Adds what another run noted.
    pub(super) fn append(&mut self, other: Self) {
        for (sale, Origin { conversion, revenue, profit }) in other.sales {
            self.put(sale, other.conversions[conversion as usize], (revenue, profit));
        }
    }

    /// How a sale was converted, with its amount as it came where it is what a rule measures.
    pub(super) fn of(&self, sale: Id, measure: &str) -> Option<(Conversion, Option<Exact>)> {
        let origin = self.sales.get(&sale)?;
        let amount = match measure {
            "revenue" => origin.revenue,
            "profit" => origin.profit,
            _ => None,
        };
        Some((self.conversions[origin.conversion as usize], amount))
    }

    pub(super) fn bytes(&self) -> usize {
        self.sales.capacity() * (size_of::<(Id, Origin)>() + 1) + self.conversions.capacity() * size_of::<Conversion>()
    }
}
