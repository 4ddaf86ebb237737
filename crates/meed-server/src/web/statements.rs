//! Statements: the list, and one payee's account of a period with every cent explained.

use std::collections::{BTreeSet, HashMap};

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use meed_app::calculations::{self, PostedLine, StepLine};
use meed_app::releases::{self, CreditLine, PaymentState, StatementBody, ThroughLine};
use meed_app::statements::{self, Shown, Statement, StatementSale, Summary};
use meed_app::{App, Context, ProgramEntry, Role, Scope, VersionEntry, exports, preferences};
use meed_core::command::RewardState;
use meed_core::crediting::Listed;
use meed_core::id::{Id, Kind};
use meed_core::money::{Exact, Rounding as Rule};
use meed_core::period::Period;
use meed_core::program::{Accumulate, Program};
use rust_decimal::Decimal;

use super::answer::{Answer, Trouble, download, page};
use super::calculations::{gauge_of, late_row, measures_money, released, team_of, versions};
use super::desk::notices;
use super::form::{Asked, id};
use super::sales::subject;
use super::shown::{Setting, counted, decimal, exact_text, iso_day, money_in, period_words, setting};
use super::visit::Visit;
use super::{explain, tiers};
use crate::ServerState;
use crate::pages::charts::{Bar, BarChart, StepChart};
use crate::pages::explain::CreditView;
use crate::pages::shown::count;
use crate::pages::statements::{Rounding, StatementPage, StatementReward, StatementRow, StatementsPage, StepRow, ThroughRow};
use crate::pages::{Amount, Badge, Choice, Fact, Link, Nav, Pager, Tone};

/// Statements on one page, and credits on one page of a statement.
const PAGE: usize = 200;
/// What stands in place of a sum that is not shown yet.
const NOT_YET: &str = "shown once confirmed";
/// Periods in a payee's chart.
const BARS: usize = 12;

pub(super) fn routes() -> Router<ServerState> {
    Router::new()
        .route("/statements", get(list))
        .route("/statements/{payee}/{period}", get(show))
        .route("/statements/{payee}/{period}/credits.csv", get(credits_csv))
}

fn badge(state: RewardState) -> Badge {
    match state {
        RewardState::Accrued => Badge::new("Pending", Tone::Neutral),
        RewardState::Released => Badge::new("Confirmed", Tone::Good),
        RewardState::Paid => Badge::new("Paid", Tone::Good),
    }
}

fn href(summary: &Summary) -> String {
    format!("/statements/{}/{}", summary.rep.text(Kind::Rep), summary.period)
}

async fn list(State(state): State<ServerState>, visit: Visit, Asked(asked): Asked) -> Answer {
    let all = statements::list(&state.app, &visit.ctx).await?;
    let q = asked.text("q").to_lowercase();
    let period = asked.text("period");
    let mut periods: Vec<Choice> = vec![Choice::new("", "All", period.is_empty())];
    let mut seen = BTreeSet::new();
    for summary in &all {
        if seen.insert(&summary.period) {
            periods.push(Choice::new(&summary.period, &period_words(&summary.period), summary.period == period));
        }
    }
    let matches = |s: &&Summary| (q.is_empty() || s.name.to_lowercase().contains(&q)) && (period.is_empty() || s.period == period);
    let matching: Vec<&Summary> = all.iter().filter(matches).collect();
    let from: usize = asked.text("from").parse().unwrap_or(0);
    let row = |summary: &&Summary| StatementRow {
        href: href(summary),
        payee: summary.name.clone(),
        period: period_words(&summary.period),
        status: badge(summary.state),
        note: if summary.shown == Shown::All { String::new() } else { NOT_YET.to_owned() },
        totals: summary.totals.iter().map(|(code, minor)| money_in(*minor, code)).collect(),
    };
    let at = |from: usize| {
        let query = [("q", asked.text("q")), ("period", period), ("from", &from.to_string())];
        format!("/statements?{}", serde_urlencoded::to_string(query).unwrap_or_default())
    };
    let pager = Pager {
        newer: (from > 0).then(|| at(from.saturating_sub(PAGE))),
        older: (from.saturating_add(PAGE) < matching.len()).then(|| at(from + PAGE)),
    };
    page(&StatementsPage {
        announcements: if visit.ctx.payee.is_some() { notices(&state, &visit.ctx).await? } else { Vec::new() },
        chart: if visit.ctx.role == Role::Payee { chart(&all) } else { BarChart::default() },
        chrome: visit.chrome(Nav::Statements),
        q: asked.text("q").to_owned(),
        periods,
        rows: matching.iter().skip(from).take(PAGE).map(row).collect(),
        pager,
    })
}

