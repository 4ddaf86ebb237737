//! The first page: figures, what to do next, charts, and what wants attention.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use meed_app::calculations;
use meed_app::loyalty::reviews;
use meed_app::overview::{Overview, overview};
use meed_core::command::date_of;
use meed_core::id::{Id, Kind};
use meed_core::period::Cadence;
use rust_decimal::Decimal;

use super::answer::{Answer, page};
use super::calculations::{alert_notice, row};
use super::shown::{Setting, counted, day_text, decimal, money_in, period_words, setting};
use super::visit::Visit;
use crate::ServerState;
use crate::pages::charts::{Bar, BarChart, Rank, RankChart, Sparkline};
use crate::pages::overview::{Headline, OverviewPage};
use crate::pages::shown::count;
use crate::pages::{Figure, Nav, NextStep, Notice, Tone};

/// Periods in the chart of rewards.
const PERIODS: usize = 12;
/// Days in the chart of sales.
const DAYS: usize = 31;
/// Sales to review that are counted at most.
const REVIEWS: usize = 99;

pub(super) fn routes() -> Router<ServerState> {
    Router::new().route("/", get(show))
}

async fn show(State(state): State<ServerState>, visit: Visit) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let overview = overview(app, ctx).await?;
    let latest = calculations::latest(app, ctx).await?;
    let mut rows = Vec::new();
    let mut alerts: Vec<Notice> = overview.ambiguous_aliases.iter().map(|(alias, owners)| ambiguous(&setting, alias, owners)).collect();
    for calculation in &latest {
        let words = period_words(&calculation.document.period);
        let page = format!("/calculations/{}#alerts", calculation.id.text(Kind::Calculation));
        // An alias of two is told above, once.
        for alert in calculation.document.alerts.iter().filter(|alert| alert.code != "duplicate_alias") {
            let notice = alert_notice(alert);
            alerts.push(Notice { href: page.clone(), when: format!("{}, {words}", calculation.document.program_name), ..notice });
        }
    }
    for calculation in latest.iter().take(5) {
        rows.push(row(app, ctx, &setting, calculation).await?);
    }
    alerts.extend(to_review(&state, &visit).await?);
    let alerts_total = alerts.len() as u64;
    alerts.sort_by_key(|alert| std::cmp::Reverse(severity(alert.tone)));
    alerts.truncate(5);
    let has_released = !meed_app::releases::list(app, ctx).await?.is_empty();
    let period = latest_label(&setting, &overview, latest.first().map(|c| c.document.period.as_str()));
    page(&OverviewPage {
        chrome: visit.chrome(Nav::Overview),
        period: period_words(&period),
        headlines: headlines(&overview, &period),
        steps: steps(&overview, latest.first().map(|c| c.id), has_released),
        empty: overview.sale_count == 0,
        credited: credited(&overview, &setting),
        payees: payees(&overview, &period),
        imported: imported(&overview),
        alerts,
        alerts_total,
        calculations: rows,
    })
}

/// What tills did without a connection and nobody has decided about.
async fn to_review(state: &ServerState, visit: &Visit) -> Result<Option<Notice>, super::answer::Trouble> {
    let open = reviews::list(&state.app, &visit.ctx, true, None, REVIEWS + 1).await?.len();
    let many = if open > REVIEWS { format!("More than {REVIEWS} sales wait") } else { counted(open as u64, "sale waits", "sales wait") };
    Ok((open > 0).then(|| Notice {
        tone: Tone::Warn,
        title: format!("{many} for a decision"),
        text: "Tills made them without a connection: more was spent than there was, or they came late.".to_owned(),
        href: "/reviews".to_owned(),
        when: String::new(),
    }))
}

fn severity(tone: Tone) -> u8 {
    match tone {
        Tone::Bad => 2,
        Tone::Warn => 1,
        _ => 0,
    }
}

/// The label of the latest period: that of a calculation where one begins on its day.
fn latest_label(setting: &Setting, overview: &Overview, calculated: Option<&str>) -> String {
    match (calculated, overview.latest_day) {
        (Some(label), _) => label.to_owned(),
        (None, Some(day)) => setting.label(day, Cadence::Monthly),
        (None, None) => setting.today().strftime("%Y-%m").to_string(),
    }
}

fn ambiguous(setting: &Setting, alias: &str, owners: &[Id]) -> Notice {
    let name = |id: &Id| match setting.config.directory.team(*id) {
        Some(team) => team.name.clone(),
        None => setting.config.rep_name(*id),
    };
    let names: Vec<String> = owners.iter().map(name).collect();
    Notice {
        tone: Tone::Bad,
        title: format!("“{alias}” names {}", names.join(" and ")),
        text: "Sales under it are credited to nobody until only one of them has this alias.".to_owned(),
        href: "/people".to_owned(),
        when: String::new(),
    }
}

