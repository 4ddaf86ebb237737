//! Merchants: who pays for awards at which stores, and what may be spent there.

use axum::extract::{Path, State};
use meed_app::loyalty::records::{self, Entry};
use meed_app::loyalty::{MerchantDocument, TillConfig};
use meed_core::id::{Id, Kind};

use super::basket::decimal;
use super::removal::{self, Removal, record_errors};
use crate::ServerState;
use crate::pages::till::{MerchantPage, MerchantRow};
use crate::pages::{Badge, Choice, FormErrors, Nav, Tone};
use crate::web::answer::{Answer, Trouble, form_page, page};
use crate::web::flash;
use crate::web::form::{Fields, Posted, id};
use crate::web::visit::Visit;

/// How a discount of the same purchase reaches the customer.
const PAYS_BACK: [(&str, &str); 4] = [
    ("", "taken off at the till"),
    ("refund", "paid back later, by refund"),
    ("credit_note", "paid back later, by credit note"),
    ("voucher", "paid back later, by voucher"),
];

/// A merchant in the list of stores.
pub(super) fn row(config: &TillConfig, Entry { id, document, .. }: Entry<MerchantDocument>) -> MerchantRow {
    let stores = document.units.iter().filter_map(|id| config.units.get(&Id(*id))).map(|unit| unit.name.clone());
    let groups = document.groups.iter().map(|group| format!("group {group}"));
    MerchantRow {
        id: id.text(Kind::Merchant),
        stands_for: stores.chain(groups).collect::<Vec<_>>().join(", "),
        contribution: document.contribution,
        spending: match (document.allows_spending, document.allows_automatic) {
            (false, _) => "nothing may be spent",
            (true, false) => "when the customer asks",
            (true, true) => "when the customer asks, and by itself",
        }
        .to_owned(),
        status: if document.effective { Badge::new("Takes part", Tone::Good) } else { Badge::new("Off", Tone::Neutral) },
        name: document.name,
    }
}

/// `GET /merchants/new`
pub(in crate::web) async fn blank(State(state): State<ServerState>, visit: Visit) -> Answer {
    page(&merchant_page(&state, &visit, None, &MerchantDocument::default(), FormErrors::none()).await?)
}

/// `GET /merchants/{id}`
pub(in crate::web) async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let merchant = merchant(&state, &visit, &text).await?;
    page(&merchant_page(&state, &visit, Some(merchant.id), &merchant.document, FormErrors::none()).await?)
}

async fn merchant(state: &ServerState, visit: &Visit, text: &str) -> Result<Entry<MerchantDocument>, Trouble> {
    Ok(records::get(&state.app, &visit.ctx, id(text, Kind::Merchant)?).await?)
}

async fn merchant_page(
    state: &ServerState,
    visit: &Visit,
    id: Option<Id>,
    document: &MerchantDocument,
    errors: FormErrors,
) -> Result<MerchantPage, Trouble> {
    let config = state.app.fresh_till_config(visit.ctx.workspace).await?;
    let kept = id.and_then(|id| config.merchants.get(&id));
    let units = config.units.iter().map(|(id, unit)| Choice::new(&id.text(Kind::Unit), &unit.name, document.units.contains(&id.0)));
    let schemes =
        config.schemes.iter().map(|(id, scheme)| Choice::new(&id.text(Kind::Scheme), &scheme.name, document.schemes.contains(&id.0)));
    // One that was limited to a scheme that is gone would be limited no more if its tick were missing.
    let gone = document.schemes.iter().map(|id| Id(*id)).filter(|id| !config.schemes.contains_key(id));
    let gone = gone.map(|id| Choice::new(&id.text(Kind::Scheme), "a scheme that was removed", true));
    let rules = [
        ("effective", "Takes part", "Else purchases at its stores earn nothing.", document.effective),
        ("allows_spending", "The wallet may be spent here", "", document.allows_spending),
        ("allows_automatic", "Awards may be spent here by themselves", "", document.allows_automatic),
        ("bars_own", "Gives nothing to customers whom its own group signed up", "", document.bars_own),
        ("bars_others", "Gives nothing to customers whom other groups signed up", "", document.bars_others),
    ];
    let rule =
        |(field, label, note, is_set): (&str, &str, &str, bool)| Choice { note: note.to_owned(), ..Choice::new(field, label, is_set) };
    let method = if document.pays_back { document.pays_back_by.as_str() } else { "" };
    Ok(MerchantPage {
        chrome: visit.chrome(Nav::Stores),
        title: kept.map_or_else(|| "Add a merchant".to_owned(), |merchant| merchant.name.clone()),
        id: id.map(|id| id.text(Kind::Merchant)).unwrap_or_default(),
        typed: [document.name.clone(), document.groups.join(", "), document.contribution.clone()],
        units: units.collect(),
        schemes: schemes.chain(gone).collect(),
        rules: rules.into_iter().map(rule).collect(),
        pays_back: PAYS_BACK.map(|(value, label)| Choice::new(value, label, value == method)).to_vec(),
        errors,
    })
}

