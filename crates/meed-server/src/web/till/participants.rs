//! Participants: the list, signing up, one with wallet, lots and journal.

use axum::extract::{Path, State};
use jiff::Timestamp;
use jiff::civil::Date;
use meed_app::loyalty::journal::{self, Entry, Mark, What};
use meed_app::loyalty::participants::{self, MeansInput, ParticipantView};
use meed_app::loyalty::wallets::{self, WalletView};
use meed_app::loyalty::{TillConfig, Who};
use meed_core::command::date_of;
use meed_core::condition::Condition;
use meed_core::id::{Id, Kind};
use meed_core::ledger::Lot;
use meed_core::loyalty::{EventKind, Participant, fold_code};
use meed_core::money::{Minor, Unit};

use super::basket::customer;
use super::hands;
use super::removal::record_errors;
use super::sell::points;
use crate::ServerState;
use crate::pages::charts::{Bar, BarChart};
use crate::pages::till::{JournalRow, LotRow, ParticipantPage, ParticipantRow, ParticipantsPage};
use crate::pages::{Amount, Badge, Fact, FormErrors, Nav, Pager, Tone};
use crate::web::answer::{Answer, Trouble, form_page, page};
use crate::web::flash;
use crate::web::form::{Asked, Fields, Posted, id};
use crate::web::shown::{Setting, counted, day_text, decimal, money, setting};
use crate::web::visit::Visit;

/// Rows of a page.
const ROWS: usize = 50;
/// Entries of a page of the journal.
const ENTRIES: usize = 25;
/// Lots that are shown without being asked for.
const LOTS: usize = 10;
/// Days that the picture of what expires shows at most.
const BARS: usize = 12;

fn status(view: &ParticipantView) -> Badge {
    match (&view.participant.terminated, view.participant.is_blocked) {
        (Some(_), _) => Badge::new("Left", Tone::Neutral),
        (None, true) => Badge::new("May not spend", Tone::Warn),
        (None, false) => Badge::new("Takes part", Tone::Good),
    }
}

fn row(setting: &Setting, view: &ParticipantView) -> ParticipantRow {
    let person = &view.participant;
    ParticipantRow {
        id: view.id.text(Kind::Participant),
        name: person.name.clone(),
        number: person.number.clone(),
        contact: person.email.clone().or_else(|| person.phone.clone()).unwrap_or_default(),
        tier: view.tier.as_ref().map(|tier| tier.name.clone()).unwrap_or_default(),
        since: Timestamp::from_microsecond(person.sign_up_us).map(|at| day_text(setting.day_of(at))).unwrap_or_default(),
        status: status(view),
    }
}

/// `GET /participants`
pub(in crate::web) async fn list(State(state): State<ServerState>, visit: Visit, Asked(form): Asked) -> Answer {
    page(&list_page(&state, &visit, &form, FormErrors::none()).await?)
}

async fn list_page(state: &ServerState, visit: &Visit, form: &Fields, errors: FormErrors) -> Result<ParticipantsPage, Trouble> {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let (mut views, mut pager) = (Vec::new(), Pager::default());
    match form.filled("q") {
        Some(q) => match customer(app, ctx, q).await? {
            Some((found, _)) => views.push(found),
            None => views = participants::named(app, ctx, q, ROWS).await?,
        },
        None => {
            let before = form.id("before", Kind::Participant)?;
            views = participants::list(app, ctx, before, i64::try_from(ROWS).unwrap_or(50) + 1).await?;
            if views.len() > ROWS {
                views.truncate(ROWS);
                let last = views.last().map(|view| view.id.text(Kind::Participant)).unwrap_or_default();
                pager.older = Some(format!("/participants?before={last}"));
            }
        }
    }
    Ok(ParticipantsPage {
        chrome: visit.chrome(Nav::Participants),
        rows: views.iter().map(|view| row(&setting, view)).collect(),
        q: form.text("q").to_owned(),
        pager,
        typed: ["name", "card", "phone", "email"].map(|field| form.text(field).to_owned()),
        errors,
    })
}