/// What a payee earned per period, in the currency of the latest one.
fn chart(all: &[Summary]) -> BarChart {
    let Some(code) = all.first().and_then(|latest| latest.totals.keys().next()) else { return BarChart::default() };
    let bars = all.iter().take(BARS).rev().map(|summary| {
        let minor = summary.totals.get(code).copied().unwrap_or(0);
        Bar {
            label: period_words(&summary.period),
            value: decimal(minor, code),
            shown: money_in(minor, code).text(),
            href: href(summary),
            open: false,
        }
    });
    BarChart {
        title: "Your earnings".to_owned(),
        description: format!("What was released for you, by period, in {code}."),
        label_head: "Period".to_owned(),
        value_head: "Earned".to_owned(),
        bars: bars.collect(),
    }
}

async fn show(State(state): State<ServerState>, visit: Visit, Path((payee, label)): Path<(String, String)>, Asked(asked): Asked) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let rep = id(&payee, Kind::Rep)?;
    let all = listed(app, ctx, rep, &label, &asked).await?;
    let setting = setting(app, ctx).await?;
    let period = setting.period(&label).ok_or_else(Trouble::not_found)?;
    if period.label() != label || (ctx.payee.is_some() && all.is_empty()) {
        return Err(Trouble::not_found());
    }
    let name = setting.config.rep_name(rep);
    let range = OnPage::of(&all);
    let mut rewards = Vec::new();
    let mut late = Vec::new();
    for statement in &all {
        let body = &statement.body;
        let newest =
            Program::parse(&statement.document).map_err(|_| Trouble::from(meed_app::AppError::bug("a stored program cannot be read")))?;
        let entry = setting.config.program(Id(body.program)).ok();
        let ruling = entry.map_or(&[][..], |entry| entry.ruling(&period, body.version_number));
        let program = ruling.last().map_or(&newest, |version| &*version.program);
        let sales = statements::sales_of(app, ctx, body).await?;
        let released = if ctx.payee.is_some() { HashMap::new() } else { released(app, ctx, Id(body.program)).await? };
        let view = View { visit: &visit, setting: &setting, body, program, entry, ruling, sales: by_id(sales), shown: statement.shown };
        rewards.push(view.reward());
        for carried in body.rewards.iter().filter(|reward| reward.carried) {
            let since = released.get(&carried.period).copied();
            late.push(late_row(&setting, rep, &body.rep_name, &carried.period, carried.amount, program.currency, since));
        }
    }
    let wanted = preferences::get(app, ctx).await?;
    let details = ctx.payee.is_none() || wanted.details;
    let csv = match ctx.payee {
        None => csv(&state, &visit, &all).await?,
        Some(_) if details && wanted.export && !all.is_empty() => format!("/statements/{payee}/{label}/credits.csv"),
        Some(_) => String::new(),
    };
    let states = all.iter().map(|statement| statement.state).min().unwrap_or(RewardState::Accrued);
    let at = |from: usize| format!("/statements/{payee}/{label}?from={from}");
    page(&StatementPage {
        about: about(&setting, rep, &period),
        payee: name,
        period: period_words(&label),
        range: setting.range(&period),
        status: badge(states),
        status_note: note(&all, setting.today()),
        totals: totals(all.iter().filter(|s| s.shown == Shown::All).map(|s| (s.body.currency.as_str(), s.body.total))),
        not_yet: if all.iter().all(|s| s.shown == Shown::All) {
            String::new()
        } else {
            "These sales are credited to you. What they earn is shown once the period is confirmed.".to_owned()
        },
        late_totals: totals(
            all.iter().flat_map(|s| {
                s.body.rewards.iter().filter(|reward| reward.carried).map(|reward| (s.body.currency.as_str(), reward.amount))
            }),
        ),
        rewards,
        late,
        previous: neighbour(&payee, period.prev().ok()),
        next: neighbour(&payee, period.next().ok().filter(|next| next.first_day() <= setting.today())),
        pager: Pager {
            newer: (range.from > 0).then(|| at(range.from.saturating_sub(PAGE))),
            older: (range.to < range.all).then(|| at(range.to)),
        },
        csv,
        ask: if visit.ctx.role.is_of_rep() { format!("/enquiries/new?payee={payee}&period={label}") } else { String::new() },
        adjust: if visit.ctx.has(Scope::Release) && !all.is_empty() {
            format!("/adjustments/new?payee={payee}&period={label}&back=/statements/{payee}/{label}")
        } else {
            String::new()
        },
        details,
        as_of: as_of(&setting, &all),
        chrome: visit.chrome(Nav::Statements),
    })
}

