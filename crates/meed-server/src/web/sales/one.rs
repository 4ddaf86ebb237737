//! One sale: its facts, the row it came from, its history, who earned on it and why, and who did not.

use std::collections::HashMap;

use axum::extract::{Path, State};
use meed_app::adjustments::{self, AdjustmentDocument, AdjustmentEntry};
use meed_app::calculations::{self, CalculationEntry, Verdict, verdicts};
use meed_app::releases::CreditLine;
use meed_app::sales::{self, SaleHistory};
use meed_app::{Scope, imports, sources};
use meed_core::crediting::{Reason, RuleVerdict};
use meed_core::id::{Id, Kind};

use super::super::adjustments::{amount, kind_words, origin_words};
use super::super::answer::{Answer, Trouble, page, sentence};
use super::super::calculations::reason_is_meant;
use super::super::explain;
use super::super::form::id;
use super::super::imports::target_labels;
use super::super::shown::{Setting, day_text, period_words, setting};
use super::super::visit::Visit;
use super::facts::{changes, facts, revenue, subject};
use crate::ServerState;
use crate::pages::explain::{CreditView, Miss};
use crate::pages::sales::{OriginalColumn, SaleAdjustment, SalePage, SaleVersion};
use crate::pages::{Badge, Fact, Link, Nav, Tone};

pub(super) async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let history = sales::one(app, ctx, id(&text, Kind::Sale)?).await?;
    let setting = setting(app, ctx).await?;
    let verdicts = verdicts(app, ctx, history.sale.stored.id).await?;
    let latest = calculations::latest(app, ctx).await?;
    let stored = &history.sale.stored;
    let day = day_text(setting.day_of(stored.sale.at));
    let about = [subject(&stored.sale), day.clone()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
    let origins = Origins::of(&state, &visit, &history).await?;
    let status = stored.sale.status.as_deref().unwrap_or_default();
    let quotas = quotas(&state, &visit, &verdicts, &latest).await?;
    let view =
        View { can_adjust: ctx.has(Scope::Release), quotas, setting: &setting, history: &history, latest: &latest, origins: &origins };
    let adjustments = by_hand(adjustments::all(app, ctx).await?, stored.id, &setting);
    page(&SalePage {
        adjustments,
        chrome: visit.chrome(Nav::Sales),
        title: stored.unique_id.clone().unwrap_or_else(|| subject(&stored.sale)),
        clawback: match verdicts.iter().find(|verdict| !verdict.credits.is_empty()) {
            Some(first) if ctx.has(Scope::Release) => {
                format!("/adjustments/clawback?sale={text}&program={}", first.program.text(Kind::Program))
            }
            _ => String::new(),
        },
        id: text,
        about,
        revenue: revenue(&stored.sale),
        status: Badge::new(status, Tone::Neutral),
        facts: facts(&stored.sale, &setting),
        origin: view.origin(&sources::get(app, ctx, stored.source).await?.document.name),
        original: view.original(),
        versions: view.versions(),
        credits: verdicts.iter().flat_map(|verdict| view.credits(verdict)).collect(),
        misses: verdicts.iter().flat_map(misses).collect(),
        pending: verdicts.iter().any(|verdict| view.is_pending(verdict)),
    })
}

/// What was changed or taken back of a sale by hand, latest period first.
fn by_hand(all: Vec<AdjustmentEntry>, sale: Id, setting: &Setting) -> Vec<SaleAdjustment> {
    let own = all.into_iter().map(|entry| entry.document).filter(|document| document.sale_id() == Some(sale));
    let row = |document: AdjustmentDocument| {
        let rep = Id(document.rep);
        let words = [kind_words(&document.kind).to_owned(), origin_words(&document)];
        SaleAdjustment {
            payee: Link::new(&setting.config.rep_name(rep), &format!("/statements/{}/{}", rep.text(Kind::Rep), document.period)),
            label: document.label.clone(),
            kind: words.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", "),
            period: period_words(&document.period),
            amount: amount(&document),
        }
    };
    own.map(row).collect()
}

