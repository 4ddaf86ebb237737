//! `meed adjust`: rewards by hand, changed commissions, cleared draws.

use clap::Args;
use meed_app::adjustments::{self, AdjustmentEntry, NewAdjustment};
use meed_app::{Configuration, sales, sources};
use meed_core::id::{Id, Kind};
use meed_core::money::Exact;
use serde::Serialize;

use super::find;
use crate::cli::PlanPeriod;
use crate::config::Settings;
use crate::failure::{Failure, Verdict};
use crate::open::Desk;
use crate::output::{Money, money, print, print_json};

const EXAMPLES: &str = "\
Examples:
  meed adjust --period 2026-03 --rep Ana --amount 250 --label \"Trade fair\"
  meed adjust --period 2026-03 --rep Ana --sale INV-1014 --amount -40 --label \"Agreed discount\"
  meed adjust --period 2026-03 --rep Ana --sale INV-1014 --to 75 --label \"Agreed commission\"
  meed adjust --period 2026-03 --rep Ana --sale INV-0871 --kind clawback --label \"Cancelled\"
  meed adjust --period 2026-03 --rep Ana --clear-draw --label \"Waived\"

An adjustment belongs to a period and survives every calculation. One of a sale lasts only while the payee is credited
for it by the same rule in the same tier; when that changes, it lapses and the calculation says so. A clawback of a sale is
an entry of its own period, whichever period earned it; without --amount it takes back all that the sale earned.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AdjustArgs {
    #[command(flatten)]
    of: PlanPeriod,
    /// The payee: name, alias, e-mail address or id
    #[arg(long, value_name = "NAME")]
    rep: String,
    /// How much, in the plan's currency; below 0 takes away
    #[arg(long, allow_hyphen_values = true, required_unless_present_any = ["clear_draw", "to", "sale"], conflicts_with = "clear_draw")]
    amount: Option<Exact>,
    /// What the commission of the sale should come to, in place of by how much it changes
    #[arg(long, allow_hyphen_values = true, requires = "sale", conflicts_with = "amount")]
    to: Option<Exact>,
    /// What it is for; the payee reads it
    #[arg(long)]
    label: String,
    /// The sale whose commission is changed: unique id or id
    #[arg(long, value_name = "ID", conflicts_with = "clear_draw")]
    sale: Option<String>,
    /// Id of the rule, where several credit the payee for the sale
    #[arg(long, requires = "sale", value_name = "RULE")]
    rule: Option<String>,
    /// As which kind of reward: adjustment, bonus, clawback
    #[arg(long, default_value = "adjustment", conflicts_with = "clear_draw")]
    kind: String,
    /// What the payee owes on draws need not be repaid
    #[arg(long)]
    clear_draw: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Adjusted {
    adjustment: i64,
    period: String,
    rep: String,
    kind: String,
    amount: Money,
    label: String,
}

pub(crate) async fn run(args: AdjustArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let desk = Desk::open(settings).await?;
    let (config, program, period) = find::plan_period(&desk.app, &desk.ctx, &args.of).await?;
    let rep = find::payee(&config, &args.rep)?.id;
    let sale = match &args.sale {
        Some(id) => Some(find_sale(&desk, id).await?),
        None => None,
    };
    let new = NewAdjustment {
        program: program.id,
        period: period.label(),
        rep,
        kind: if args.clear_draw { "clear_draw".to_owned() } else { args.kind.clone() },
        amount: args.amount,
        to: args.to,
        label: args.label.clone(),
        sale,
        rule: args.rule.clone(),
    };
    let made = adjustments::add(&desk.app, &desk.ctx, &new).await?;
    show(&made, &config, program.program.currency, args.json)?;
    Ok(Verdict::Clean)
}

fn show(made: &AdjustmentEntry, config: &Configuration, unit: meed_core::money::Unit, json: bool) -> Result<(), Failure> {
    let document = &made.document;
    let name = config.rep_name(Id(document.rep));
    if json {
        let (period, kind, label) = (document.period.clone(), document.kind.clone(), document.label.clone());
        let amount = Money::new(document.amount, unit);
        return print_json(&Adjusted { adjustment: made.id.0, period, rep: name, kind, amount, label });
    }
    let what = if document.kind == "clear_draw" { "draw cleared".to_owned() } else { money(document.amount, unit) };
    print(&format!(
        "Adjusted: {name} · {} · {what} · {}\nNext: `meed calculate --period {}`\n",
        document.period, document.label, document.period
    ))
}

async fn find_sale(desk: &Desk, id: &str) -> Result<Id, Failure> {
    if let Ok(id) = Id::parse(id, Kind::Sale) {
        return Ok(id);
    }
    for source in sources::list(&desk.app, &desk.ctx).await? {
        if let Ok(history) = sales::one_by_unique_id(&desk.app, &desk.ctx, source.id, id).await {
            return Ok(history.sale.stored.id);
        }
    }
    Err(Failure::refused("sale_unknown", format!("there is no sale \"{id}\"")))
}
