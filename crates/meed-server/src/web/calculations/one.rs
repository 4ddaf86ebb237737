//! One calculation: its payees with their attainment, alerts, what was not credited, and its files.

use std::collections::{BTreeMap, HashMap};

use axum::extract::{Path, State};
use meed_app::access::actor_names;
use meed_app::adjustments::{self, AdjustmentEntry};
use meed_app::calculations::{self, CalculationDocument, CalculationEntry, PayeeLine, is_due, payees};
use meed_app::releases::{self, PeriodState, PeriodView, RewardView};
use meed_app::{App, Configuration, Context, exports};
use meed_core::command::RewardState;
use meed_core::id::{Id, Kind};
use meed_core::money::Unit;
use meed_core::period::Period;
use meed_core::program::Program;

use super::super::answer::{Answer, Trouble, download, page, see_other};
use super::super::flash;
use super::super::form::{Asked, Posted};
use super::super::shown::{Setting, counted, decimal, exact_text, money, period_words, setting};
use super::super::visit::Visit;
use super::{alert_notice, entry, reason_is_meant, status, versions};
use crate::ServerState;
use crate::pages::calculations::{CalculationPage, CalculationStatus, LateRow, PayeeRow, ReasonCount, TeamTotalRow};
use crate::pages::charts::{Gauge, Rank, RankChart};
use crate::pages::shown::count;
use crate::pages::{Badge, Choice, Fact, Figure, Link, Nav, Pager, Tone};

/// Payees on one page.
const PAGE: usize = 200;
/// Payees in the chart.
const RANKS: usize = 8;
/// Calculations that are looked through for the one before.
const EARLIER: i64 = 100;

pub(super) async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Asked(asked): Asked) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let calculation = entry(&state, &visit, &text).await?;
    let setting = setting(app, ctx).await?;
    let booked = releases::period_of_calculation(app, ctx, &calculation).await?;
    let lines = payees(app, ctx, &calculation).await?;
    let newest = calculations::latest(app, ctx).await?;
    let document = &calculation.document;
    let newer = newest.iter().find(|c| c.document.program == document.program && c.document.period == document.period);
    let newer = newer.map(|c| c.id).filter(|id| *id != calculation.id);
    let is_open = booked.release.is_none();
    let stale = match newer {
        Some(_) => "This calculation was followed by a newer one; the figures below are those of the newest.",
        None if !is_due(app, ctx, &calculation).await? => "",
        None if is_open => "Sales, people or plans changed since this was calculated. Calculate again before you release.",
        None => {
            "Sales, people or plans changed since the release, which stays as it is. Calculate again to book what changed in the open period."
        }
    };
    let period = setting.period(&document.period).ok_or_else(Trouble::not_found)?;
    let plan = setting.config.program(Id(document.program))?;
    let program = plan.numbered(document.version_number).map_or(&plan.program, |version| &version.program).clone();
    let before = before(app, ctx, &calculation).await?;
    let releases = released(app, ctx, Id(document.program)).await?;
    let view = View { setting: &setting, calculation: &calculation, booked: &booked, period: &period, program: &program, before, releases };
    let q = asked.text("q").to_lowercase();
    let again_from = again_from(&newest, document);
    let tied = tied(&state, &visit, document).await?.len();
    let matching: Vec<&RewardView> = booked.payees.iter().filter(|p| q.is_empty() || p.name.to_lowercase().contains(&q)).collect();
    let from: usize = asked.text("from").parse().unwrap_or(0);
    let shown = matching.iter().skip(from).take(PAGE).map(|payee| view.payee(payee, &lines)).collect::<Vec<_>>();
    let is_part = matching.len() > shown.len();
    page(&CalculationPage {
        chrome: visit.chrome(Nav::Calculations),
        id: text.clone(),
        program: Link::new(&document.program_name, &view.program_href()),
        version: versions(document.ruled_by()),
        period: period_words(&document.period),
        range: setting.range(&period),
        status: status(&booked),
        history: view.history(&actor_names(app, ctx).await?),
        figures: view.figures(),
        running: false,
        q: asked.text("q").to_owned(),
        payees_shown: if is_part { format!("{} to {} of {}", from + 1, from + shown.len(), count(matching.len())) } else { String::new() },
        pager: pager(&text, asked.text("q"), from, matching.len()),
        payees: shown,
        teams: view.teams(),
        again_from,
        tied,
        totals: vec![money(booked.total(), booked.currency)],
        chart: view.chart(),
        alerts: document.alerts.iter().map(alert_notice).collect(),
        not_credited: view.not_credited(),
        late: view.late(),
        stale: stale.to_owned(),
        can_recalculate: newer.is_none(),
        can_release: is_open && newer.is_none() && !booked.payees.is_empty(),
        can_pay: status(&booked) == CalculationStatus::Released,
        can_withdraw: booked.standing() == PeriodState::CreditsReleased,
        can_reverse: booked.standing() == PeriodState::Released && !is_partly_paid(&booked),
        can_delete: newer.is_none() && !is_partly_paid(&booked),
    })
}

