//! One sale in the light of a program: whom each rule credits, or why not.

use std::fmt;

use super::assign::Recipients;
use super::bound::BoundProgram;
use super::decide::{Detail, Share, Sink, decide};
use super::find::Memo;
use super::foreign::{Converted, Standing};
use super::reason::Reason;
use crate::condition::{Condition, Context, Failed, RepContext, SaleRef};
use crate::id::Id;
use crate::money::{Exact, Unit};
use crate::people::Beneficiary;
use crate::program::Trigger;

/// What a program makes of one sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleVerdict {
    /// Name of the program.
    pub program: String,
    /// Label of the period.
    pub period: String,
    /// Rule by rule, in the order of the document.
    pub rules: Vec<RuleVerdict>,
}

/// What one rule makes of one sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleVerdict {
    /// Id of the rule.
    pub rule: String,
    /// Its label.
    pub label: String,
    /// Whom it credits, with the part of the basis. For an override: the managers, with the base where it is sales.
    pub credited: Vec<CreditedTo>,
    /// Why it does not credit, or not all of the sale.
    pub refused: Vec<Refused>,
}

/// A rep or team that is credited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditedTo {
    /// The rep, or the team.
    pub rep: Id,
    /// Whether it is a team; the rule says who is paid for it.
    pub is_team: bool,
    /// Their name.
    pub name: String,
    /// Who gets what it earns, with their names; empty where that is whoever is credited.
    pub goes_to: Vec<(Id, String)>,
    /// The credited basis; `None` for an override on commission, whose base the calculation finds.
    pub basis: Option<Exact>,
}

/// Why a rule does not credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The kind.
    pub reason: Reason,
    /// The part of the condition that failed, with its values.
    pub failed: Option<Failed>,
    /// A sentence for people.
    pub text: String,
}

impl fmt::Display for RuleVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.rule)?;
        for credited in &self.credited {
            match credited.basis {
                Some(basis) => write!(f, " {} is credited {};", credited.name, super::explanation::shown(basis))?,
                None => write!(f, " {} earns on its commission;", credited.name)?,
            }
            if !credited.goes_to.is_empty() {
                let names: Vec<&str> = credited.goes_to.iter().map(|(_, name)| name.as_str()).collect();
                write!(f, " what it earns goes to {};", names.join(", "))?;
            }
        }
        for refused in &self.refused {
            write!(f, " {};", refused.text)?;
        }
        Ok(())
    }
}

impl BoundProgram<'_> {
    /// What the program makes of one sale, rule by rule: whom it credits, or why not.
    #[must_use]
    pub fn verdict(&self, sale: SaleRef<'_>) -> SaleVerdict {
        let version = &self.versions[self.version_at(sale.facts.at())];
        let range = version.rules.clone();
        let rules = self.rules[range.clone()].iter().map(|bound| RuleVerdict {
            rule: bound.rule.id.clone(),
            label: bound.rule.label.clone(),
            credited: Vec::new(),
            refused: Vec::new(),
        });
        let rules: Vec<RuleVerdict> = rules.collect();
        let reps = vec![Vec::new(); rules.len()];
        let (conversion, missing) = match self.standing(sale) {
            Standing::Converted(conversion) => (Some(conversion), None),
            Standing::Missing(currency) => (None, Some(currency)),
            Standing::Same => (None, None),
        };
        let converted = Converted { facts: sale.facts, conversion };
        let is_own = conversion.is_none() && missing.is_none();
        let sale = if is_own { sale } else { SaleRef { facts: &converted, ..sale } };
        let mut judge = Judge { bound: self, sale, rules, reps, first: range.start };
        decide(self, &mut Memo::default(), (sale, missing), &mut judge);
        judge.overrides(missing);
        let Judge { rules, .. } = judge;
        SaleVerdict { program: version.program.name.clone(), period: self.period.label(), rules }
    }
}

struct Judge<'j, 'a> {
    bound: &'j BoundProgram<'a>,
    sale: SaleRef<'j>,
    rules: Vec<RuleVerdict>,
    /// The credited reps by rule, for overrides.
    reps: Vec<Vec<(u32, Exact)>>,
    /// Index of the first rule of the version that rules the sale.
    first: usize,
}

