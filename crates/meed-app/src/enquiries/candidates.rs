//! Sales that an enquiry may be about, each with what was looked at: does it exist, does it fall into the period, does the
//! plan take it, does it name the payee?

use meed_core::crediting::SaleVerdict;
use meed_core::id::Id;
use meed_core::people::Match;
use meed_core::sale::split_owners;

use super::EnquiryEntry;
use crate::calculations::{Verdict, verdicts};
use crate::error::AppResult;
use crate::sales::{self, SaleFilter, SaleView};
use crate::{App, Configuration, Context, Scope};

/// Sales that are offered.
const CANDIDATES_MAX: usize = 5;

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct CandidateCheck {
    /// `period`, `filter` or `alias`.
    pub code: &'static str,
    pub is_good: bool,
    /// What was found, as a sentence without a full stop.
    pub text: String,
}

/// A sale that may be meant.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Candidate {
    pub sale: SaleView,
    pub checks: Vec<CandidateCheck>,
}

/// Sales that an enquiry may be about: the one that it was opened on, else those whose texts hold its reference.
pub async fn candidates(app: &App, ctx: &Context, enquiry: &EnquiryEntry) -> AppResult<Vec<Candidate>> {
    ctx.require(Scope::Read)?;
    let document = &enquiry.document;
    let found = match document.sale {
        Some(sale) => sales::by_ids(app, ctx, vec![Id(sale)]).await?,
        None if document.reference.trim().is_empty() => Vec::new(),
        None => {
            let filter = SaleFilter { text: document.reference.clone(), ..SaleFilter::default() };
            sales::list(app, ctx, filter, None, CANDIDATES_MAX).await?.0
        }
    };
    let config = app.configuration(ctx.workspace).await?;
    let mut candidates = Vec::with_capacity(found.len());
    for sale in found {
        let said = verdicts(app, ctx, sale.stored.id).await?;
        let mut checks = vec![alias(&config, &sale, Id(document.rep))];
        let asked = said.iter().filter(|verdict| document.program.is_none_or(|program| verdict.program.0 == program));
        for verdict in asked {
            checks.extend(period(verdict, &document.period));
            checks.push(filter(verdict, Id(document.rep)));
        }
        candidates.push(Candidate { sale, checks });
    }
    Ok(candidates)
}

fn period(verdict: &Verdict, label: &str) -> Option<CandidateCheck> {
    if label.is_empty() {
        return None;
    }
    let own = verdict.period.label();
    let is_good = own == label;
    let text = if is_good { format!("its day lies in {own}") } else { format!("its day lies in {own}, not in {label}") };
    Some(CandidateCheck { code: "period", is_good, text })
}

fn filter(verdict: &Verdict, rep: Id) -> CandidateCheck {
    let SaleVerdict { rules, .. } = &verdict.verdict;
    let credited = rules.iter().flat_map(|rule| &rule.credited).any(|to| to.rep == rep);
    if credited {
        return CandidateCheck { code: "filter", is_good: true, text: format!("{} credits it to the payee", verdict.program_name) };
    }
    let others: Vec<&str> = rules.iter().flat_map(|rule| &rule.credited).map(|to| to.name.as_str()).collect();
    if let Some(first) = others.first() {
        return CandidateCheck {
            code: "filter",
            is_good: false,
            text: format!("{} credits it to {first}, not to the payee", verdict.program_name),
        };
    }
    let why = rules.iter().flat_map(|rule| &rule.refused).map(|refused| refused.text.as_str()).next().unwrap_or("no rule takes it");
    CandidateCheck { code: "filter", is_good: false, text: format!("{} does not credit it: {why}", verdict.program_name) }
}

fn alias(config: &Configuration, sale: &SaleView, rep: Id) -> CandidateCheck {
    let check = |is_good, text| CandidateCheck { code: "alias", is_good, text };
    let names: Vec<&str> = sale.stored.sale.owners.iter().flatten().flat_map(|value| split_owners(value)).collect();
    let Some(first) = names.first() else { return check(false, "it names no owner".to_owned()) };
    for name in &names {
        if config.directory.find_rep(name) == Match::One(rep) {
            return check(true, format!("it names the payee as `{name}`"));
        }
    }
    let text = match config.directory.find_rep(first) {
        Match::One(other) => format!("it names `{first}`, who is {}", config.rep_name(other)),
        Match::Ambiguous(_) => format!("it names `{first}`, an alias that several people own"),
        Match::Nobody => format!("it names `{first}`, which is nobody's alias"),
    };
    check(false, text)
}