/// `POST /merchants`
pub(in crate::web) async fn add(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    put(&state, &visit, None, &form).await
}

/// `POST /merchants/{id}`
pub(in crate::web) async fn save(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let merchant = merchant(&state, &visit, &text).await?;
    put(&state, &visit, Some(merchant.id), &form).await
}

fn read(form: &Fields) -> Result<MerchantDocument, Trouble> {
    let ids =
        |field: &str, kind: Kind| form.all(field).into_iter().map(|text| Ok(id(text, kind)?.0)).collect::<Result<Vec<i64>, Trouble>>();
    let is_set = |field: &str| form.text(field) == "yes";
    let contribution = form.filled("contribution").unwrap_or("0");
    let present = MerchantDocument::default();
    Ok(MerchantDocument {
        name: form.text("name").to_owned(),
        units: ids("unit", Kind::Unit)?,
        groups: form.text("groups").split(',').map(str::trim).filter(|group| !group.is_empty()).map(str::to_owned).collect(),
        effective: is_set("effective"),
        bars_own: is_set("bars_own"),
        bars_others: is_set("bars_others"),
        schemes: ids("scheme", Kind::Scheme)?,
        contribution: decimal(contribution).map_or_else(|| contribution.to_owned(), |percent| percent.normalize().to_string()),
        allows_automatic: is_set("allows_automatic"),
        pays_back: form.filled("pays_back").is_some(),
        pays_back_by: form.filled("pays_back").map_or(present.pays_back_by, str::to_owned),
        allows_spending: is_set("allows_spending"),
    })
}

async fn put(state: &ServerState, visit: &Visit, id: Option<Id>, form: &Fields) -> Answer {
    let document = read(form)?;
    if document.name.is_empty() {
        let errors = FormErrors::one("name", "Write the name.");
        return form_page(&merchant_page(state, visit, id, &document, errors).await?);
    }
    match records::put(&state.app, &visit.ctx, id, &document).await {
        Ok(_) => Ok(flash::see_other(state, "/stores", Tone::Good, &format!("“{}” is saved.", document.name))),
        Err(error) => {
            let names = [("name", "name"), ("groups", "groups"), ("contribution", "contribution"), ("pays_back_by", "pays_back")];
            let errors = record_errors(error, ("name", "Another merchant has this name."), &names)?;
            form_page(&merchant_page(state, visit, id, &document, errors).await?)
        }
    }
}

/// `GET /merchants/{id}/remove`
pub(in crate::web) async fn ask(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let merchant = merchant(&state, &visit, &text).await?;
    let removal = Removal {
        name: &merchant.document.name,
        text: "From now on its stores stand alone: nobody pays towards what they award. Switch it off instead if its stores are to award \
               nothing.",
        facts: Vec::new(),
        path: format!("/merchants/{text}"),
    };
    removal.ask(&visit, Nav::Stores)
}

/// `POST /merchants/{id}/remove`
pub(in crate::web) async fn remove(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(form): Posted,
) -> Answer {
    let merchant = merchant(&state, &visit, &text).await?;
    removal::remove::<MerchantDocument>(&state, &visit, merchant.id, &form, &merchant.document.name, "/stores").await
}