/// This period and the calculated ones of the same plan before it, from which it can be calculated again.
fn again_from(newest: &[CalculationEntry], document: &CalculationDocument) -> Vec<Choice> {
    let own = newest.iter().map(|c| &c.document).filter(|d| d.program == document.program && d.cell_day <= document.cell_day);
    own.map(|d| Choice::new(&d.period, &period_words(&d.period), d.period == document.period)).collect()
}

/// Adjustments of a calculation's period that are tied to the credit of a sale.
async fn tied(state: &ServerState, visit: &Visit, document: &CalculationDocument) -> Result<Vec<AdjustmentEntry>, Trouble> {
    let mut all = adjustments::list(&state.app, &visit.ctx, Id(document.program)).await?;
    all.retain(|entry| entry.document.period == document.period && entry.document.sale.is_some());
    Ok(all)
}

fn is_partly_paid(booked: &PeriodView) -> bool {
    booked.payees.iter().any(|payee| payee.state == RewardState::Paid)
}

/// Minor units by rep of the calculation of the same program and period before this one.
async fn before(app: &App, ctx: &Context, calculation: &CalculationEntry) -> Result<Option<HashMap<i64, i64>>, Trouble> {
    let document = &calculation.document;
    let earlier = calculations::list(app, ctx, Some(calculation.id), EARLIER).await?;
    let earlier = earlier.iter().find(|c| c.document.program == document.program && c.document.period == document.period);
    let Some(earlier) = earlier else { return Ok(None) };
    Ok(Some(payees(app, ctx, earlier).await?.into_iter().map(|line| (line.rep, line.amount)).collect()))
}

/// When each period of a program was released.
pub(in crate::web) async fn released(app: &App, ctx: &Context, program: Id) -> Result<HashMap<String, i64>, Trouble> {
    let all = releases::list(app, ctx).await?;
    let own = all.into_iter().filter(|release| release.document.program == program.0 && release.document.reversed_us.is_none());
    Ok(own.map(|release| (release.document.period, release.document.released_us)).collect())
}

fn pager(id: &str, q: &str, from: usize, len: usize) -> Pager {
    let at = |from: usize| {
        let query = serde_urlencoded::to_string([("q", q), ("from", &from.to_string())]).unwrap_or_default();
        format!("/calculations/{id}?{query}#payees")
    };
    Pager { newer: (from > 0).then(|| at(from.saturating_sub(PAGE))), older: (from.saturating_add(PAGE) < len).then(|| at(from + PAGE)) }
}

/// What the parts of the page are made of.
struct View<'a> {
    setting: &'a Setting,
    calculation: &'a CalculationEntry,
    booked: &'a PeriodView,
    period: &'a Period,
    program: &'a Program,
    /// Minor units by rep of the calculation before, if there is one.
    before: Option<HashMap<i64, i64>>,
    /// When the program's periods were released, by label.
    releases: HashMap<String, i64>,
}

