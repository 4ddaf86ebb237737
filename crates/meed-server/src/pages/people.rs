//! Reps and teams: the list, and the two forms.

use askama::Template;

use super::imports::RowError;
use super::{Badge, Choice, Chrome, FormErrors, Link, Notice, Pager};

/// One rep of the list.
#[derive(Clone, Debug, Default)]
pub struct RepRow {
    /// Id of the rep.
    pub id: String,
    /// Full name.
    pub name: String,
    /// E-mail address; may be empty.
    pub email: String,
    /// Teams they belong to now.
    pub teams: Vec<Link>,
    /// Their manager; may be empty.
    pub manager: String,
    /// Names by which sales know them.
    pub aliases: Vec<String>,
    /// "Active", "Left" …
    pub status: Badge,
}

/// One team of the list.
#[derive(Clone, Debug, Default)]
pub struct TeamRow {
    /// Id of the team.
    pub id: String,
    /// Name.
    pub name: String,
    /// How deep in the tree, 0 for the top.
    pub depth: u8,
    /// Its manager; may be empty.
    pub manager: String,
    /// Names of its members now.
    pub members: Vec<String>,
    /// Names by which sales know it, territories among them.
    pub aliases: Vec<String>,
}

/// `GET /people`
#[derive(Clone, Debug, Template)]
#[template(path = "people.html")]
pub struct PeoplePage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Text searched for; query field `q`.
    pub q: String,
    /// By name.
    pub reps: Vec<RepRow>,
    /// How many reps there are, in words: "12", "the first 100 of 1,204".
    pub reps_shown: String,
    /// Neighbouring pages of reps.
    pub pager: Pager,
    /// In tree order.
    pub teams: Vec<TeamRow>,
    /// Aliases that two own, and names in sales that nobody owns.
    pub alerts: Vec<Notice>,
}

/// One membership in the form. Fields `team_{n}`, `member_from_{n}`, `member_until_{n}`, with n from 0.
#[derive(Clone, Debug, Default)]
pub struct MembershipField {
    /// Teams to choose from; the first choice is none.
    pub teams: Vec<Choice>,
    /// First day, `YYYY-MM-DD`; may be empty.
    pub from: String,
    /// Last day; may be empty.
    pub until: String,
}

/// `GET /reps/new`, `GET /reps/{id}`, and the answer to a refused post.
#[derive(Clone, Debug, Template)]
#[template(path = "rep_form.html")]
pub struct RepFormPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the rep; empty for a new one.
    pub id: String,
    /// Field `name`.
    pub name: String,
    /// Field `email`.
    pub email: String,
    /// Field `aliases`: one per line.
    pub aliases: String,
    /// Field `manager`; the first choice is none.
    pub managers: Vec<Choice>,
    /// Memberships, with one or two empty ones at the end to add to.
    pub memberships: Vec<MembershipField>,
    /// Field `external_id`: by which payroll knows them; may be empty.
    pub external_id: String,
    /// Field `currency`: in which they are paid; empty for that of each plan.
    pub currency: String,
    /// Field `tags`, separated by commas; may be empty.
    pub tags: String,
    /// Field `variables`: figures for plans, one per line as `quota = 100000 from 2026-04-01`.
    pub variables: String,
    /// Field `active`.
    pub active: bool,
    /// Whether a sign-in link can be made (`POST /reps/{id}/invite`): they have an e-mail address and no password yet.
    pub can_invite: bool,
    /// Aliases that somebody else owns too.
    pub alerts: Vec<Notice>,
    /// What was wrong, by field.
    pub errors: FormErrors,
}

/// `GET /teams/new`, `GET /teams/{id}`, and the answer to a refused post.
#[derive(Clone, Debug, Template)]
#[template(path = "team_form.html")]
pub struct TeamFormPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the team; empty for a new one.
    pub id: String,
    /// Field `name`.
    pub name: String,
    /// Field `aliases`: one per line.
    pub aliases: String,
    /// Field `parent`; the first choice is none.
    pub parents: Vec<Choice>,
    /// Field `manager`; the first choice is none.
    pub managers: Vec<Choice>,
    /// Members now, as links to their forms.
    pub members: Vec<Link>,
    /// Aliases that somebody else owns too.
    pub alerts: Vec<Notice>,
    /// What was wrong, by field.
    pub errors: FormErrors,
}

/// The answer to `POST /reps/{id}/invite`: the only time the link is shown.
#[derive(Clone, Debug, Template)]
#[template(path = "invite.html")]
pub struct InvitePage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the rep.
    pub id: String,
    /// Whom it is for.
    pub name: String,
    /// The whole one-time address.
    pub url: String,
    /// How long it works: "7 days".
    pub valid: String,
}

/// What a sheet of figures would do.
#[derive(Clone, Debug, Default)]
pub struct VariablesSeen {
    /// Figures that are not there yet.
    pub created: u64,
    /// Figures that would get another value.
    pub changed: u64,
    /// Figures that stand as the sheet says.
    pub unchanged: u64,
    /// Rows that cannot be used.
    pub errors: Vec<RowError>,
}

/// `GET /people/variables`, and the answers to its `POST`.
#[derive(Clone, Debug, Template)]
#[template(path = "variables.html")]
pub struct VariablesPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Field `decimal`.
    pub decimals: Vec<Choice>,
    /// Field `pasted`.
    pub pasted: String,
    /// Field `kept`: hash of the sheet that was read; empty before.
    pub kept: String,
    /// What it would do; nothing before the first question.
    pub seen: Option<VariablesSeen>,
    /// What was wrong.
    pub errors: FormErrors,
}
