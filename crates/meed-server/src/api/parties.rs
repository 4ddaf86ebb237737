//! `/v1/parties`: who is the same person or company in several roles, and one statement over all of them.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::parties::{self, Candidate, Party, PartyStatement, Role};
use meed_core::id::Kind;
use meed_core::ledger::{AccountStatement, Owner, StatementLine};
use meed_core::money::Unit;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Page, json, no_content, page};
use super::openapi::Refusals;
use super::problem::{Answered, Problem};
use super::request::{Caller, Json, Params, id_in};
use super::wire::{MoneyOut, time};
use crate::ServerState;

/// A role of a party.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PartyRole)]
pub(crate) struct RoleOut {
    /// `rep` or `participant`.
    #[schema(example = "rep")]
    role: String,
    /// The rep or participant. It names the party, too.
    #[schema(example = "rep_01jq3v8k2m9ra")]
    id: String,
    /// What people call it.
    name: String,
}

/// One person or company in all its roles.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Party)]
pub(crate) struct PartyOut {
    /// Its roles, one of a kind.
    roles: Vec<RoleOut>,
    /// Why they are the same; null for a role that stands alone.
    reason: Option<String>,
    /// When they were linked.
    linked_at: Option<String>,
    /// By whom.
    linked_by: Option<String>,
}

/// Roles to link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartyIn {
    /// The rep.
    #[schema(example = "rep_01jq3v8k2m9ra")]
    rep: String,
    /// The participant.
    #[schema(example = "par_01jq3v8k2m9ra")]
    participant: String,
    /// Why they are the same.
    #[schema(example = "Shops with us, too")]
    reason: String,
}

/// A rep and a participant who may be the same.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PartyCandidate)]
pub(crate) struct CandidateOut {
    /// The rep.
    rep: RoleOut,
    /// The participant.
    participant: RoleOut,
    /// What they have in common: `email`, or `external_id` where the participant's number is the rep's payroll number.
    #[schema(example = "email")]
    by: String,
    /// It.
    value: String,
}

/// Which days are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Days {
    /// First day, in the workspace's zone; from the beginning if not given.
    #[param(example = "2026-04-01")]
    from: Option<String>,
    /// Last day; until now if not given.
    #[param(example = "2026-04-30")]
    until: Option<String>,
}

/// What one role earned and has in one unit: `opening + earned + other - paid - expired = closing`, and
/// `closing = waiting + payable - owed`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PartyRoleTotal)]
pub(crate) struct RoleTotalOut {
    /// `rep` or `participant`.
    role: String,
    /// The rep or participant.
    id: String,
    /// What it had before, less what it owed.
    opening: MoneyOut,
    /// Given by programs, less what they took back.
    earned: MoneyOut,
    /// Paid out; of a wallet: spent.
    paid: MoneyOut,
    /// Expired unused.
    expired: MoneyOut,
    /// Moved by anything else, such as a transfer to another wallet.
    other: MoneyOut,
    /// What it has after, less what it owes.
    closing: MoneyOut,
    /// Of it, earned and not yet to be paid or spent.
    waiting: MoneyOut,
    /// Of it, what may be paid or spent.
    payable: MoneyOut,
    /// What it owes: taken back after it was paid or spent, and advances.
    owed: MoneyOut,
}

/// A sum over all roles in one unit.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PartyTotal)]
pub(crate) struct TotalOut {
    /// Before.
    opening: MoneyOut,
    /// What moved it.
    moved: MoneyOut,
    /// After.
    closing: MoneyOut,
}

/// A line: what moved an account.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PartyStatementLine)]
pub(crate) struct LineOut {
    /// The transfer.
    transfer: String,
    /// What it was: `credited`, `released`, `earned`, `redeemed` …
    #[schema(example = "earned")]
    kind: String,
    /// Business time.
    at: String,
    /// Recorded time.
    recorded_at: String,
    /// What it added to the account; below 0: what it took.
    amount: MoneyOut,
    /// The sale or purchase that caused it.
    sale: Option<String>,
}