impl View<'_> {
    fn program_href(&self) -> String {
        let document = &self.calculation.document;
        format!("/programs/{}?version={}", Id(document.program).text(Kind::Program), document.version_number)
    }

    fn history(&self, actors: &meed_app::access::ActorNames) -> Vec<Fact> {
        let document = &self.calculation.document;
        let fact = |label: &str, value: String, href: String| Fact { label: label.to_owned(), value, href };
        let who = actors.name(&document.created_by);
        let mut history = vec![
            fact("Calculated", format!("{} by {who}", self.setting.moment(document.finished_us)), String::new()),
            fact("Plan", format!("frozen as {}", versions(document.ruled_by())), self.program_href()),
        ];
        if let Some(credits) = &self.booked.credits {
            let who = actors.name(&credits.document.released_by);
            let when = self.setting.moment(credits.document.released_us);
            history.push(fact("Credits released", format!("{when} by {who}"), String::new()));
        }
        if let Some(reversed) = &self.booked.reversed {
            let document = &reversed.document;
            let when = self.setting.moment(document.reversed_us.unwrap_or_default());
            let who = actors.name(&document.reversed_by);
            history.push(fact("Taken back", format!("{when} by {who}: {}", document.reversed_because), String::new()));
        }
        if let Some(release) = &self.booked.release {
            let who = actors.name(&release.document.released_by);
            let when = self.setting.moment(release.document.released_us);
            let href = format!("/calculations/{}/released", self.calculation.id.text(Kind::Calculation));
            history.push(fact("Released", format!("{when} by {who}"), href));
        }
        history
    }

    fn figures(&self) -> Vec<Figure> {
        let document = &self.calculation.document;
        let figure = |label: &str, value: String, unit: &str, note: String, href: String| Figure {
            label: label.to_owned(),
            value,
            unit: unit.to_owned(),
            note,
            href,
        };
        let unit = self.booked.currency;
        let carried: i64 = self.booked.payees.iter().flat_map(|p| &p.carried).map(|(_, amount)| *amount).fold(0, i64::saturating_add);
        let look: u64 = document.not_credited.iter().filter(|r| !reason_is_meant(&r.code)).map(|r| r.sales).sum();
        let missed: u64 = document.not_credited.iter().map(|r| r.sales).sum();
        let note = if look > 0 { format!("{} a look", counted(look, "needs", "need")) } else { "all as the plan says".to_owned() };
        let (first, last) = (self.period.first_day(), self.period.last_day());
        let mut figures = vec![
            figure(
                "Rewards",
                money(self.booked.total(), unit).digits().to_owned(),
                unit.code(),
                counted(self.booked.payees.len() as u64, "payee", "payees"),
                "#payees".to_owned(),
            ),
            figure(
                "Credits",
                count(document.credits),
                "",
                format!("from {}", counted(document.sales, "sale", "sales")),
                format!("/sales?from={first}&to={last}&credited=yes"),
            ),
            figure("Not credited", count(missed), "", note, if missed > 0 { "#not-credited".to_owned() } else { String::new() }),
        ];
        {
            let href = if carried == 0 { String::new() } else { "#late".to_owned() };
            let note = if carried == 0 { "none" } else { "from earlier periods" };
            figures.push(figure("Late differences", money(carried, unit).digits().to_owned(), unit.code(), note.to_owned(), href));
        }
        figures
    }

    fn statement(&self, payee: &RewardView) -> String {
        format!("/statements/{}/{}", payee.owner.id.text(Kind::Rep), self.calculation.document.period)
    }

    fn payee(&self, payee: &RewardView, lines: &[PayeeLine]) -> PayeeRow {
        let line = lines.iter().find(|line| line.rep == payee.owner.id.0);
        let money_code = if measures_money(self.program) { self.booked.currency.code() } else { "" };
        let mark = match line {
            Some(line) if line.flagged => Badge::new("Look", Tone::Warn),
            _ if payee.total < 0 => Badge::new("Negative", Tone::Warn),
            _ => Badge::default(),
        };
        PayeeRow {
            name: payee.name.clone(),
            team: team_of(&self.setting.config, payee.owner.id, self.period),
            href: self.statement(payee),
            sales: line.map(|line| count(line.credits)).unwrap_or_default(),
            basis: line.map(|line| exact_text(&line.attainment, money_code)).unwrap_or_default(),
            attainment: line.and_then(|line| gauge(&payee.name, line, money_code)),
            reward: money(payee.total, self.booked.currency),
            change: line.map(|line| self.change(line)).unwrap_or_default(),
            mark,
        }
    }

    /// What the members of each team are paid, by the team they belong to on the last day; teams with their own attainment
    /// where the plan credits teams.
    fn teams(&self) -> Vec<TeamTotalRow> {
        let mut sums: BTreeMap<String, (u64, i64)> = BTreeMap::new();
        for payee in &self.booked.payees {
            let sum = sums.entry(team_of(&self.setting.config, payee.owner.id, self.period)).or_default();
            *sum = (sum.0 + 1, sum.1.saturating_add(payee.total));
        }
        let credited = &self.calculation.document.teams;
        for line in credited {
            sums.entry(line.name.clone()).or_default();
        }
        let code = if measures_money(self.program) { self.booked.currency.code() } else { "" };
        let row = |(name, (payees, total)): (String, (u64, i64))| {
            let line = credited.iter().find(|line| line.name == name);
            let team = self.setting.config.directory.teams().iter().find(|team| team.name == name);
            let href = team.map(|team| format!("/teams/{}", team.id.text(Kind::Team))).unwrap_or_default();
            TeamTotalRow {
                attainment: line.and_then(|line| gauge_of(&name, line.percent.as_deref()?, line.quota.as_deref()?, code)),
                name: Link::new(if name.is_empty() { "No team" } else { &name }, &href),
                payees: counted(payees, "payee", "payees"),
                reward: money(total, self.booked.currency),
            }
        };
        sums.into_iter().map(row).collect()
    }

    /// What the payee gained or lost since the calculation before.
    fn change(&self, line: &PayeeLine) -> String {
        let Some(before) = &self.before else { return String::new() };
        match line.amount.saturating_sub(before.get(&line.rep).copied().unwrap_or(0)) {
            0 => String::new(),
            gain if gain > 0 => format!("+{}", money(gain, self.booked.currency).digits()),
            loss => money(loss, self.booked.currency).digits().to_owned(),
        }
    }

    fn chart(&self) -> RankChart {
        let unit: Unit = self.booked.currency;
        let rows = self.booked.payees.iter().filter(|payee| payee.total > 0).take(RANKS).map(|payee| Rank {
            label: payee.name.clone(),
            value: decimal(payee.total, unit.code()),
            shown: money(payee.total, unit).text(),
            href: self.statement(payee),
        });
        RankChart {
            title: "Largest rewards".to_owned(),
            description: format!("The largest rewards of {}.", period_words(&self.calculation.document.period)),
            rows: rows.collect(),
        }
    }

    fn not_credited(&self) -> Vec<ReasonCount> {
        let (first, last) = (self.period.first_day(), self.period.last_day());
        let program = Id(self.calculation.document.program).text(Kind::Program);
        let row = |reason: &calculations::ReasonCount| ReasonCount {
            reason: super::super::answer::sentence(&reason.text),
            count: reason.sales,
            href: format!("/sales?from={first}&to={last}&program={program}&reason={}", reason.code),
            tone: if reason_is_meant(&reason.code) { Tone::Neutral } else { Tone::Warn },
        };
        self.calculation.document.not_credited.iter().map(row).collect()
    }

    /// Differences to periods that had been released, one row for each payee and origin.
    fn late(&self) -> Vec<LateRow> {
        let mut rows = Vec::new();
        for payee in &self.booked.payees {
            let by_origin: BTreeMap<&String, i64> = payee.carried.iter().map(|(label, amount)| (label, *amount)).collect();
            for (label, amount) in by_origin {
                let since = self.releases.get(label.as_str()).copied();
                rows.push(late_row(self.setting, payee.owner.id, &payee.name, label, amount, self.booked.currency, since));
            }
        }
        rows
    }
}

