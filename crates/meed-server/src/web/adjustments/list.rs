//! The list of adjustments.

use axum::extract::State;
use meed_app::access::actor_names;
use meed_app::adjustments::{self, AdjustmentEntry, Standing};
use meed_core::id::{Id, Kind};

use super::super::answer::{Answer, page};
use super::super::form::Asked;
use super::super::shown::{money_in, period_words, setting};
use super::super::visit::Visit;
use super::{amount, kind_words, origin_words, programs, sale_link, sale_names};
use crate::ServerState;
use crate::pages::adjustments::{AdjustmentRow, AdjustmentsPage};
use crate::pages::{Badge, Choice, Link, Nav, Pager, Tone};

/// Adjustments on one page.
const PAGE: usize = 100;

fn badge(standing: Option<Standing>) -> Badge {
    match standing {
        Some(Standing::Counts) => Badge::new("Counts", Tone::Good),
        Some(Standing::Lapsed) => Badge::new("Lapsed", Tone::Warn),
        _ => Badge::new("Not calculated yet", Tone::Neutral),
    }
}

pub(super) async fn show(State(state): State<ServerState>, visit: Visit, Asked(asked): Asked) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let all = adjustments::all(app, ctx).await?;
    let mut labels: Vec<&str> = all.iter().map(|entry| entry.document.period.as_str()).collect();
    labels.dedup();
    let (period, q) = (asked.text("period"), asked.text("q").to_lowercase());
    let mut periods = vec![Choice::new("", "All periods", period.is_empty())];
    periods.extend(labels.iter().map(|label| Choice::new(label, &period_words(label), *label == period)));
    let chosen = super::program(&asked)?;
    let matches = |entry: &&AdjustmentEntry| {
        let document = &entry.document;
        let name = setting.config.rep_name(Id(document.rep)).to_lowercase();
        (period.is_empty() || document.period == period)
            && chosen.is_none_or(|program| document.program == program.0)
            && (q.is_empty() || name.contains(&q) || document.label.to_lowercase().contains(&q))
    };
    let matching: Vec<AdjustmentEntry> = all.iter().filter(matches).cloned().collect();
    let from: usize = asked.text("from").parse().unwrap_or(0);
    let shown = matching.get(from.min(matching.len())..).unwrap_or_default();
    let shown = shown.get(..PAGE.min(shown.len())).unwrap_or_default();
    let standings = adjustments::standings(app, ctx, shown).await?;
    let names = sale_names(&state, &visit, shown.iter().filter_map(|entry| entry.document.sale_id()).collect()).await?;
    let actors = actor_names(app, ctx).await?;
    let row = |entry: &AdjustmentEntry| {
        let document = &entry.document;
        let rep = Id(document.rep);
        let program = setting.config.program(Id(document.program)).ok();
        AdjustmentRow {
            id: entry.id.text(Kind::Adjustment),
            payee: Link::new(&setting.config.rep_name(rep), &format!("/statements/{}/{}", rep.text(Kind::Rep), document.period)),
            label: document.label.clone(),
            program: program.map(|entry| entry.program.name.clone()).unwrap_or_default(),
            period: period_words(&document.period),
            kind: kind_words(&document.kind).to_owned(),
            sale: sale_link(document, &names),
            origin: origin_words(document),
            amount: amount(document),
            state: badge(standings.get(&entry.id).copied()),
            when: setting.moment(document.created_us),
            who: actors.name(&document.created_by),
        }
    };
    let mut sums = std::collections::BTreeMap::new();
    for document in matching.iter().map(|entry| &entry.document) {
        let sum = sums.entry(document.currency.clone()).or_insert(0i64);
        *sum = sum.saturating_add(document.amount);
    }
    let at = |from: usize| {
        let fields = [("q", asked.text("q")), ("program", asked.text("program")), ("period", period), ("from", &from.to_string())];
        format!("/adjustments?{}", serde_urlencoded::to_string(fields).unwrap_or_default())
    };
    let mut plans = vec![Choice::new("", "All plans", chosen.is_none())];
    plans.extend(programs(&setting, asked.text("program")));
    page(&AdjustmentsPage {
        chrome: visit.chrome(Nav::Adjustments),
        can_add: !setting.config.programs.is_empty() && !setting.config.directory.reps().is_empty(),
        programs: plans,
        periods,
        q: asked.text("q").to_owned(),
        active: !q.is_empty() || !period.is_empty() || chosen.is_some(),
        rows: shown.iter().map(row).collect(),
        totals: sums.into_iter().map(|(code, sum)| money_in(sum, &code)).collect(),
        pager: Pager {
            newer: (from > 0).then(|| at(from.saturating_sub(PAGE))),
            older: (from.saturating_add(PAGE) < matching.len()).then(|| at(from + PAGE)),
        },
    })
}
