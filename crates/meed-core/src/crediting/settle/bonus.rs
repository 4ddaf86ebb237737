//! Bonuses, payout curves and multipliers (`commissions.md` §4.4).

use super::super::kept::{add, mul, mul_div, sub};
use super::super::reason::AlertCode;
use super::kind::RewardKind;
use super::past::PastLine;
use super::stage::Stage;
use super::step::{Step, StepKind};
use crate::command::day_number;
use crate::condition::Condition;
use crate::money::{Exact, Overflow};
use crate::program::{Bonus, BonusPay, Curve, Factor, Figure, Metric, Multiplier};

impl Stage<'_> {
    pub(super) fn bonuses(&mut self, taking_part: bool) -> Result<(), Overflow> {
        let is_target = self.bound.versions.last().is_some_and(|version| version.is_target[self.who as usize]);
        if !is_target || !taking_part && !self.tally.touched {
            return Ok(());
        }
        let program = self.bound.program;
        let spans = program.settle.measure.is_some() || self.deducted_since().is_some();
        for (index, bonus) in program.settle.bonuses.iter().enumerate() {
            // What is earned anew in each period looks at the sales of that period.
            self.facts.own = spans && !bonus.deductible;
            if let Some(amount) = self.bonus(bonus)? {
                self.bonuses.push((index, amount));
            }
        }
        self.facts.own = false;
        Ok(())
    }

    /// Where a longer span is measured, a bonus pays what it comes to by now less what earlier periods of the span paid of
    /// it, so that it is paid once. What was paid is not taken back because less is attained by now.
    pub(super) fn bonuses_paid_before(&mut self) -> Result<(), Overflow> {
        let program = self.bound.program;
        let Some(span) = program.settle.measure else { return Ok(()) };
        let since = day_number(span.start(self.bound.period.first_day()));
        for (index, bonus) in program.settle.bonuses.iter().enumerate().filter(|(_, bonus)| bonus.deductible) {
            let counts = |line: &PastLine| line.kind == RewardKind::Bonus && line.name == bonus.id;
            let before = self.major(self.past.paid_since(self.rep.id, since, self.cell_day, &counts)?);
            if before.is_zero() {
                continue;
            }
            let place = self.bonuses.iter().position(|(known, _)| *known == index);
            let to_date = place.map_or(Exact::ZERO, |place| self.bonuses[place].1);
            let left = sub(to_date, before)?;
            let left = if to_date.is_sign_negative() { left } else { left.max(Exact::ZERO) };
            match place {
                Some(place) => self.bonuses[place].1 = left,
                None if left.is_zero() => continue,
                None => self.bonuses.push((index, left)),
            }
            let step = Step::new(StepKind::Deduction, &bonus.label, sub(left, to_date)?);
            self.steps.push(
                step.with_amount("to date", to_date)
                    .with_amount("paid before", before)
                    .with("since", span.start(self.bound.period.first_day())),
            );
        }
        Ok(())
    }

    fn bonus(&mut self, bonus: &Bonus) -> Result<Option<Exact>, Overflow> {
        let mut step = Step::new(StepKind::Bonus, &bonus.label, Exact::ZERO);
        if let Some(at) = bonus.at {
            step = step.with("attainment", self.attainment_shown()).with("needs", format!("{}%", at.normalize()));
            match self.facts.reaches(at) {
                Some(true) => {}
                Some(false) => {
                    self.steps.push(step);
                    return Ok(None);
                }
                None => {
                    self.unattained(&bonus.id);
                    return Ok(None);
                }
            }
        }
        if let Some(when) = &bonus.when {
            step = step.with("when", when.source());
            if !self.holds(&bonus.id, Some(when)) {
                self.steps.push(step.with("holds", "no"));
                return Ok(None);
            }
        }
        let Some(mut amount) = self.bonus_pay(bonus, &mut step)? else { return Ok(None) };
        if let Some(cap) = bonus.cap.as_ref().and_then(|cap| self.needed(&bonus.id, cap)).filter(|cap| amount > *cap) {
            step = step.with_amount("before the cap", amount).with_amount("cap", cap);
            amount = cap;
        }
        step.amount = amount;
        self.steps.push(step);
        Ok(Some(amount))
    }

    fn bonus_pay(&mut self, bonus: &Bonus, step: &mut Step) -> Result<Option<Exact>, Overflow> {
        Ok(match &bonus.pays {
            BonusPay::Amount(figure) => self.needed(&bonus.id, figure),
            BonusPay::Formula(formula) => {
                step.inputs.push(("formula".into(), formula.source().to_owned()));
                self.formula(&bonus.id, formula)
            }
            BonusPay::Curve(curve) => self.curve(&bonus.id, curve, step)?,
            BonusPay::Ranks(ranks) => {
                let rank = self.facts.rank;
                step.inputs.push(("rank".into(), rank.map_or_else(|| "none".into(), |rank| rank.to_string())));
                let place = rank.and_then(|rank| usize::try_from(rank).ok()).and_then(|rank| ranks.get(rank.wrapping_sub(1)));
                place.and_then(|figure| self.needed(&bonus.id, figure))
            }
        })
    }

    /// Notes that there is no attainment in percent, and why.
    pub(super) fn unattained(&mut self, of: &str) {
        if self.facts.attainment.metric == Metric::Increase {
            let text = "nothing was attained in the period before, so there is no increase";
            self.problem(of, AlertCode::ConditionError, text);
        } else {
            self.problem(of, AlertCode::QuotaMissing, "quota");
        }
    }

    fn formula(&mut self, of: &str, formula: &Condition) -> Option<Exact> {
        let number = self.ask(of, formula, Condition::number)?;
        if number.is_none() {
            let missing = formula.variables().into_iter().find(|(whose, name)| {
                let figure = match whose {
                    None => Figure::Variable(name.clone()),
                    Some(whose) => Figure::VariableOf(*whose, name.clone()),
                };
                self.figure(&figure).is_none()
            });
            match missing {
                Some((_, name)) => self.problem(of, AlertCode::VariableMissing, &name),
                None if self.facts.attainment().is_none() => self.unattained(of),
                None => self.problem(of, AlertCode::ConditionError, &format!("`{}` has no value", formula.source())),
            }
        }
        number.map(super::super::kept::keep)
    }

    /// What a curve pays: the part of the target at the attainment reached.
    fn curve(&mut self, of: &str, curve: &Curve, step: &mut Step) -> Result<Option<Exact>, Overflow> {
        let reached = match &curve.of {
            Some(formula) => self.formula(of, formula),
            None => {
                let percent = self.facts.attainment();
                if percent.is_none() {
                    self.unattained(of);
                }
                percent
            }
        };
        let Some(mut reached) = reached else { return Ok(None) };
        let Some(target) = self.needed(of, &curve.target) else { return Ok(None) };
        if let Some(size) = curve.step {
            reached = (reached / size).floor().checked_mul(size).ok_or(Overflow)?;
        }
        let mut part = part_at(curve, reached)?;
        if let Some(most) = curve.cap_percent.filter(|most| part > *most) {
            step.inputs.push(("before the cap".into(), format!("{}%", part.normalize())));
            part = most;
        }
        let mut amount = mul_div(target, part, Exact::ONE_HUNDRED)?;
        step.inputs.push(("attainment".into(), format!("{}%", reached.round_dp(4).normalize())));
        step.inputs.push(("pays".into(), format!("{}% of {}", part.round_dp(6).normalize(), super::super::explanation::shown(target))));
        if let Some(cap) = curve.cap.as_ref().and_then(|cap| self.needed(of, cap)).filter(|cap| amount > *cap) {
            step.inputs.push(("cap".into(), super::super::explanation::shown(cap)));
            amount = cap;
        }
        Ok(Some(amount))
    }

    pub(super) fn multipliers(&mut self) -> Result<(), Overflow> {
        let program = self.bound.program;
        for multiplier in &program.settle.multipliers {
            if !self.holds(&multiplier.label, multiplier.when.as_ref()) {
                continue;
            }
            let Some(factor) = self.factor(multiplier) else { continue };
            if factor != Exact::ONE {
                self.multiply(multiplier, factor)?;
            }
        }
        Ok(())
    }

    fn multiply(&mut self, multiplier: &Multiplier, factor: Exact) -> Result<(), Overflow> {
        for (rule, _) in self.rules.iter().filter(|(rule, _)| multiplier.rules.contains(rule)) {
            let so_far = self.factors.entry(*rule).or_insert(Exact::ONE);
            *so_far = mul(*so_far, factor)?;
        }
        let rules = self.rules.iter_mut().filter(|(rule, _)| multiplier.rules.contains(rule));
        let bonuses = self.bonuses.iter_mut().filter(|(bonus, _)| multiplier.bonuses.contains(bonus));
        let (mut before, mut after) = (Exact::ZERO, Exact::ZERO);
        for (_, amount) in rules.chain(bonuses) {
            before = add(before, *amount)?;
            *amount = mul(*amount, factor)?;
            after = add(after, *amount)?;
        }
        if before.is_zero() {
            return Ok(());
        }
        let step = Step::new(StepKind::Multiplier, &multiplier.label, sub(after, before)?);
        self.steps.push(step.with("factor", factor.normalize()).with_amount("on", before));
        Ok(())
    }

    fn factor(&mut self, multiplier: &Multiplier) -> Option<Exact> {
        match &multiplier.factor {
            Factor::Figure(figure) => self.needed(&multiplier.label, figure),
            Factor::Formula(formula) => self.formula(&multiplier.label, formula),
            Factor::Levels(levels) => {
                let mut factor = Exact::ONE;
                for (from, value) in levels {
                    match self.facts.reaches(*from) {
                        Some(true) => factor = *value,
                        Some(false) => {}
                        None => {
                            self.unattained(&multiplier.label);
                            return None;
                        }
                    }
                }
                Some(factor)
            }
        }
    }
}

/// The part of the target in percent that an attainment in percent pays.
fn part_at(curve: &Curve, reached: Exact) -> Result<Exact, Overflow> {
    let Some(above) = curve.points.iter().position(|(at, _)| *at > reached) else {
        let Some((at, pays)) = curve.points.last() else { return Ok(Exact::ZERO) };
        return add(*pays, mul(sub(reached, *at)?, curve.beyond)?);
    };
    let Some((low_at, low)) = above.checked_sub(1).map(|below| curve.points[below]) else { return Ok(Exact::ZERO) };
    let (high_at, high) = curve.points[above];
    add(low, mul_div(sub(high, low)?, sub(reached, low_at)?, sub(high_at, low_at)?)?)
}