async fn quotas(
    state: &ServerState,
    visit: &Visit,
    verdicts: &[Verdict],
    latest: &[CalculationEntry],
) -> Result<HashMap<(Id, Id), String>, Trouble> {
    let mut quotas = HashMap::new();
    for verdict in verdicts.iter().filter(|verdict| !verdict.credits.is_empty()) {
        let label = verdict.period.label();
        let found = latest.iter().find(|c| c.document.program == verdict.program.0 && c.document.period == label);
        let Some(calculation) = found else { continue };
        for line in calculations::payees(&state.app, &visit.ctx, calculation).await? {
            if let Some(quota) = line.quota {
                quotas.insert((verdict.program, Id(line.rep)), quota);
            }
        }
    }
    Ok(quotas)
}

/// Files behind a sale's versions, and what the columns of the present one were used as.
struct Origins {
    files: HashMap<Id, String>,
    targets: HashMap<String, String>,
}

impl Origins {
    async fn of(state: &ServerState, visit: &Visit, history: &SaleHistory) -> Result<Self, Trouble> {
        let mut files = HashMap::new();
        let mut all: Vec<Id> = history.former.iter().filter_map(|former| former.import).collect();
        all.extend(history.sale.import);
        for import in all {
            if let std::collections::hash_map::Entry::Vacant(slot) = files.entry(import) {
                slot.insert(imports::get(&state.app, &visit.ctx, import).await?.document.file_name);
            }
        }
        let mut targets = HashMap::new();
        if let Some(import) = history.sale.import {
            let import = imports::get(&state.app, &visit.ctx, import).await?;
            let reading = imports::reading(&state.app, &visit.ctx, &import).await?;
            let labels = target_labels();
            let named = reading.columns().iter().zip(reading.column_names());
            for (column, name) in named {
                if let Some(target) = column.target {
                    targets.insert(name.clone(), labels.get(target.name()).cloned().unwrap_or_default());
                }
            }
        }
        Ok(Self { files, targets })
    }

    /// `orders.csv, line 118`, with the import as address.
    fn link(&self, import: Option<Id>, line: Option<i64>) -> Link {
        let Some(import) = import else { return Link::new("API", "") };
        let file = self.files.get(&import).cloned().unwrap_or_default();
        let text = line.map_or_else(|| file.clone(), |line| format!("{file}, line {}", crate::pages::shown::count(line)));
        Link::new(&text, &format!("/imports/{}", import.text(Kind::Import)))
    }
}

struct View<'a> {
    can_adjust: bool,
    /// Quotas by program and rep, as the latest calculations found them.
    quotas: HashMap<(Id, Id), String>,
    setting: &'a Setting,
    history: &'a SaleHistory,
    latest: &'a [CalculationEntry],
    origins: &'a Origins,
}