/// A difference to a released period.
pub(in crate::web) fn late_row(
    setting: &Setting,
    rep: Id,
    name: &str,
    origin: &str,
    amount: i64,
    unit: Unit,
    released_us: Option<i64>,
) -> LateRow {
    let statement = format!("/statements/{}/{origin}", rep.text(Kind::Rep));
    // The sales of that period which came or changed after its release.
    let sales = released_us.zip(setting.period(origin)).map(|(since, period)| {
        Link::new("Late sales", &format!("/sales?from={}&to={}&since={since}", period.first_day(), period.last_day()))
    });
    LateRow {
        payee: Link::new(name, &statement),
        origin: Link::new(&period_words(origin), &statement),
        sale: sales.unwrap_or_default(),
        what: "Sales, people or the plan changed after its release".to_owned(),
        amount: money(amount, unit),
    }
}

/// Whether what counts for the quota is money.
pub(in crate::web) fn measures_money(program: &Program) -> bool {
    let counts = |index: usize| program.counts.iter().any(|counted| counted.rule == index);
    program.rules.iter().enumerate().filter(|(index, _)| counts(*index)).all(|(_, rule)| rule.basis.is_money())
}

/// The attainment of a payee, where there is a quota.
pub(in crate::web) fn gauge(name: &str, line: &PayeeLine, code: &str) -> Option<Gauge> {
    gauge_of(name, line.percent.as_deref()?, line.quota.as_deref()?, code)
}

