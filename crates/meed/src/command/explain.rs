//! `meed explain`: why a payee earned what they earned, and why a sale was credited or not.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use meed_app::calculations::{self, Verdict as ProgramVerdict};
use meed_app::releases::{self, RewardView};
use meed_app::sales::{self, SaleHistory};
use meed_app::{imports, sources};
use meed_core::id::{Id, Kind};
use meed_core::money::Unit;
use serde::Serialize;

use super::find;
use crate::cli::PlanPeriod;
use crate::config::Settings;
use crate::failure::{Failure, Verdict};
use crate::open::Desk;
use crate::output::{decimal, print, print_json};

const EXAMPLES: &str = "\
Examples:
  meed explain payee \"Ana Lopez\" --plan \"Sales 2026\" --period 2026-03
  meed explain payee ana@acme.example --period 2026-03 --json
  meed explain sale INV-1014
  meed explain sale sale_0c9k2m4q8w1rv";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExplainArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Every credit behind a payee's reward, with its arithmetic
    Payee(PayeeArgs),
    /// Whom every plan credits for a sale, or the condition that failed, and where the sale came from
    Sale(SaleArgs),
}

#[derive(Debug, Args)]
struct PayeeArgs {
    /// Name, alias, e-mail address or id of the payee
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    of: PlanPeriod,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct SaleArgs {
    /// Id of the sale in Meed, or its unique id in its source
    #[arg(value_name = "ID")]
    id: String,
    /// Source of the unique id, where several have it
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: ExplainArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let desk = Desk::open_to_read(settings).await?;
    match args.what {
        What::Payee(args) => payee(&args, &desk).await,
        What::Sale(args) => sale(&args, &desk).await,
    }
}

async fn payee(args: &PayeeArgs, desk: &Desk) -> Result<Verdict, Failure> {
    let (config, program, period) = find::plan_period(&desk.app, &desk.ctx, &args.of).await?;
    let rep = find::payee(&config, &args.name)?;
    let found = calculations::statement(&desk.app, &desk.ctx, program.id, &period.label(), rep.id).await?;
    let booked = releases::period(&desk.app, &desk.ctx, program.id, &period.label()).await?;
    let left = booked.payees.into_iter().find(|view| view.owner.id == rep.id).filter(|view| view.total != view.own);
    if found.is_none() && left.is_none() {
        let reason = format!("\"{}\" gives {} nothing in {}", program.program.name, rep.name, period.label());
        return Err(Failure::refused("no_reward", reason).advise("`meed explain sale ID` says of a sale why it credits nobody"));
    }
    if args.json {
        print(&format!("{}\n", found.map_or_else(|| "null".to_owned(), |explanation| explanation.explanation_json())))?;
        return Ok(Verdict::Clean);
    }
    if let Some(explanation) = found {
        print(&format!("{explanation}\n"))?;
    }
    if let Some(view) = left {
        print(&from_earlier(&view, program.program.currency))?;
    }
    Ok(Verdict::Clean)
}

/// What earlier periods left in this one, and what is paid with it.
fn from_earlier(view: &RewardView, unit: Unit) -> String {
    let mut text = String::from("From earlier periods\n");
    for (label, minor) in &view.carried {
        let _ = writeln!(text, "  changed since {label} was released: {}", decimal(*minor, unit));
    }
    if view.due != 0 {
        let _ = writeln!(text, "  held back, in parts or taken back, and due now: {}", decimal(view.due, unit));
    }
    let _ = writeln!(text, "To pay, with {} of this period: {}", decimal(view.own, unit), decimal(view.total, unit));
    text
}

#[derive(Serialize)]
struct ShownSale {
    sale: String,
    unique_id: Option<String>,
    source: String,
    file: Option<String>,
    line: Option<i64>,
    version: i32,
    at: String,
    original: Vec<(String, String)>,
    plans: Vec<ShownPlan>,
}

#[derive(Serialize)]
struct ShownPlan {
    plan: String,
    period: String,
    rules: Vec<ShownRule>,
}

#[derive(Serialize)]
struct ShownRule {
    rule: String,
    label: String,
    credits: Vec<ShownCredit>,
    refused: Vec<ShownRefusal>,
}

#[derive(Serialize)]
struct ShownCredit {
    payee: String,
    amount: String,
    /// Whose credit an override builds on.
    through: Option<String>,
    arithmetic: String,
}

#[derive(Serialize)]
struct ShownRefusal {
    code: &'static str,
    text: String,
}

async fn sale(args: &SaleArgs, desk: &Desk) -> Result<Verdict, Failure> {
    let history = find_sale(args, desk).await?;
    let stored = &history.sale.stored;
    let verdicts = calculations::verdicts(&desk.app, &desk.ctx, stored.id).await?;
    let config = desk.app.configuration(desk.ctx.workspace).await?;
    let file = match history.sale.import {
        Some(import) => Some(imports::get(&desk.app, &desk.ctx, import).await?.document.file_name),
        None => None,
    };
    let shown = ShownSale {
        sale: stored.id.text(Kind::Sale),
        unique_id: stored.unique_id.clone(),
        source: sources::get(&desk.app, &desk.ctx, stored.source).await?.document.name,
        file,
        line: history.sale.line,
        version: stored.version,
        at: stored.sale.at.to_zoned(config.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
        original: history.original.clone(),
        plans: verdicts.into_iter().map(|v| plan(v, |id| config.rep_name(id))).collect(),
    };
    if args.json {
        print_json(&shown)?;
    } else {
        print(&sale_text(&shown))?;
    }
    Ok(Verdict::Clean)
}

async fn find_sale(args: &SaleArgs, desk: &Desk) -> Result<SaleHistory, Failure> {
    if let Ok(id) = Id::parse(&args.id, Kind::Sale) {
        return Ok(sales::one(&desk.app, &desk.ctx, id).await?);
    }
    let mut found = Vec::new();
    for source in sources::list(&desk.app, &desk.ctx).await? {
        let is_wanted = args.source.as_ref().is_none_or(|name| name.trim().eq_ignore_ascii_case(&source.document.name));
        if is_wanted && let Ok(history) = sales::one_by_unique_id(&desk.app, &desk.ctx, source.id, &args.id).await {
            found.push((source.document.name, history));
        }
    }
    let names = found.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let mut histories = found.into_iter().map(|(_, history)| history);
    match (histories.next(), histories.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(Failure::refused("sale_unknown", format!("no sale has the unique id `{}`", args.id))
            .advise("a sale of a file has its id there; `meed export credits` lists the ids of credited sales")),
        (Some(_), Some(_)) => Err(Failure::usage("sale_ambiguous", format!("several sources have a sale `{}`", args.id))
            .advise(format!("name one with --source: {names}"))),
    }
}

fn plan(verdict: ProgramVerdict, name: impl Fn(Id) -> String) -> ShownPlan {
    let ProgramVerdict { program_name, period, verdict, credits, .. } = verdict;
    let rules = verdict.rules.into_iter().map(|rule| {
        let own = credits.iter().filter(|(_, credit)| credit.rule_id == rule.rule);
        let credits = own.map(|(rep, credit)| ShownCredit {
            payee: name(*rep),
            amount: credit.amount.normalize().to_string(),
            through: credit.through.map(&name),
            arithmetic: credit.arithmetic(),
        });
        ShownRule {
            credits: credits.collect(),
            refused: rule.refused.iter().map(|r| ShownRefusal { code: r.reason.code(), text: r.text.clone() }).collect(),
            rule: rule.rule,
            label: rule.label,
        }
    });
    ShownPlan { plan: program_name, period: period.label(), rules: rules.collect() }
}

fn sale_text(sale: &ShownSale) -> String {
    let mut text = format!("Sale {} · {} · {}", sale.unique_id.as_deref().unwrap_or(&sale.sale), sale.at, sale.source);
    if let Some(file) = &sale.file {
        let line = sale.line.map(|l| format!(", line {l}")).unwrap_or_default();
        let _ = write!(text, " · {file}{line}");
    }
    if sale.version > 1 {
        let _ = write!(text, " · version {}", sale.version);
    }
    let _ = writeln!(text, " · {}", sale.sale);
    for (column, cell) in sale.original.iter().filter(|(_, cell)| !cell.is_empty()) {
        let _ = writeln!(text, "  {column}: {cell}");
    }
    for plan in &sale.plans {
        let _ = write!(text, "\n{} · {}\n", plan.plan, plan.period);
        for rule in &plan.rules {
            for credit in &rule.credits {
                let through = credit.through.as_ref().map(|name| format!(" through {name}")).unwrap_or_default();
                let _ = writeln!(text, "  {}: {} earns{through}: {}", rule.label, credit.payee, credit.arithmetic);
            }
            for refusal in &rule.refused {
                let _ = writeln!(text, "  {}: not credited: {} ({})", rule.label, refusal.text, refusal.code);
            }
            if rule.credits.is_empty() && rule.refused.is_empty() {
                let _ = writeln!(text, "  {}: credits nobody", rule.label);
            }
        }
    }
    if sale.plans.is_empty() {
        text.push_str("\nThere is no plan yet.\n");
    }
    text
}