/// An account of a statement.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PartyAccount)]
pub(crate) struct AccountOut {
    /// `rep` or `participant`.
    role: String,
    /// What it is for: `accrued`, `payable`, `recoverable`, `available` …
    #[schema(example = "payable")]
    purpose: String,
    /// Its balance before.
    opening: MoneyOut,
    /// Its balance after. What is owed stands above 0 on `recoverable` and `draw`.
    closing: MoneyOut,
    /// What moved it, in the order of recording.
    lines: Vec<LineOut>,
}

/// The statement of a party.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PartyStatement)]
pub(crate) struct StatementOut {
    /// Whose.
    party: PartyOut,
    /// First day.
    from: Option<String>,
    /// Last day.
    until: Option<String>,
    /// What each role earned and has, by unit.
    roles: Vec<RoleTotalOut>,
    /// Sums over all roles, by unit.
    totals: Vec<TotalOut>,
    /// The accounts behind the sums. No two roles share one.
    accounts: Vec<AccountOut>,
}

fn role_out(role: &Role) -> RoleOut {
    RoleOut { role: role.owner.kind.to_string(), id: role.text(), name: role.name.clone() }
}

fn party_out(party: &Party) -> PartyOut {
    let is_linked = party.roles.len() > 1;
    PartyOut {
        roles: party.roles.iter().map(role_out).collect(),
        reason: is_linked.then(|| party.reason.clone()),
        linked_at: is_linked.then(|| time(party.linked_us)),
        linked_by: is_linked.then(|| party.linked_by.clone()),
    }
}

fn candidate_out(candidate: &Candidate) -> CandidateOut {
    CandidateOut {
        rep: role_out(&candidate.rep),
        participant: role_out(&candidate.participant),
        by: candidate.by.to_owned(),
        value: candidate.value.clone(),
    }
}

fn account_out(statement: &AccountStatement) -> AccountOut {
    let money = |amount| MoneyOut::new(amount, statement.account.unit);
    let line = |line: &StatementLine| LineOut {
        transfer: line.transfer.id.text(Kind::Transfer),
        kind: line.transfer.kind.to_string(),
        at: line.transfer.business_time.to_string(),
        recorded_at: time(line.transfer.recorded_us),
        amount: money(line.amount),
        sale: line.transfer.causes.sale.map(|id| id.text(Kind::Purchase)),
    };
    AccountOut {
        role: statement.account.owner.kind.to_string(),
        purpose: statement.account.purpose.to_string(),
        opening: money(statement.opening),
        closing: money(statement.closing),
        lines: statement.lines.iter().map(line).collect(),
    }
}

fn statement_out(statement: &PartyStatement) -> StatementOut {
    let role = |of: &parties::RoleStatement| {
        let money = |amount| MoneyOut::new(amount, of.unit);
        RoleTotalOut {
            role: of.role.owner.kind.to_string(),
            id: of.role.text(),
            opening: money(of.total.opening),
            earned: money(of.total.earned),
            paid: money(of.total.paid),
            expired: money(of.total.expired),
            other: money(of.total.other),
            closing: money(of.total.closing),
            waiting: money(of.total.waiting),
            payable: money(of.total.payable),
            owed: money(of.total.owed),
        }
    };
    let total = |(unit, total): (&Unit, &meed_core::ledger::UnitTotal)| TotalOut {
        opening: MoneyOut::new(total.opening, *unit),
        moved: MoneyOut::new(total.moved, *unit),
        closing: MoneyOut::new(total.closing, *unit),
    };
    StatementOut {
        party: party_out(&statement.party),
        from: statement.from.map(|day| day.to_string()),
        until: statement.until.map(|day| day.to_string()),
        roles: statement.roles.iter().map(role).collect(),
        totals: statement.totals.iter().map(total).collect(),
        accounts: statement.accounts.accounts.iter().map(account_out).collect(),
    }
}

fn role_of(text: &str) -> Answered<Owner> {
    parties::role_of(text).ok_or_else(|| Problem::not_found("party"))
}

/// List parties
///
/// Everybody with more than one role, newest link first. Needs the scope `read` or `plans`.
#[utoipa::path(
    get, path = "/parties", tag = "Parties", operation_id = "listParties",
    responses((status = 200, description = "All of them", body = Page<PartyOut>), Refusals),
)]
pub(crate) async fn index(State(state): State<ServerState>, Caller(ctx): Caller) -> Answered<Response> {
    let all = parties::list(&state.app, &ctx).await?;
    page(all.iter().map(party_out).collect(), None, None)
}