impl Sink for Judge<'_, '_> {
    fn credit(&mut self, share: &Share<'_>) {
        let rule = share.rule - self.first;
        self.reps[rule].push((share.who, share.basis));
        let credited = self.credited(share.rule, share.who, Some(share.basis));
        self.rules[rule].credited.push(credited);
    }

    fn refuse(&mut self, rule: usize, reason: Reason, detail: &Detail<'_>) {
        let condition = self.bound.rules[rule].rule.when.as_ref();
        let failed = if reason == Reason::Condition { condition.and_then(|when| self.why_not(when, detail, None)) } else { None };
        let text = failed.as_ref().map_or_else(|| self.sentence(rule, reason, detail), |failed| failed.text.clone());
        self.rules[rule - self.first].refused.push(Refused { reason, failed, text });
    }
}

impl Judge<'_, '_> {
    fn credited(&self, rule: usize, who: u32, basis: Option<Exact>) -> CreditedTo {
        let credited = self.bound.beneficiary(who);
        let recipients = self.bound.rules[rule].recipients.get(who as usize).map(Recipients::people).unwrap_or_default();
        let goes_to = recipients.iter().map(|to| self.bound.beneficiary(*to)).map(|to| (to.id(), to.name().to_owned())).collect();
        let is_team = matches!(credited, Beneficiary::Team(_));
        CreditedTo { rep: credited.id(), is_team, name: credited.name().to_owned(), goes_to, basis }
    }

    fn why_not(&self, when: &Condition, detail: &Detail<'_>, manager: Option<u32>) -> Option<Failed> {
        let rep = match detail {
            Detail::Who(who) => {
                let version = &self.bound.versions[self.bound.version_at(self.sale.facts.at())];
                let manager = manager.map(|manager| self.bound.beneficiary(manager));
                let (rep, directory) = (self.bound.beneficiary(*who), self.bound.directory);
                Some(RepContext { rep, directory, defaults: &version.variables, manager })
            }
            _ => None,
        };
        when.why_not(&Context { sale: self.sale, period: self.bound.period, rep })
    }

    fn sentence(&self, rule: usize, reason: Reason, detail: &Detail<'_>) -> String {
        let bound = self.bound;
        let rule = bound.rules[rule].rule;
        let subject = match detail {
            Detail::Who(who) => bound.beneficiary(*who).name().to_owned(),
            Detail::Alias(alias) | Detail::Owners(alias, _) => (*alias).to_owned(),
            Detail::Currency(unit) => unit.to_string(),
            Detail::Error(error) => error.to_string(),
            Detail::Nothing => String::new(),
        };
        match reason {
            Reason::OutsideValidity => self.outside(rule),
            Reason::RateMissing => {
                let (own, day) = (bound.program.currency, bound.period.zone().to_datetime(self.sale.facts.at()).date());
                format!("the sale is in {subject}, and there is no rate of exchange from {subject} to {own} for {day}")
            }
            Reason::BasisMissing => format!("the sale has no {}", rule.basis.name()),
            Reason::NoOwner => "no owner or team field of the sale has a value".to_owned(),
            Reason::NoMatch => format!("`{subject}` matches no rep or team"),
            Reason::DuplicateAlias => match detail {
                Detail::Owners(alias, owners) => {
                    let names: Vec<String> = owners.iter().map(|id| self.name(*id)).collect();
                    format!("`{alias}` is an alias of {}: nobody is credited for it", names.join(" and "))
                }
                _ => format!("`{subject}` is an alias of several: nobody is credited for it"),
            },
            Reason::NotTarget => format!("{subject} is not a target of the program"),
            Reason::EmptyTeam => format!("the team `{subject}` has nobody to credit"),
            Reason::NoTeam => format!("{subject} belongs to no team on {}", bound.period.last_day()),
            Reason::WeightMissing => {
                format!("{subject} has no usable variable by which the team shares on {}", bound.period.last_day())
            }
            Reason::ShareMissing => format!("the share `{subject}` has no value for this sale"),
            Reason::GroupMissing => "the sale belongs to no group: the formula of the groups has no value for it".to_owned(),
            Reason::NotEnrolled => format!("{subject} has not enrolled in {}", bound.program.name),
            Reason::NoRecipient => format!("there is nobody to get what {subject} earns"),
            Reason::ConditionError => subject,
            Reason::Condition | Reason::AlreadyCounted | Reason::PayUnknown => format!("{}: {subject}", reason.code()),
        }
    }

