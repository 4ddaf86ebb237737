//! What happens to the company: a deal that is cancelled, and a payee who asks.
//!
//! Every step looks at what is there already, as the rest of the demo does.

use meed_app::access::users;
use meed_app::adjustments::{self, ClawbackAsk, ClawbackRow, Once};
use meed_app::enquiries::{self, EnquiryStatus, NewEnquiry};
use meed_app::{App, Context, Role, people, releases, sales, sources};
use meed_core::command::Actor;
use meed_core::id::{Id, Kind};
use meed_core::money::Exact;

use super::files::CRM;
use super::sales::{DemoSale, ambiguous, cancelled};
use crate::failure::Failure;
use crate::output::print;

/// The month in which the cancelled deal is taken back.
const TAKEN_BACK: &str = "2026-03";
/// The month whose statement is asked about.
const ASKED: &str = "2026-03";
/// The months whose credits payees see as pending.
const PENDING: [&str; 2] = ["2026-02", ASKED];
/// Who asks.
pub(super) const ASKER: &str = "Sofia Brandt";

/// A large deal of January, cancelled in March: what it earned is taken back from its rep and from the manager above.
pub(super) async fn cancel(app: &App, ctx: &Context, plans: &[Id], all: &[DemoSale]) -> Result<(), Failure> {
    let Some(deal) = cancelled(all) else { return Ok(()) };
    let sale = deal.crm_id();
    let mut made = 0;
    for plan in plans {
        let once = Once::new(app, &format!("demo: cancelled, {plan}"), sale.as_bytes());
        if let Some(before) = adjustments::repeated(app, ctx, Some(&once)).await? {
            made += before.entries.len();
            continue;
        }
        let ask = ClawbackAsk {
            program: *plan,
            period: TAKEN_BACK.to_owned(),
            share: Exact::ONE,
            term: None,
            on: None,
            label: format!("Deal {sale} cancelled in March"),
        };
        let row = ClawbackRow { line: 1, sale: sale.clone(), ..ClawbackRow::default() };
        let rows = adjustments::clawback(app, ctx, &ask, &[row]).await?;
        let documents: Vec<_> = rows.into_iter().filter_map(|row| row.made.ok()).collect();
        made += adjustments::add_many(app, ctx, documents, Some(&once)).await?.entries.len();
    }
    print(&format!("Deal {sale}: cancelled in March, taken back from {made} payees\n"))
}

/// A payee misses a deal that names her as another rep is named, too, and asks about it from her statement.
pub(super) async fn ask(app: &App, ctx: &Context, plan: Id, all: &[DemoSale]) -> Result<(), Failure> {
    let config = app.configuration(ctx.workspace).await?;
    let asker = config.directory.reps().iter().find(|rep| rep.name == ASKER).map(|rep| rep.id);
    let (Some(asker), Some(deal)) = (asker, ambiguous(all)) else { return Ok(()) };
    for month in PENDING {
        if releases::period(app, ctx, plan, month).await?.state() == "calculated" {
            releases::release_credits(app, ctx, plan, month).await?;
        }
    }
    let sale = deal.crm_id();
    let subject = format!("Deal {sale} is missing");
    if enquiries::list(app, ctx).await?.iter().any(|known| known.document.subject == subject) {
        return Ok(());
    }
    let source = sources::ensure(app, ctx, CRM).await?;
    let known = sales::one_by_unique_id(app, ctx, source, &sale).await?.sale.stored.id;
    let asking = Context { actor: Actor(ASKER.into()), scopes: Vec::new(), payee: Some(asker), role: Role::Payee, ..ctx.clone() };
    let new = NewEnquiry {
        rep: None,
        subject,
        text: format!("I closed {sale} with {} in March, and it is not on my statement. Could you have a look?", deal.customer),
        reference: sale,
        period: ASKED.to_owned(),
        program: Some(plan),
        sale: None,
    };
    let enquiry = enquiries::open(app, &asking, &new).await?;
    let answer = "The CRM says “S. Brandt”, and two of you go by that name, so it credits neither. I have asked Sven which deals are yours; \
                  then the CRM gets the full name.";
    let fix = known.text(Kind::Sale);
    enquiries::decide(app, ctx, enquiry, EnquiryStatus::Answered, answer, Some(&fix)).await?;
    Ok(())
}

/// A link for a rep to sign in with; none once they have a password.
pub(super) async fn invite(app: &App, ctx: &Context, name: &str, role: Role) -> Result<Option<String>, Failure> {
    let config = app.configuration(ctx.workspace).await?;
    let Some(rep) = config.directory.reps().iter().find(|rep| rep.name == name).map(|rep| rep.id) else { return Ok(None) };
    let entry = people::rep(app, ctx, rep).await?;
    let email = entry.document.email.clone().unwrap_or_default();
    if !users::can_invite(app, ctx, &email).await? {
        return Ok(None);
    }
    Ok(Some(users::invite_payee(app, ctx, &entry, role).await?))
}
