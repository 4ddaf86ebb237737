//! Rules as people read them.

use meed_core::condition::TextField;
use meed_core::money::Rounding;
use meed_core::period::Cadence;
use meed_core::program::{
    Basis, CreditTo, Crediting, OncePer, Override, OverrideBase, OwnersFrom, Pay, Program, QuotaAmount, QuotaLength, Rule, Share, Split,
    TeamCredit, TeamShare, Tiers, Trigger,
};

use super::super::shown::day_text;
use super::super::tiers::{self, band_pay, bound, figure, rate};
use crate::pages::Fact;
use crate::pages::charts::StepChart;
use crate::pages::programs::RuleWords;

fn fact(label: &str, value: String) -> Fact {
    Fact { label: label.to_owned(), value, href: String::new() }
}

/// `Commission plan, monthly`.
pub(super) fn kind(program: &Program) -> String {
    format!("Commission plan, {}", program.cadence.name())
}

/// Who may be credited.
pub(super) fn payees(program: &Program) -> String {
    let targets = &program.targets;
    if targets.everybody {
        return "everybody who sells".to_owned();
    }
    let part = |what: &str, names: &[String]| (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")));
    let parts = [part("", &targets.reps), part("tagged", &targets.tags), part("team", &targets.teams)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ").trim().to_owned()
}

/// Period, targets, quota, rounding and such.
pub(super) fn facts(program: &Program, zone: &str) -> Vec<Fact> {
    let period = match program.cadence {
        Cadence::Monthly => "Month",
        Cadence::Quarterly => "Quarter",
        Cadence::HalfYearly => "Half year",
        Cadence::Yearly => "Year",
    };
    let mut facts = vec![
        fact("Kind", "Commission plan".to_owned()),
        fact("Period", format!("{period}, {zone}")),
        fact("Payees", payees(program)),
        fact("Paid in", program.currency.to_string()),
        fact("Rounding", rounding(program.rounding).to_owned()),
    ];
    if let Some(quota) = &program.quota {
        let per = match quota.per {
            QuotaLength::Period => "a period",
            QuotaLength::Year => "a year",
        };
        facts.push(fact("Quota", format!("{} {per}", quota_amount(&quota.amount))));
    }
    match (program.valid_from, program.valid_until) {
        (None, None) => {}
        (Some(from), None) => facts.push(fact("Applies", format!("from {}", day_text(from)))),
        (None, Some(until)) => facts.push(fact("Applies", format!("until {}", day_text(until)))),
        (Some(from), Some(until)) => facts.push(fact("Applies", format!("{} – {}", day_text(from), day_text(until)))),
    }
    if let Some(description) = &program.description {
        facts.push(fact("What for", description.clone()));
    }
    facts
}

fn rounding(rounding: Rounding) -> &'static str {
    match rounding {
        Rounding::HalfUp => "half up, once per reward",
        Rounding::HalfEven => "half to even, once per reward",
        Rounding::Down => "down, once per reward",
        Rounding::Up => "up, once per reward",
    }
}

/// All rules.
pub(super) fn rules(program: &Program) -> Vec<RuleWords> {
    program.rules.iter().map(|rule| words(rule, program)).collect()
}

fn words(rule: &Rule, program: &Program) -> RuleWords {
    let which = if rule.when.is_some() { "those that meet the condition" } else { "all" };
    let mut words = match &rule.trigger {
        Trigger::Sale(crediting) => {
            vec![fact("Who", who(crediting)), fact("Which sales", which.to_owned()), fact("On what", basis(&rule.basis))]
        }
        Trigger::Override(over) => override_words(over, program, rule.when.is_some()),
    };
    words.push(fact("How much", pays(&rule.pays, program)));
    let limits = [("at most", &rule.cap, " a period"), ("at least", &rule.floor, " a period"), ("at most", &rule.cap_per_sale, " a sale")];
    for (word, limit, per) in limits {
        words.extend(limit.as_ref().map(|limit| fact("Limit", format!("{word} {}{per}", figure(limit)))));
    }
    if rule.valid_from.is_some() || rule.valid_until.is_some() {
        let from = rule.valid_from.map_or_else(String::new, |day| format!("from {} ", day_text(day)));
        let until = rule.valid_until.map_or_else(String::new, |day| format!("until {}", day_text(day)));
        words.push(fact("Applies", format!("{from}{until}").trim().to_owned()));
    }
    let stairs = tiers::of(rule, 0).map_or_else(StepChart::default, |found| tiers::stairs(rule, found, program, None));
    let condition = rule.when.as_ref().map(|when| when.source().to_owned()).unwrap_or_default();
    RuleWords { name: rule.label.clone(), words, condition, tiers: stairs }
}

fn field(field: TextField) -> &'static str {
    match field {
        TextField::Owner(0) => "the owner",
        TextField::Owner(1) => "the second owner",
        TextField::Owner(_) => "the third owner",
        TextField::Team(0) => "the team",
        TextField::Team(1) => "the second team",
        TextField::Team(_) => "the third team",
        TextField::Territory => "the territory",
        _ => "a field",
    }
}