/// The same from its parts.
pub(in crate::web) fn gauge_of(name: &str, percent: &str, quota: &str, code: &str) -> Option<Gauge> {
    let percent: rust_decimal::Decimal = percent.parse().ok()?;
    let shown = percent.round_dp(1).normalize();
    Some(Gauge {
        label: format!("Attainment of {name}"),
        percent,
        shown: format!("{shown}%"),
        note: format!("of {}", exact_text(quota, code).text()),
    })
}

/// The first team of a rep on the last day of the period.
pub(in crate::web) fn team_of(config: &Configuration, rep: Id, period: &Period) -> String {
    let memberships = config.directory.rep(rep).map(|rep| rep.memberships.as_slice()).unwrap_or_default();
    let team = memberships.iter().find(|m| m.holds_on(period.last_day())).and_then(|m| config.directory.team(m.team));
    team.map(|team| team.name.clone()).unwrap_or_default()
}

pub(super) async fn recalculate(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let calculation = entry(&state, &visit, &text).await?;
    let document = &calculation.document;
    if form.text("forget") == "yes" {
        let tied = tied(&state, &visit, document).await?;
        adjustments::remove_many(&state.app, &visit.ctx, &tied).await?;
    }
    // Chosen is an earlier period, or this one: then what changed in earlier ones comes with it.
    let (program, from) = (Id(document.program), form.filled("from").filter(|from| *from != document.period));
    let id = calculations::calculate_from(&state.app, &visit.ctx, program, from, &document.period).await?.id;
    let to = format!("/calculations/{}", id.text(Kind::Calculation));
    let after = calculations::get(&state.app, &visit.ctx, id).await?.document;
    if after.digest == document.digest && after.changed == 0 {
        return Ok(flash::see_other(&state, &to, Tone::Neutral, "Calculated again: nothing changed."));
    }
    if after.carried > 0 {
        let said = format!(
            "{} to the released period was posted to the open one.",
            counted(u64::from(after.carried), "difference", "differences")
        );
        return Ok(flash::see_other(&state, &to, Tone::Info, &said));
    }
    let said = format!("Calculated again: {}.", counted(u64::from(after.changed), "reward changed", "rewards changed"));
    Ok(flash::see_other(&state, &to, Tone::Good, &said))
}

/// `Field sales 2026` and `2026-03` as a file name.
fn file_name(calculation: &CalculationEntry, what: &str) -> String {
    let document = &calculation.document;
    format!("{}-{}-{what}.csv", document.program_name.to_lowercase().replace(' ', "-"), document.period)
}

pub(super) async fn rewards_csv(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let calculation = entry(&state, &visit, &text).await?;
    let bytes = exports::rewards_csv(&state.app, &visit.ctx, &calculation).await?;
    Ok(download(&file_name(&calculation, "rewards"), bytes))
}

pub(super) async fn credits_csv(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let calculation = entry(&state, &visit, &text).await?;
    let bytes = exports::credits_csv(&state.app, &visit.ctx, &calculation).await?;
    Ok(download(&file_name(&calculation, "credits"), bytes))
}

/// Where to go when a state forbids what was asked.
pub(super) fn back(id: &str) -> axum::response::Response {
    see_other(&format!("/calculations/{id}"))
}
