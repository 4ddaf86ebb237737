//! What a program makes of a sale, as `/v1` answers it.

use meed_app::calculations::Verdict;
use meed_app::releases::CreditLine;
use meed_core::crediting::RuleVerdict;
use meed_core::id::Kind;
use serde::Serialize;
use utoipa::ToSchema;

use super::credit_out::CreditOut;

/// Somebody whom a rule credits.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CreditedTo)]
pub(crate) struct CreditedOut {
    /// Who: a rep, or a team.
    pub payee: String,
    /// Their name.
    pub name: String,
    /// The reps who get what it earns; empty where that is whoever is credited.
    pub goes_to: Vec<String>,
    /// The credited basis, exact; null for an override on commission, whose base the calculation finds.
    pub basis: Option<String>,
}

/// Why a rule does not credit.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NotCredited)]
pub(crate) struct NotCreditedOut {
    /// Stable code.
    #[schema(example = "no_match")]
    pub code: String,
    /// What it means here, with the condition that failed.
    pub text: String,
}

/// What one rule makes of a sale.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RuleVerdict)]
pub(crate) struct RuleOut {
    /// Id of the rule in the plan.
    pub rule: String,
    /// Its name.
    pub label: String,
    /// Whom it credits.
    pub credited: Vec<CreditedOut>,
    /// Why it does not credit, or not all of the sale.
    pub not_credited: Vec<NotCreditedOut>,
}

/// What one program makes of a sale.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Verdict)]
pub(crate) struct VerdictOut {
    /// The program.
    pub program: String,
    /// Its name.
    pub program_name: String,
    /// The period of the sale.
    #[schema(example = "2026-03")]
    pub period: String,
    /// Rule by rule, in the order of the plan.
    pub rules: Vec<RuleOut>,
    /// The credits with their amounts as present facts give them.
    pub credits: Vec<CreditOut>,
}

impl From<&RuleVerdict> for RuleOut {
    fn from(verdict: &RuleVerdict) -> Self {
        let credited = verdict.credited.iter().map(|to| CreditedOut {
            payee: to.rep.text(if to.is_team { Kind::Team } else { Kind::Rep }),
            goes_to: to.goes_to.iter().map(|(id, _)| id.text(Kind::Rep)).collect(),
            name: to.name.clone(),
            basis: to.basis.map(|basis| basis.normalize().to_string()),
        });
        let refused = verdict.refused.iter().map(|why| NotCreditedOut { code: why.reason.code().to_owned(), text: why.text.clone() });
        Self { rule: verdict.rule.clone(), label: verdict.label.clone(), credited: credited.collect(), not_credited: refused.collect() }
    }
}

impl From<&Verdict> for VerdictOut {
    fn from(verdict: &Verdict) -> Self {
        let name_of = |rep| {
            let all = verdict.verdict.rules.iter().flat_map(|rule| &rule.credited);
            let named = |to: &meed_core::crediting::CreditedTo| {
                let goes = to.goes_to.iter().find(|(id, _)| *id == rep).map(|(_, name)| name.clone());
                if to.rep == rep { Some(to.name.clone()) } else { goes }
            };
            all.into_iter().find_map(named).unwrap_or_default()
        };
        Self {
            program: verdict.program.text(Kind::Program),
            program_name: verdict.program_name.clone(),
            period: verdict.period.label(),
            rules: verdict.verdict.rules.iter().map(RuleOut::from).collect(),
            credits: verdict.credits.iter().map(|(rep, credit)| CreditOut::of(*rep, &name_of(*rep), &CreditLine::of(credit))).collect(),
        }
    }
}