fn who(crediting: &Crediting) -> String {
    let owners: Vec<String> = crediting
        .owners
        .iter()
        .map(|owner| {
            let share = match &owner.share {
                None => String::new(),
                Some(Share::Literal(share)) => format!(" with {}%", (share * rust_decimal::Decimal::ONE_HUNDRED).normalize()),
                Some(Share::Percent(formula)) => format!(" with {} percent", formula.source()),
            };
            let names = match &owner.from {
                OwnersFrom::Field(name) => field(*name).to_owned(),
                OwnersFrom::Formula(formula) => format!("who the formula {} names", formula.source()),
            };
            format!("{names}{share}")
        })
        .collect();
    let split = match crediting.split {
        Split::Equal => "; several owners share equally",
        Split::Full => "; several owners get the whole each",
    };
    let mut parts = Vec::new();
    if !owners.is_empty() {
        let whose = if crediting.to == CreditTo::Team { "the team of " } else { "" };
        parts.push(format!("{whose}{} of the sale{split}", owners.join(" and ")));
    }
    parts.extend(crediting.teams.as_ref().map(|teams| if owners.is_empty() { team(teams) } else { format!("also {}", team(teams)) }));
    parts.extend(crediting.fallback.as_ref().map(|fallback| format!("where nobody is found, {}", team(fallback))));
    if crediting.roll_up {
        parts.push("the teams above as well".to_owned());
    }
    parts.join("; ")
}

fn team(team: &TeamCredit) -> String {
    let fields: Vec<&str> = team.fields.iter().map(|name| field(*name)).collect();
    let to = match (team.to, &team.weight) {
        (TeamShare::Members, None) => "the members, in equal parts, of".to_owned(),
        (TeamShare::Members, Some(weight)) => format!("the members, in proportion to “{weight}”, of"),
        (TeamShare::Manager, _) => "the manager of".to_owned(),
        (TeamShare::Team, _) => "the team in".to_owned(),
    };
    format!("{to} {}", fields.join(" or "))
}

fn quota_amount(amount: &QuotaAmount) -> String {
    match amount {
        QuotaAmount::Figure(amount) => figure(amount),
        QuotaAmount::Formula(formula) => format!("the formula {}", formula.source()),
    }
}

fn basis(basis: &Basis) -> String {
    match basis {
        Basis::Revenue => "revenue".to_owned(),
        Basis::Profit => "profit".to_owned(),
        Basis::Quantity => "units sold".to_owned(),
        Basis::Count => "each sale".to_owned(),
        Basis::Formula(formula) => format!("the formula {}", formula.source()),
    }
}

fn override_words(over: &Override, program: &Program, has_condition: bool) -> Vec<Fact> {
    let names: Vec<&str> = over.of.iter().filter_map(|index| program.rules.get(*index)).map(|rule| rule.label.as_str()).collect();
    let base = match over.base {
        OverrideBase::Sales => "the credited sales of their people",
        OverrideBase::Commission => "the commission of their people",
    };
    let once = match over.once_per {
        OncePer::Sale => "; a sale that several of them share counts once",
        OncePer::Credit => "",
    };
    let which = if has_condition { "under the condition, from " } else { "from " };
    vec![
        fact("Who", "the managers above who earned".to_owned()),
        fact("Which sales", format!("{which}{}", names.join(", "))),
        fact("On what", format!("{base}{once}")),
    ]
}

fn pays(pays: &[Pay], program: &Program) -> String {
    let one = |pay: &Pay| match pay {
        Pay::Rate(paid) => rate(paid),
        Pay::Amount(amount) => format!("{} {} for each", figure(amount), program.currency),
        Pay::Tiers(tiers) => tier_words(tiers),
    };
    match pays {
        [only] => one(only),
        several => {
            several.iter().enumerate().map(|(level, pay)| format!("level {}: {}", level + 1, one(pay))).collect::<Vec<_>>().join("; ")
        }
    }
}

/// `5% up to 100,000, then 6% up to 125,000, then 7%`.
fn tier_words(tiers: &Tiers) -> String {
    let parts = tiers.bands.iter().map(|band| match band.to {
        Some(to) => format!("{} up to {}", band_pay(band), bound(to, tiers.unit)),
        None => band_pay(band),
    });
    parts.collect::<Vec<_>>().join(", then ")
}

#[cfg(test)]
mod tests {
    use meed_core::program::Figure;

    use super::*;

    #[test]
    fn the_starter_of_the_editor_is_a_plan_that_passes_and_reads_well() {
        let program = Program::parse(include_str!("starter.toml")).expect("the starter is a plan");
        assert!(program.run_tests().iter().all(meed_core::crediting::ExampleResult::passed));
        let words = rules(&program);
        let texts: Vec<String> = words[0].words.iter().map(|fact| format!("{}: {}", fact.label, fact.value)).collect();
        assert_eq!(
            texts,
            [
                "Who: the owner of the sale; several owners share equally",
                "Which sales: those that meet the condition",
                "On what: revenue",
                "How much: 3% up to 50,000, then 5%",
            ]
        );
        assert_eq!(words[0].condition, "sale.revenue > 0");
        assert_eq!(figure(&Figure::Variable("quota".into())), "“quota”");
    }
}