impl View<'_> {
    fn origin(&self, source: &str) -> Vec<Fact> {
        let sale = &self.history.sale;
        let fact = |label: &str, value: String, href: String| Fact { label: label.to_owned(), value, href };
        let mut origin = vec![fact("Source", source.to_owned(), format!("/sources/{}", sale.stored.source.text(Kind::Source)))];
        match sale.import {
            Some(import) => {
                let href = format!("/imports/{}", import.text(Kind::Import));
                origin.push(fact("File", self.origins.files.get(&import).cloned().unwrap_or_default(), href));
                origin.extend(sale.line.map(|line| fact("Line", crate::pages::shown::count(line), String::new())));
            }
            None => origin.push(fact("Sent by", "API".to_owned(), String::new())),
        }
        origin.push(fact("Stored", self.setting.moment(sale.created_us), String::new()));
        origin.push(fact("Sale id", sale.stored.id.text(Kind::Sale), String::new()));
        origin
    }

    fn original(&self) -> Vec<OriginalColumn> {
        let column = |(name, value): &(String, String)| OriginalColumn {
            name: name.clone(),
            value: value.clone(),
            target: self.origins.targets.get(name).cloned().unwrap_or_default(),
        };
        self.history.original.iter().map(column).collect()
    }

    fn versions(&self) -> Vec<SaleVersion> {
        let now = &self.history.sale;
        let mut all: Vec<(i32, i64, Link, &meed_core::sale::Sale)> = self
            .history
            .former
            .iter()
            .map(|former| (former.version, former.recorded_us, self.origins.link(former.import, former.line), &former.sale))
            .collect();
        all.push((now.stored.version, now.recorded_us, self.origins.link(now.import, now.line), &now.stored.sale));
        let mut versions = Vec::with_capacity(all.len());
        let mut before = None;
        for (number, recorded_us, by, sale) in all {
            versions.push(SaleVersion {
                number: u32::try_from(number).unwrap_or(0),
                when: self.setting.moment(recorded_us),
                by,
                changes: before.map(|before| changes(before, sale, self.setting)).unwrap_or_default(),
            });
            before = Some(sale);
        }
        versions.reverse();
        versions
    }

    fn calculation(&self, verdict: &Verdict) -> Option<&CalculationEntry> {
        let label = verdict.period.label();
        self.latest.iter().find(|c| c.document.program == verdict.program.0 && c.document.period == label)
    }

    /// Whether the credits below are not booked yet.
    fn is_pending(&self, verdict: &Verdict) -> bool {
        let recorded = self.history.sale.recorded_us;
        !verdict.credits.is_empty() && self.calculation(verdict).is_none_or(|c| c.document.as_of_us < recorded)
    }

    fn credits(&self, verdict: &Verdict) -> Vec<CreditView> {
        let Ok(entry) = self.setting.config.program(verdict.program) else { return Vec::new() };
        let label = verdict.period.label();
        let program = format!("/programs/{}", verdict.program.text(Kind::Program));
        let calculation = self.calculation(verdict);
        let view = |(rep, credit): &(Id, meed_core::crediting::Credit)| {
            let line = CreditLine::of(credit);
            let quota = self.quotas.get(&(verdict.program, *rep)).map(String::as_str);
            let through = line.through.map(|id| self.setting.config.rep_name(Id(id)));
            let own = line.version.and_then(|number| entry.numbered(number));
            let ruling = own.or_else(|| entry.ruling(&verdict.period, entry.number).last());
            let (number, document) = ruling.map_or((entry.number, &entry.program), |version| (version.number, &version.program));
            let explained = explain::credit(&line, document, through.as_deref(), quota);
            let statement = format!("/statements/{}/{label}", rep.text(Kind::Rep));
            CreditView {
                payee: Link::new(
                    &self.setting.config.rep_name(*rep),
                    &format!("{statement}?sale={}#{}", self.history.sale.stored.id.text(Kind::Sale), explained.id),
                ),
                program: Link::new(&verdict.program_name, &program),
                version: format!("v{number}"),
                calculation: calculation.map_or_else(Link::default, |c| {
                    Link::new(&period_words(&label), &format!("/calculations/{}", c.id.text(Kind::Calculation)))
                }),
                adjust: if self.can_adjust {
                    let (rep, sale) = (rep.text(Kind::Rep), self.history.sale.stored.id.text(Kind::Sale));
                    let program = verdict.program.text(Kind::Program);
                    format!("/adjustments/new?payee={rep}&program={program}&period={label}&sale={sale}&back=/sales/{sale}")
                } else {
                    String::new()
                },
                ..explained
            }
        };
        verdict.credits.iter().map(view).collect()
    }
}

fn misses(verdict: &Verdict) -> Vec<Miss> {
    let program = Link::new(&verdict.program_name, &format!("/programs/{}", verdict.program.text(Kind::Program)));
    verdict.verdict.rules.iter().flat_map(|rule| misses_of(rule, &program)).collect()
}

fn misses_of(rule: &RuleVerdict, program: &Link) -> Vec<Miss> {
    let miss = |refused: &meed_core::crediting::Refused| {
        let (condition, found) = match &refused.failed {
            None => (String::new(), String::new()),
            Some(failed) => {
                let values: Vec<String> = failed.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
                (failed.part.clone(), values.join(", "))
            }
        };
        let fix = match refused.reason {
            Reason::NoMatch | Reason::DuplicateAlias | Reason::EmptyTeam => Link::new("See people and teams", "/people"),
            _ => Link::default(),
        };
        Miss {
            program: program.clone(),
            rule: rule.label.clone(),
            // A condition's text begins with what it reads, which has no capital letter.
            reason: if refused.failed.is_some() { format!("{}.", refused.text) } else { sentence(&refused.text) },
            condition,
            found,
            tone: if reason_is_meant(refused.reason.code()) { Tone::Neutral } else { Tone::Warn },
            fix,
        }
    };
    rule.refused.iter().map(miss).collect()
}