/// `POST /participants`
pub(in crate::web) async fn sign_up(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let participant = Participant {
        name: form.text("name").to_owned(),
        phone: form.filled("phone").map(str::to_owned),
        email: form.filled("email").map(str::to_owned),
        ..Participant::default()
    };
    let means = ["card", "phone", "email"].into_iter().filter_map(|kind| {
        form.filled(kind).map(|code| MeansInput { kind: kind.to_owned(), code: code.to_owned(), ..MeansInput::default() })
    });
    if participant.name.is_empty() {
        let errors = FormErrors::one("name", "Write the name.");
        return form_page(&list_page(&state, &visit, &form, errors).await?);
    }
    match participants::create(&state.app, &visit.ctx, participant, means.collect()).await {
        Ok(view) => {
            let to = format!("/participants/{}", view.id.text(Kind::Participant));
            Ok(flash::see_other(&state, &to, Tone::Good, &format!("{} takes part.", view.participant.name)))
        }
        Err(error) => {
            // Which code is taken stands in the refusal only.
            let said = error.to_string();
            let names = |field: &&str| form.filled(field).is_some_and(|code| said.contains(&fold_code(code)));
            let taken = ["card", "phone", "email"].into_iter().find(names).unwrap_or("card");
            let errors = record_errors(error, (taken, "Somebody else is identified by this."), &[("name", "name"), ("code", "card")])?;
            form_page(&list_page(&state, &visit, &form, errors).await?)
        }
    }
}

/// `GET /participants/{id}`
pub(in crate::web) async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Asked(asked): Asked) -> Answer {
    let mut form = Fields::default();
    // Nothing else of the address gets into the forms.
    form.push("before", asked.text("before").to_owned());
    page(&one(&state, &visit, id(&text, Kind::Participant)?, &form, FormErrors::none()).await?)
}

pub(super) async fn one(state: &ServerState, visit: &Visit, id: Id, form: &Fields, errors: FormErrors) -> Result<ParticipantPage, Trouble> {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let view = participants::find(app, ctx, &Who::Id(id)).await?;
    let config = app.till_config(ctx.workspace).await?;
    let wallets = wallets::read(app, ctx, id, None).await?;
    let of = |unit: Unit| wallets.iter().find(|wallet| wallet.unit == unit);
    let own = of(config.currency);
    let means = participants::means(app, ctx, id).await?;
    let (entries, pager) = entries(state, visit, id, form).await?;
    let progress = participants::progress(app, ctx, id).await?;
    let person = &view.participant;
    let all = wallets.iter().flat_map(|wallet| &wallet.lots);
    let mut lots: Vec<LotRow> = all.map(|lot| lot_row(&setting, &config, app.now_us(), lot)).collect();
    Ok(ParticipantPage {
        chrome: visit.chrome(Nav::Participants),
        id: id.text(Kind::Participant),
        name: if person.name.is_empty() { person.number.clone() } else { person.name.clone() },
        status: status(&view),
        facts: facts(&setting, &view, !config.settings.tiers.levels.is_empty()),
        means: means.into_iter().map(|means| (means.kind, means.code, means.is_effective)).collect(),
        balance: money(own.map_or(0, |wallet| wallet.balance), config.currency),
        parts: parts(own, config.currency),
        points: points(of(Unit::POINTS).map_or(0, |wallet| wallet.balance)),
        expiring: own.map(expiring).unwrap_or_default(),
        more_lots: more_lots(&mut lots),
        lots,
        journal: entries.iter().map(|entry| journal_row(&setting, entry)).collect(),
        pager,
        progress: progress.into_iter().map(|p| (p.name, p.current.normalize().to_string(), p.target.normalize().to_string())).collect(),
        tiers: hands::tiers(state, visit, &config, id).await?,
        hands: hands::forms(&setting, &config, &view, &wallets, form),
        typed: ["amount", "reason"].map(|field| form.text(field).to_owned()),
        token: form.filled("token").map_or_else(meed_app::token, |token| Ok(token.to_owned()))?,
        currency: config.currency.code().to_owned(),
        errors,
    })
}

/// A page of the journal, and its neighbours.
async fn entries(state: &ServerState, visit: &Visit, id: Id, form: &Fields) -> Result<(Vec<Entry>, Pager), Trouble> {
    let before = form.filled("before").map(str::parse::<Mark>).transpose().map_err(|_| Trouble::not_found())?;
    let mut entries = journal::page(&state.app, &visit.ctx, id, before, ENTRIES + 1).await?;
    let path = format!("/participants/{}", id.text(Kind::Participant));
    let mut pager = Pager { newer: before.map(|_| format!("{path}#h-journal")), older: None };
    if entries.len() > ENTRIES {
        entries.truncate(ENTRIES);
        pager.older = entries.last().map(|entry| format!("{path}?before={}#h-journal", entry.mark()));
    }
    Ok((entries, pager))
}