/// Link a rep and a participant
///
/// From now on one statement shows both; their accounts stay apart. Each belongs to one party at most. Linking them again changes
/// nothing. Needs the scope `plans`.
#[utoipa::path(
    post, path = "/parties", tag = "Parties", operation_id = "linkParty",
    request_body(content = PartyIn, example = json!({"rep": "rep_01jq3v8k2m9ra", "participant": "par_01jq3v8k2m9ra", "reason": "Shops with us, too"})),
    responses((status = 201, description = "They are one party", body = PartyOut), Refusals),
)]
pub(crate) async fn link(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<PartyIn>) -> Answered<Response> {
    let roles =
        [Owner::rep(id_in(&body.rep, Kind::Rep, "rep")?), Owner::participant(id_in(&body.participant, Kind::Participant, "participant")?)];
    let party = parties::link(&state.app, &ctx, &roles, &body.reason).await?;
    Ok(json(StatusCode::CREATED, &party_out(&party)))
}

/// List who may be the same
///
/// Reps and participants who are not linked and have an e-mail address or a number in common. Reads all participants. Needs the
/// scope `read` or `plans`.
#[utoipa::path(
    get, path = "/parties/candidates", tag = "Parties", operation_id = "listPartyCandidates",
    responses((status = 200, description = "All of them", body = Page<CandidateOut>), Refusals),
)]
pub(crate) async fn candidates(State(state): State<ServerState>, Caller(ctx): Caller) -> Answered<Response> {
    let all = parties::candidates(&state.app, &ctx).await?;
    page(all.iter().map(candidate_out).collect(), None, None)
}

/// Get a party
///
/// By any of its roles; a role that was never linked stands alone. Needs the scope `read` or `plans`.
#[utoipa::path(
    get, path = "/parties/{id}", tag = "Parties", operation_id = "getParty",
    params(("id" = String, Path, description = "A rep or participant", example = "rep_01jq3v8k2m9ra")),
    responses((status = 200, description = "The party", body = PartyOut), Refusals),
)]
pub(crate) async fn show(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    Ok(json(StatusCode::OK, &party_out(&parties::of(&state.app, &ctx, role_of(&id)?).await?)))
}

/// Take a party apart
///
/// The accounts of its roles stay as they are. Needs the scope `plans`.
#[utoipa::path(
    delete, path = "/parties/{id}", tag = "Parties", operation_id = "unlinkParty",
    params(("id" = String, Path, description = "A rep or participant", example = "rep_01jq3v8k2m9ra")),
    responses((status = 204, description = "They are two again"), Refusals),
)]
pub(crate) async fn unlink(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    parties::unlink(&state.app, &ctx, role_of(&id)?).await?;
    Ok(no_content())
}

/// Get a party's statement
///
/// What each of its roles earned, has, was paid and owes, by unit, with the accounts and lines behind the sums. It ties to the
/// cent: every sum is that of its lines, and the closing balances are those of the ledger. Needs the scope `read` or `plans`.
#[utoipa::path(
    get, path = "/parties/{id}/statement", tag = "Parties", operation_id = "getPartyStatement",
    params(("id" = String, Path, description = "A rep or participant", example = "rep_01jq3v8k2m9ra"), Days),
    responses((status = 200, description = "The statement", body = StatementOut), Refusals),
)]
pub(crate) async fn statement(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(days): Params<Days>,
) -> Answered<Response> {
    let day = |text: &Option<String>, field: &str| {
        let unreadable = |text: &str| {
            let text = format!("`{text}` is not a date such as 2026-04-15");
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "date_unreadable", text).at(field)
        };
        text.as_deref().map(|text| text.parse().map_err(|_| unreadable(text))).transpose()
    };
    let (from, until) = (day(&days.from, "from")?, day(&days.until, "until")?);
    let statement = parties::statement(&state.app, &ctx, role_of(&id)?, from, until).await?;
    Ok(json(StatusCode::OK, &statement_out(&statement)))
}