/// The payee's own credits to take away.
async fn credits_csv(State(state): State<ServerState>, visit: Visit, Path((payee, label)): Path<(String, String)>) -> Answer {
    let bytes = exports::statement_csv(&state.app, &visit.ctx, id(&payee, Kind::Rep)?, &label).await?;
    Ok(download(&format!("credits-{label}.csv"), bytes))
}

/// The statements of a period with one page of their credits: the one that is asked for, or that on which a sale stands.
async fn listed(app: &App, ctx: &Context, rep: Id, label: &str, asked: &super::form::Fields) -> Result<Vec<Statement>, Trouble> {
    if let Ok(sale) = Id::parse(asked.text("sale"), Kind::Sale) {
        let all = statements::page_of_payee(app, ctx, rep, label, Listed::PageOf { sale, count: PAGE }).await?;
        if all.iter().any(|statement| !statement.body.credits.is_empty()) {
            return Ok(all);
        }
    }
    let from = asked.text("from").parse().unwrap_or(0);
    Ok(statements::page_of_payee(app, ctx, rep, label, Listed::Slice { from, count: PAGE }).await?)
}

/// Which credits one page shows, over all statements in order.
struct OnPage {
    from: usize,
    to: usize,
    all: usize,
}

impl OnPage {
    fn of(statements: &[Statement]) -> Self {
        let mut shown = Self { from: 0, to: 0, all: 0 };
        let mut is_begun = false;
        for body in statements.iter().map(|statement| &statement.body) {
            if !body.credits.is_empty() {
                let start = shown.all + body.first;
                shown.from = if is_begun { shown.from } else { start };
                shown.to = start + body.credits.len();
                is_begun = true;
            }
            shown.all += body.credit_count;
        }
        if !is_begun {
            (shown.from, shown.to) = (shown.all, shown.all);
        }
        shown
    }
}

fn totals<'a>(parts: impl Iterator<Item = (&'a str, i64)>) -> Vec<Amount> {
    let mut sums = std::collections::BTreeMap::new();
    for (code, minor) in parts {
        *sums.entry(code.to_owned()).or_insert(0i64) += minor;
    }
    sums.into_iter().map(|(code, minor)| money_in(minor, &code)).collect()
}

fn neighbour(payee: &str, period: Option<Period>) -> Link {
    period
        .map_or_else(Link::default, |period| Link::new(&period_words(&period.label()), &format!("/statements/{payee}/{}", period.label())))
}