    fn name(&self, id: Id) -> String {
        let directory = self.bound.directory;
        let rep = directory.rep(id).map(|rep| rep.name.clone());
        rep.or_else(|| directory.team(id).map(|team| team.name.clone())).unwrap_or_default()
    }

    fn outside(&self, rule: &crate::program::Rule) -> String {
        let period = self.bound.period;
        let day = period.zone().to_datetime(self.sale.facts.at()).date();
        if !period.contains(self.sale.facts.at()) {
            return format!("the sale of {day} lies outside {period}");
        }
        let bound = self.bound;
        let version = &bound.versions[bound.version_at(self.sale.facts.at())];
        if self.sale.facts.at() < version.start {
            return format!("the sale is of {day}, version {} of the program is valid later", version.number);
        }
        let program = version.program;
        let valid = |from: Option<jiff::civil::Date>, until: Option<jiff::civil::Date>| match (from, until) {
            (Some(from), Some(until)) => format!("from {from} until {until}"),
            (Some(from), None) => format!("from {from}"),
            (None, Some(until)) => format!("until {until}"),
            (None, None) => "always".to_owned(),
        };
        let (what, from, until) = if rule.valid_from.is_some_and(|from| day < from) || rule.valid_until.is_some_and(|until| day > until) {
            ("rule", rule.valid_from, rule.valid_until)
        } else {
            ("program", program.valid_from, program.valid_until)
        };
        format!("the sale is of {day}, the {what} is valid {}", valid(from, until))
    }

    /// Overrides follow the credits of the rules they build on.
    fn overrides(&mut self, missing: Option<Unit>) {
        let bound = self.bound;
        for over in &bound.overrides {
            let Some(index) = over.rule.checked_sub(self.first).filter(|index| *index < self.rules.len()) else { continue };
            let rule = bound.rules[over.rule].rule;
            let context = Context { sale: self.sale, period: bound.period, rep: None };
            if let Some(currency) = missing.filter(|_| bound.rules[over.rule].money.in_condition) {
                if over.level == 0 {
                    let text = self.sentence(over.rule, Reason::RateMissing, &Detail::Currency(currency));
                    self.rules[index].refused.push(Refused { reason: Reason::RateMissing, failed: None, text });
                }
                continue;
            }
            let of_sale = rule.when.as_ref().filter(|when| !when.uses_rep());
            if let Some(failed) = of_sale.and_then(|when| when.why_not(&context)) {
                if over.level == 0 {
                    let text = failed.text.clone();
                    self.rules[index].refused.push(Refused { reason: Reason::Condition, failed: Some(failed), text });
                }
                continue;
            }
            let on_sales = matches!(&rule.trigger, Trigger::Override(over) if over.base == crate::program::OverrideBase::Sales);
            let below: Vec<(u32, Exact)> = self
                .reps
                .iter()
                .enumerate()
                .filter(|(rule, _)| over.of.get(self.first + *rule) == Some(&true))
                .flat_map(|(_, reps)| reps.iter().copied())
                .collect();
            for (rep, basis) in below {
                let Some(manager) = bound.people.managers[rep as usize].get(over.level).copied() else { continue };
                let asked = rule.when.as_ref().filter(|when| when.uses_rep());
                if let Some(failed) = asked.and_then(|when| self.why_not(when, &Detail::Who(rep), Some(manager))) {
                    if over.level == 0 || asked.is_some_and(Condition::uses_manager) {
                        let text = failed.text.clone();
                        self.rules[index].refused.push(Refused { reason: Reason::Condition, failed: Some(failed), text });
                    }
                    continue;
                }
                if bound.may_earn(manager) {
                    let credited = self.credited(over.rule, manager, on_sales.then_some(basis));
                    self.rules[index].credited.push(credited);
                    continue;
                }
                let text = self.sentence(over.rule, Reason::NotEnrolled, &Detail::Who(manager));
                self.rules[index].refused.push(Refused { reason: Reason::NotEnrolled, failed: None, text });
            }
        }
    }
}