/// What is in the wallet, and what of it cannot be spent anywhere and now; what is nothing is left out.
fn parts(wallet: Option<&WalletView>, currency: Unit) -> Vec<(String, Amount)> {
    let of = |value: fn(&WalletView) -> Minor| wallet.map_or(0, value);
    let all = [
        ("Of it only for some goods, stores or hours", of(|wallet| wallet.conditional)),
        ("Held for purchases", of(|wallet| wallet.held)),
        ("Not usable yet", of(|wallet| wallet.pending)),
        ("Owed: taken from the next awards", of(|wallet| wallet.owed)),
    ];
    let first = ("May be spent", of(|wallet| wallet.balance));
    let shown = std::iter::once(first).chain(all.into_iter().filter(|(_, minor)| *minor != 0));
    shown.map(|(label, minor)| (label.to_owned(), money(minor, currency))).collect()
}

fn facts(setting: &Setting, view: &ParticipantView, has_tiers: bool) -> Vec<Fact> {
    let person = &view.participant;
    let all = [
        ("Number", Some(person.number.clone())),
        ("Since", Some(setting.moment(person.sign_up_us))),
        ("Tier", view.tier.as_ref().map(|tier| tier.name.clone())),
        ("Tier by hand", view.tier_by_hand.as_ref().map(|set| by_hand(setting, set))),
        ("Next tier", view.next.as_ref().map(|(tier, missing)| format!("{}, {} units away", tier.name, missing.normalize()))),
        ("Value units", has_tiers.then(|| format!("{} now, {} ever", view.period_units.normalize(), view.lifetime_units.normalize()))),
        ("E-mail", person.email.clone()),
        ("Phone", person.phone.clone()),
        ("City", person.city.clone()),
        ("Left because", person.terminated.as_ref().map(|end| end.reason.clone())),
    ];
    let filled = all.into_iter().filter_map(|(label, value)| Some((label, value.filter(|value| !value.is_empty())?)));
    filled.map(|(label, value)| Fact { label: label.to_owned(), value, href: String::new() }).collect()
}

/// A tier that was set by hand, in words.
fn by_hand(setting: &Setting, set: &meed_core::loyalty::TierByHand) -> String {
    let least = if set.is_fixed { "whatever is earned" } else { "at least" };
    let until = set.until_us.map(|us| format!(", until {}", setting.moment(us))).unwrap_or_default();
    format!("{}, {least}{until}: {} ({})", set.tier, set.reason, set.set_by)
}

/// What expires by when: by last usable day, by month where there are many, and what never does.
fn expiring(wallet: &WalletView) -> BarChart {
    // What expires with the beginning of a day was good until the day before.
    let days: Vec<(Date, Minor)> = wallet.expiring.iter().filter_map(|(day, minor)| Some((date_of(day - 1)?, *minor))).collect();
    let by_day = days.len() < BARS;
    let mut sums: Vec<(String, Minor)> = Vec::new();
    for (day, minor) in days {
        let label = day.strftime(if by_day { "%-d %b" } else { "%b %Y" }).to_string();
        let is_full = sums.len() >= BARS - 1;
        match sums.last_mut() {
            Some((known, sum)) if *known == label => *sum += minor,
            Some((later, sum)) if is_full => {
                "later".clone_into(later);
                *sum += minor;
            }
            _ => sums.push((label, minor)),
        }
    }
    let never: Minor = wallet.lots.iter().filter(|lot| lot.expires_us.is_none()).map(|lot| lot.remaining).sum();
    if never > 0 {
        sums.push(("never".to_owned(), never));
    }
    let bar = |(label, minor): (String, Minor)| Bar {
        label,
        value: decimal(minor, wallet.unit.code()),
        shown: money(minor, wallet.unit).text(),
        href: String::new(),
        open: false,
    };
    BarChart {
        title: "What expires when".to_owned(),
        description: format!(
            "Amounts in the wallet by the {} until which they may be used, soonest first",
            if by_day { "day" } else { "month" }
        ),
        label_head: if by_day { "Last day" } else { "Until" }.to_owned(),
        value_head: "Expires".to_owned(),
        bars: sums.into_iter().map(bar).collect(),
    }
}