fn about(setting: &Setting, rep: Id, period: &Period) -> String {
    let team = team_of(&setting.config, rep, period);
    let manager =
        setting.config.directory.rep(rep).and_then(|rep| rep.manager).map(|id| format!("manager {}", setting.config.rep_name(id)));
    [Some(team).filter(|team| !team.is_empty()), manager].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// From when it may be paid, or why not yet; of several programs the latest.
fn note(all: &[Statement], today: jiff::civil::Date) -> String {
    let released = || all.iter().filter_map(|s| Some((s.release.as_ref()?, Id(s.body.rep), s.state)));
    let unpaid = released().find(|(release, rep, state)| release.document.payment(*rep, *state, today) == PaymentState::Unpaid);
    if let Some(terms) = unpaid.and_then(|(release, rep, _)| release.document.terms_of(rep)) {
        return format!("Not paid yet: {}", terms.reason);
    }
    match released().map(|(release, rep, _)| release.document.release_date_of(rep)).max() {
        Some(day) => format!("May be paid from {}", iso_day(day)),
        None if all.is_empty() => String::new(),
        None => "Not released yet, so it may still change".to_owned(),
    }
}

fn as_of(setting: &Setting, all: &[Statement]) -> String {
    let frozen = all.iter().filter_map(|s| s.release.as_ref()).map(|release| release.document.released_us).max();
    match frozen {
        Some(us) if all.iter().all(|s| s.release.is_some()) => format!("Frozen {}", setting.moment(us)),
        _ => "As the sales, people and plans are now".to_owned(),
    }
}

/// The credits file of the period, where it is one program.
async fn csv(state: &ServerState, visit: &Visit, all: &[Statement]) -> Result<String, Trouble> {
    let [only] = all else { return Ok(String::new()) };
    let latest = calculations::latest(&state.app, &visit.ctx).await?;
    let found = latest.iter().find(|c| c.document.program == only.body.program && c.document.period == only.body.period);
    Ok(found.map(|c| format!("/calculations/{}/credits.csv", c.id.text(Kind::Calculation))).unwrap_or_default())
}

fn by_id(sales: Vec<StatementSale>) -> HashMap<i64, StatementSale> {
    sales.into_iter().map(|found| (found.sale.stored.id.0, found)).collect()
}

struct View<'a> {
    visit: &'a Visit,
    setting: &'a Setting,
    body: &'a StatementBody,
    /// The version at the end of the period.
    program: &'a Program,
    entry: Option<&'a ProgramEntry>,
    /// The versions that rule the period.
    ruling: &'a [VersionEntry],
    sales: HashMap<i64, StatementSale>,
    shown: Shown,
}