fn headlines(overview: &Overview, period: &str) -> Vec<Headline> {
    let code = &overview.currency;
    let per_day: Vec<Decimal> = overview.sales_per_day.iter().map(|(_, sales)| Decimal::from(*sales)).collect();
    let per_period: Vec<Decimal> = overview.by_period.values().map(|minor| decimal(*minor, code)).collect();
    let latest = overview.latest_day.and_then(|day| overview.by_period.get(&day)).copied().unwrap_or(0);
    let figure = |label: &str, value: String, unit: &str, note: String, href: &str| Figure {
        label: label.to_owned(),
        value,
        unit: unit.to_owned(),
        note,
        href: href.to_owned(),
    };
    let amount = |minor| money_in(minor, code).digits().to_owned();
    vec![
        Headline {
            figure: figure("Rewards", amount(latest), code, period_words(period), "/calculations"),
            course: Sparkline { title: "Rewards per period".to_owned(), points: per_period },
        },
        Headline {
            figure: figure("Released, not paid", amount(overview.to_pay), code, "waits for payroll".to_owned(), "/exports"),
            course: Sparkline::default(),
        },
        Headline {
            figure: figure("Sales", count(overview.sale_count), "", "in all".to_owned(), "/sales"),
            course: Sparkline { title: "Sales per day".to_owned(), points: per_day },
        },
        Headline {
            figure: figure(
                "People",
                count(overview.rep_count),
                "",
                counted(overview.program_count as u64, "program", "programs"),
                "/people",
            ),
            course: Sparkline::default(),
        },
    ]
}

fn steps(overview: &Overview, latest: Option<Id>, has_released: bool) -> Vec<NextStep> {
    let step = |title: &str, text: &str, href: &str, done| NextStep {
        title: title.to_owned(),
        text: text.to_owned(),
        href: href.to_owned(),
        done,
    };
    let calculation = latest.map_or_else(|| "/calculations".to_owned(), |id| format!("/calculations/{}", id.text(Kind::Calculation)));
    vec![
        step("Import your sales", "Drop the export you already have.", "/imports/new", overview.sale_count > 0),
        step("Add your people", "Names as the sales write them are enough.", "/people", overview.rep_count > 0),
        step("Write a plan", "Rules that say who earns what, with examples that prove it.", "/programs", overview.program_count > 0),
        step("Calculate a period", "See who earned what, and why.", "/calculations", latest.is_some()),
        step("Release it", "Freeze the statements and hand them to payroll.", &calculation, has_released),
    ]
}

fn credited(overview: &Overview, setting: &Setting) -> BarChart {
    let code = &overview.currency;
    let last = overview.latest_day;
    let skip = overview.by_period.len().saturating_sub(PERIODS);
    let bars = overview.by_period.iter().skip(skip).map(|(day, minor)| {
        let label = date_of(*day).map_or_else(|| day.to_string(), |date| date.strftime("%b %y").to_string());
        let from = date_of(*day).map_or_else(String::new, |date| date.to_string());
        let to = setting.period(&setting.label(*day, Cadence::Monthly)).map_or_else(String::new, |p| p.last_day().to_string());
        Bar {
            label,
            value: decimal(*minor, code),
            shown: money_in(*minor, code).text(),
            href: format!("/sales?from={from}&to={to}"),
            open: Some(*day) == last,
        }
    });
    BarChart {
        title: "Rewards per period".to_owned(),
        description: format!("Rewards by the month in which they are booked, in {code}."),
        label_head: "Period".to_owned(),
        value_head: "Rewards".to_owned(),
        bars: bars.collect(),
    }
}

fn payees(overview: &Overview, period: &str) -> RankChart {
    let code = &overview.currency;
    let rows = overview.top_payees.iter().map(|(rep, name, minor)| Rank {
        label: name.clone(),
        value: decimal(*minor, code),
        shown: money_in(*minor, code).text(),
        href: format!("/statements/{}/{period}", rep.text(Kind::Rep)),
    });
    RankChart {
        title: "Largest rewards".to_owned(),
        description: format!("The ten largest rewards of {}.", period_words(period)),
        rows: rows.collect(),
    }
}

fn imported(overview: &Overview) -> BarChart {
    let skip = overview.sales_per_day.len().saturating_sub(DAYS);
    let bars = overview.sales_per_day.iter().skip(skip).filter_map(|(day, sales)| {
        let date = date_of(*day)?;
        Some(Bar {
            label: date.strftime("%-d %b").to_string(),
            value: Decimal::from(*sales),
            shown: counted(u64::try_from(*sales).unwrap_or(0), "sale", "sales"),
            href: format!("/sales?from={date}&to={date}"),
            open: false,
        })
    });
    let bars: Vec<Bar> = bars.collect();
    let last = overview.sales_per_day.last().and_then(|(day, _)| date_of(*day)).map_or_else(String::new, day_text);
    BarChart {
        title: "Sales per day".to_owned(),
        description: format!("Sales by the day on which they were made, up to {last}."),
        label_head: "Day".to_owned(),
        value_head: "Sales".to_owned(),
        bars,
    }
}