/// Until when a lot may be used: its last day where it ends with one.
pub(super) fn until(setting: &Setting, config: &TillConfig, us: i64) -> String {
    let Ok(end) = Timestamp::from_microsecond(us) else { return String::new() };
    let end = config.zone.to_datetime(end);
    match end.date().yesterday() {
        Ok(last) if end.time() == jiff::civil::Time::midnight() => last.strftime("%-d %b %Y").to_string(),
        _ => setting.moment(us),
    }
}

/// What a lot is called: the offer that gave it.
pub(super) fn lot_name(config: &TillConfig, lot: &Lot) -> String {
    let terms = lot.version.and_then(|version| config.terms(version)).map(|offer| offer.name.clone());
    let offer = || config.offers.get(lot.program).and_then(|entry| entry.versions.last()).map(|version| version.offer.name.clone());
    terms.or_else(offer).unwrap_or_else(|| "By hand".to_owned())
}

fn lot_row(setting: &Setting, config: &TillConfig, now_us: i64, lot: &Lot) -> LotRow {
    let terms = lot.version.and_then(|version| config.terms(version));
    LotRow {
        from: lot_name(config, lot),
        amount: money(lot.amount, lot.unit),
        remaining: money(lot.remaining, lot.unit),
        held: (lot.held > 0).then(|| money(lot.held, lot.unit)),
        usable: if lot.is_pending && lot.active_us > now_us { setting.moment(lot.active_us) } else { String::new() },
        expires: lot.expires_us.map(|us| until(setting, config, us)).unwrap_or_default(),
        bound: terms.and_then(|offer| offer.spend.condition.as_ref()).map(Condition::words).unwrap_or_default(),
    }
}

/// Takes the later of many lots apart, with their number in words.
fn more_lots(lots: &mut Vec<LotRow>) -> (String, Vec<LotRow>) {
    let more = lots.split_off(lots.len().min(LOTS));
    (counted(u64::try_from(more.len()).unwrap_or(u64::MAX), "more lot", "more lots"), more)
}

const fn word(what: What) -> &'static str {
    let kind = match what {
        What::Expiry => return "Expired",
        What::ExpiryReversed => return "Expired no more",
        What::Netting => return "Taken for what was owed",
        What::Event(kind) => kind,
    };
    match kind {
        EventKind::Purchase => "Purchase",
        EventKind::Spend => "Spent",
        EventKind::CancelPurchase => "Purchase cancelled",
        EventKind::CancelSpend => "Spend cancelled",
        EventKind::Refund => "Goods came back",
        EventKind::AdHocReturn => "Goods came back without receipt",
        EventKind::Hold => "Held",
        EventKind::Capture => "Hold used",
        EventKind::Release => "Hold given up",
        EventKind::Adjustment => "By hand",
        EventKind::Settlement => "Settled with the merchant",
        EventKind::SettlementCorrection => "Settlement corrected",
        EventKind::PayBack => "Paid back",
        EventKind::TransferOut => "Given to somebody",
        EventKind::TransferIn => "Got from somebody",
        EventKind::Extension => "Expiry extended",
        EventKind::Activity => "Activity",
        EventKind::Review => "Decided about an offline sale",
        EventKind::Evaluation => "Offers evaluated",
        EventKind::TierSet => "Tier by hand",
    }
}

fn journal_row(setting: &Setting, entry: &Entry) -> JournalRow {
    let purchase = match entry.kind {
        What::Event(EventKind::Purchase) => Some(entry.id),
        What::Event(
            EventKind::Spend
            | EventKind::Refund
            | EventKind::CancelPurchase
            | EventKind::Settlement
            | EventKind::Review
            | EventKind::Evaluation,
        )
        | What::Expiry
        | What::ExpiryReversed
        | What::Netting => entry.about,
        What::Event(_) => None,
    };
    JournalRow {
        when: setting.moment(entry.at_us),
        what: word(entry.kind).to_owned(),
        text: entry.text.clone(),
        href: purchase.map(|id| format!("/till/receipts/{}", id.text(Kind::Purchase))).unwrap_or_default(),
        credit: (entry.credit > 0).then(|| money(entry.credit, entry.unit)),
        debit: (entry.debit > 0).then(|| money(entry.debit, entry.unit)),
    }
}