impl View<'_> {
    fn reward(&self) -> StatementReward {
        let body = self.body;
        let code = &body.currency;
        let own: i64 = body.rewards.iter().filter(|reward| !reward.carried).map(|reward| reward.amount).fold(0, i64::saturating_add);
        let (listed, all) = (body.credits.len(), body.credit_count);
        let shown = match listed {
            _ if listed == all => counted(all as u64, "credit", "credits"),
            0 => format!("{} on other pages", counted(all as u64, "credit", "credits")),
            _ => format!("credits {} to {} of {}", count(body.first + 1), count(body.first + listed), count(all)),
        };
        StatementReward {
            program: Link::new(&body.program_name, &self.program_href()),
            version: self.versions(),
            measures: self.measures(),
            attainment: body
                .percent
                .as_deref()
                .zip(body.quota.as_deref())
                .and_then(|(percent, quota)| gauge_of(&body.rep_name, percent, quota, self.measured_code())),
            tiers: if self.shown == Shown::All { self.stairs() } else { StepChart::default() },
            credits_shown: shown,
            credits: body.credits.iter().map(|line| self.credit(line)).collect(),
            through: self.through(),
            variables: self.variables(),
            steps: self.steps(),
            later: self.later(),
            rounding: self.rounding(),
            total: if self.shown == Shown::All { money_in(own, code) } else { Amount::default() },
        }
    }

    fn versions(&self) -> String {
        let numbers: Vec<u32> = self.ruling.iter().map(|version| version.number).collect();
        versions(if numbers.is_empty() { std::slice::from_ref(&self.body.version_number) } else { &numbers })
    }

    fn program_href(&self) -> String {
        if self.visit.ctx.payee.is_some() {
            return String::new();
        }
        let number = self.ruling.last().map_or(self.body.version_number, |version| version.number);
        format!("/programs/{}?version={number}", Id(self.body.program).text(Kind::Program))
    }

    fn measured_code(&self) -> &str {
        if measures_money(self.program) { &self.body.currency } else { "" }
    }

    fn measures(&self) -> Vec<Fact> {
        let fact = |label: &str, value: String| Fact { label: label.to_owned(), value, href: String::new() };
        let mut measures = vec![fact("Sales", count(self.body.sale_count))];
        if self.body.quota.is_some() {
            measures.insert(0, fact("Counts for the quota", exact_text(&self.body.attainment, self.measured_code()).text()));
        }
        measures
    }

    /// The stairs of the only rule that has tiers over the whole period, with the place that was reached.
    fn stairs(&self) -> StepChart {
        let mut tiered = self.program.rules.iter().filter_map(|rule| Some((rule, tiers::of(rule, 0)?)));
        let (Some((rule, stairs)), None) = (tiered.next(), tiered.next()) else { return StepChart::default() };
        let last = self.body.reached.iter().find(|reached| reached.rule == rule.id).and_then(|reached| reached.value.parse().ok());
        let reached = match stairs.accumulate {
            Accumulate::Accumulated if stairs.unit == meed_core::program::TierUnit::Basis => last,
            Accumulate::Accumulated => self.body.percent.as_deref().and_then(|percent| percent.parse::<Decimal>().ok()),
            _ => None,
        };
        tiers::stairs(rule, stairs, self.program, reached)
    }

    fn credit(&self, line: &CreditLine) -> CreditView {
        let through = line.through.map(|id| self.setting.config.rep_name(Id(id)));
        let sale_id = Id(line.sale).text(Kind::Sale);
        let name = line.unique_id.clone().unwrap_or_else(|| sale_id.clone());
        let day = line.at.parse().map(|at| self.setting.day_of(at).strftime("%-d %b").to_string()).unwrap_or_default();
        let found = self.sales.get(&line.sale);
        let own = line.version.zip(self.entry).and_then(|(number, entry)| entry.numbered(number));
        let program = own.map_or(self.program, |version| &*version.program);
        let explained = explain::credit(line, program, through.as_deref(), self.body.quota.as_deref());
        let explained = match self.shown {
            Shown::All => explained,
            // What is credited, and not what it earns.
            Shown::Credits => CreditView {
                amount: exact_text(&line.basis, self.measured_code()),
                steps: Vec::new(),
                tiers: crate::pages::charts::TierPieces::default(),
                ..explained
            },
        };
        CreditView {
            sale: Link::new(&name, &format!("/sales/{sale_id}")),
            date: day,
            subject: found.map(|found| subject(&found.sale.stored.sale)).unwrap_or_default(),
            origin: found.map(origin).unwrap_or_default(),
            adjust: self.adjust(&sale_id),
            ..explained
        }
    }

    /// Where the commission of a sale can be changed by hand.
    fn adjust(&self, sale: &str) -> String {
        if !self.visit.ctx.has(Scope::Release) {
            return String::new();
        }
        let (payee, program, period) = (Id(self.body.rep).text(Kind::Rep), Id(self.body.program).text(Kind::Program), &self.body.period);
        format!("/adjustments/new?payee={payee}&program={program}&period={period}&sale={sale}&back=/statements/{payee}/{period}")
    }

    /// What came through each person or team below, the greatest first; nothing where it is one.
    fn through(&self) -> Vec<ThroughRow> {
        if self.body.through.len() < 2 {
            return Vec::new();
        }
        let amount = |line: &&ThroughLine| line.amount.parse::<Exact>().unwrap_or_default();
        let mut lines: Vec<&ThroughLine> = self.body.through.iter().collect();
        lines.sort_by_key(|line| std::cmp::Reverse(amount(line)));
        let row = |line: &ThroughLine| ThroughRow {
            name: self.setting.config.rep_name(Id(line.through)),
            credits: count(line.credits),
            amount: exact_text(&line.amount, &self.body.currency),
        };
        lines.into_iter().map(row).collect()
    }

    fn variables(&self) -> Vec<Fact> {
        let fact = |variable: &releases::VariableLine| {
            let value = variable.value.as_deref().map_or_else(|| "missing".to_owned(), crate::pages::shown::grouped);
            let origin = match (&variable.from, variable.own) {
                (Some(from), _) => format!(", from {}", iso_day(from)),
                (None, false) => ", the plan’s own".to_owned(),
                (None, true) => String::new(),
            };
            Fact { label: variable.name.clone(), value: format!("{value}{origin}"), href: String::new() }
        };
        self.body.variables.iter().map(fact).collect()
    }

    /// Steps other than credits and rounding, which are told elsewhere; with them the sums they start from.
    fn steps(&self) -> Vec<StepRow> {
        let is_told = |step: &&StepLine| !matches!(step.kind.as_str(), "credits" | "rounding");
        if !self.body.steps.iter().any(|step| is_told(&step)) {
            return Vec::new();
        }
        let code = &self.body.currency;
        let row = |step: &StepLine| StepRow {
            label: step.label.clone(),
            note: step
                .inputs
                .iter()
                .filter(|(name, _)| name != "sale")
                .map(|(name, value)| format!("{name} {value}"))
                .collect::<Vec<_>>()
                .join(", "),
            sale: self.sale_of(step),
            amount: exact_text(&step.amount, code),
        };
        self.body.steps.iter().map(row).collect()
    }

    /// The sale that a step takes back or changes.
    fn sale_of(&self, step: &StepLine) -> Link {
        let text = step.inputs.iter().find(|(name, _)| name == "sale").map(|(_, text)| text.as_str());
        let Some((text, id)) = text.and_then(|text| Some((text, Id::parse(text, Kind::Sale).ok()?))) else { return Link::default() };
        let unique = self.sales.get(&id.0).and_then(|found| found.sale.stored.unique_id.as_deref());
        let href = if self.visit.ctx.payee.is_some() { String::new() } else { format!("/sales/{text}") };
        Link::new(unique.unwrap_or(text), &href)
    }

    fn later(&self) -> Vec<StepRow> {
        let row = |line: &PostedLine| StepRow {
            label: line.label.clone(),
            note: line
                .due
                .as_deref()
                .map_or_else(|| "while its condition is open".to_owned(), |due| format!("paid with {}", period_words(due))),
            sale: Link::default(),
            amount: money_in(line.amount, &self.body.currency),
        };
        self.body.later.iter().map(row).collect()
    }

    /// From the exact sum to whole minor units; nothing where the sum has no fraction of one.
    fn rounding(&self) -> Option<Rounding> {
        let remainder: Exact = self.body.rounding.parse().ok()?;
        let rule = match self.program.rounding {
            Rule::HalfUp => "half up, once per reward",
            Rule::HalfEven => "half to even, once per reward",
            Rule::Down => "down, once per reward",
            Rule::Up => "up, once per reward",
        };
        let code = &self.body.currency;
        (!remainder.is_zero()).then(|| Rounding {
            exact: exact_text(&self.body.exact, code),
            remainder: exact_text(&self.body.rounding, code),
            rule: rule.to_owned(),
        })
    }
}

/// `orders.csv, line 118`.
fn origin(found: &StatementSale) -> Link {
    let (Some(import), Some(file)) = (found.sale.import, &found.file) else { return Link::new("sent by API", "") };
    let text = found.sale.line.map_or_else(|| file.clone(), |line| format!("{file}, line {}", count(line)));
    Link::new(&text, &format!("/imports/{}", import.text(Kind::Import)))
}
