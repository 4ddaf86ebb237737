//! The people file: reps and teams as TOML, applied by name.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use meed_app::documents::{EnrollmentDocument, MembershipDocument, RepDocument, TeamDocument, VariableDocument};
use meed_app::{App, Context, people};
use meed_core::id::Id;
use meed_core::people::fold_alias;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// Reps and teams, as a file names them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PeopleFile {
    #[serde(rename = "team")]
    pub(crate) teams: Vec<FileTeam>,
    #[serde(rename = "rep")]
    pub(crate) reps: Vec<FileRep>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileTeam {
    pub(crate) name: String,
    description: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    manager: Option<String>,
    parent: Option<String>,
    #[serde(default)]
    variables: Variables,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileRep {
    pub(crate) name: String,
    email: Option<String>,
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    manager: Option<String>,
    #[serde(default)]
    pub(crate) teams: Vec<FileMembership>,
    #[serde(default)]
    tags: Vec<String>,
    external_id: Option<String>,
    /// ISO code of the currency in which the rep is paid; that of each plan if absent.
    currency: Option<String>,
    #[serde(default)]
    inactive: bool,
    #[serde(default)]
    variables: Variables,
    /// Plans in which the rep has enrolled; kept as they are where the file does not say.
    enrolled: Option<Vec<FileEnrollment>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum FileEnrollment {
    Always(String),
    Dated { plan: String, from: Option<toml::value::Datetime>, until: Option<toml::value::Datetime> },
}

impl FileEnrollment {
    fn document(&self) -> EnrollmentDocument {
        let text = |d: &Option<toml::value::Datetime>| d.as_ref().map(ToString::to_string);
        match self {
            Self::Always(plan) => EnrollmentDocument { program: plan.clone(), from: None, until: None },
            Self::Dated { plan, from, until } => EnrollmentDocument { program: plan.clone(), from: text(from), until: text(until) },
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum FileMembership {
    Always(String),
    Dated { team: String, from: Option<toml::value::Datetime>, until: Option<toml::value::Datetime> },
}

impl FileMembership {
    pub(crate) fn team(&self) -> &str {
        match self {
            Self::Always(team) | Self::Dated { team, .. } => team,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "variables are `{ quota = 5000 }`, with days `{ quota = [{ value = 5000 }, { from = 2026-04-01, value = 6000 }] }`, \
                 or a list of `{ name, from, value }`"
)]
enum Variables {
    ByName(BTreeMap<String, Values>),
    Dated(Vec<DatedVariable>),
}

/// The values of a variable: one, or several with the day from which each holds, as in plans.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Values {
    Always(Number),
    One(DatedValue),
    Several(Vec<DatedValue>),
}

impl Values {
    fn each(&self) -> Vec<(Option<&toml::value::Datetime>, &Number)> {
        match self {
            Self::Always(number) => vec![(None, number)],
            Self::One(value) => vec![(value.from.as_ref(), &value.value)],
            Self::Several(values) => values.iter().map(|value| (value.from.as_ref(), &value.value)).collect(),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DatedValue {
    from: Option<toml::value::Datetime>,
    value: Number,
}

impl Default for Variables {
    fn default() -> Self {
        Self::Dated(Vec::new())
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DatedVariable {
    name: String,
    from: Option<toml::value::Datetime>,
    value: Number,
}

/// A number as it stands in the file. A text keeps every digit.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Number {
    Whole(i64),
    Text(String),
    Decimal(f64),
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text.trim()),
            // The shortest text that reads back as this number is what stands in the file.
            Self::Decimal(number) => write!(f, "{number}"),
        }
    }
}

impl Variables {
    fn documents(&self) -> Vec<VariableDocument> {
        match self {
            Self::ByName(map) => {
                let document = |name: &String, from: Option<&toml::value::Datetime>, value: &Number| VariableDocument {
                    name: name.clone(),
                    from: from.map(ToString::to_string),
                    value: value.to_string(),
                };
                let each = map.iter().flat_map(|(name, values)| values.each().into_iter().map(move |value| (name, value)));
                each.map(|(name, (from, value))| document(name, from, value)).collect()
            }
            Self::Dated(list) => list
                .iter()
                .map(|v| VariableDocument {
                    name: v.name.clone(),
                    from: v.from.as_ref().map(ToString::to_string),
                    value: v.value.to_string(),
                })
                .collect(),
        }
    }
}

/// What applying a file did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Applied {
    made: usize,
    changed: usize,
    unchanged: usize,
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reps and teams: {} made, {} changed, {} as before", self.made, self.changed, self.unchanged)
    }
}

/// Ids by folded name, and which teams were made just now.
#[derive(Default)]
struct Known {
    reps: BTreeMap<String, Id>,
    teams: BTreeMap<String, Id>,
    made: BTreeSet<String>,
}

impl PeopleFile {
    /// Reads a file. An unknown key is refused with its line.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let file: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
            Failure::refused("people_invalid", error.message().to_owned()).at(format!("line {line}"))
        })?;
        let mut seen = BTreeSet::new();
        for name in file.reps.iter().map(|r| ("rep", &r.name)).chain(file.teams.iter().map(|t| ("team", &t.name))) {
            if !seen.insert((name.0, fold_alias(name.1))) {
                return Err(Failure::refused("people_invalid", format!("the file has two entries for the {} \"{}\"", name.0, name.1)));
            }
        }
        Ok(file)
    }

    /// Makes what is new and writes what differs. Doing it twice changes nothing. Names are looked at before anything is
    /// written.
    pub(crate) async fn apply(&self, app: &App, ctx: &Context) -> Result<Applied, Failure> {
        let mut known = Known::read(app, ctx).await?;
        self.check_names(&known)?;
        let mut applied = Applied::default();
        let reps = self.managers_first(&known)?;
        for team in &self.teams {
            if let Entry::Vacant(vacant) = known.teams.entry(fold_alias(&team.name)) {
                let document = TeamDocument { name: team.name.clone(), ..TeamDocument::default() };
                known.made.insert(vacant.key().clone());
                vacant.insert(people::put_team(app, ctx, None, &document).await?);
                applied.made += 1;
            }
        }
        // In rounds, so that everybody's manager is there: the people file of a company is two or three of them.
        let mut waiting = reps.as_slice();
        while !waiting.is_empty() {
            let is_ready = |rep: &&&FileRep| rep.manager.as_ref().is_none_or(|name| known.reps.contains_key(&fold_alias(name)));
            let count = waiting.iter().take_while(is_ready).count().max(1);
            let (round, rest) = waiting.split_at(count);
            put_reps(round, app, ctx, &mut known, &mut applied).await?;
            waiting = rest;
        }
        for team in &self.teams {
            put_team(team, app, ctx, &known, &mut applied).await?;
        }
        Ok(applied)
    }

    /// The reps in an order in which each can be written once, with their manager.
    fn managers_first(&self, known: &Known) -> Result<Vec<&FileRep>, Failure> {
        let mut placed: BTreeSet<String> = known.reps.keys().cloned().collect();
        let mut waiting: Vec<&FileRep> = self.reps.iter().collect();
        let mut order = Vec::with_capacity(waiting.len());
        while !waiting.is_empty() {
            let is_ready = |rep: &FileRep| rep.manager.as_ref().is_none_or(|name| placed.contains(&fold_alias(name)));
            let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|rep| is_ready(rep));
            if ready.is_empty() {
                let names: Vec<&str> = rest.iter().map(|rep| rep.name.as_str()).collect();
                let reason = format!("these reps stand above their own managers: {}", names.join(", "));
                return Err(Failure::refused("manager_cycle", reason));
            }
            placed.extend(ready.iter().map(|rep| fold_alias(&rep.name)));
            order.extend(ready);
            waiting = rest;
        }
        Ok(order)
    }

    fn check_names(&self, known: &Known) -> Result<(), Failure> {
        let reps: BTreeSet<String> = self.reps.iter().map(|r| fold_alias(&r.name)).chain(known.reps.keys().cloned()).collect();
        let teams: BTreeSet<String> = self.teams.iter().map(|t| fold_alias(&t.name)).chain(known.teams.keys().cloned()).collect();
        let managers = self.reps.iter().filter_map(|r| r.manager.as_ref()).chain(self.teams.iter().filter_map(|t| t.manager.as_ref()));
        for name in managers {
            if !reps.contains(&fold_alias(name)) {
                return Err(Failure::refused("rep_unknown", format!("there is no rep \"{name}\", neither in the file nor before")));
            }
        }
        let named =
            self.reps.iter().flat_map(|r| &r.teams).map(FileMembership::team).chain(self.teams.iter().filter_map(|t| t.parent.as_deref()));
        for name in named {
            if !teams.contains(&fold_alias(name)) {
                return Err(Failure::refused("team_unknown", format!("there is no team \"{name}\", neither in the file nor before")));
            }
        }
        Ok(())
    }
}

async fn put_reps(round: &[&FileRep], app: &App, ctx: &Context, known: &mut Known, applied: &mut Applied) -> Result<(), Failure> {
    let before: HashMap<Id, RepDocument> = people::reps(app, ctx).await?.into_iter().map(|rep| (rep.id, rep.document)).collect();
    let mut puts: Vec<(Option<Id>, RepDocument)> = Vec::with_capacity(round.len());
    for rep in round {
        let stored = known.reps.get(&fold_alias(&rep.name)).and_then(|id| Some((*id, before.get(id)?)));
        let document = rep.document(known, stored.map_or(&[], |(_, before)| &before.enrollments))?;
        match stored {
            None => {
                applied.made += 1;
                puts.push((None, document));
            }
            Some((id, before)) => {
                let is_same = same(before, &document)?;
                applied.count(false, is_same);
                if !is_same {
                    puts.push((Some(id), document));
                }
            }
        }
    }
    if puts.is_empty() {
        return Ok(());
    }
    let ids = people::put_reps(app, ctx, &puts).await?;
    known.reps.extend(puts.iter().zip(ids).map(|((_, document), id)| (fold_alias(&document.name), id)));
    Ok(())
}

async fn put_team(team: &FileTeam, app: &App, ctx: &Context, known: &Known, applied: &mut Applied) -> Result<(), Failure> {
    let id = known.team(&team.name)?;
    let before = people::team(app, ctx, id).await?.document;
    let document = TeamDocument {
        name: team.name.clone(),
        description: team.description.clone(),
        aliases: team.aliases.clone(),
        manager: team.manager.as_deref().map(|name| known.rep(name)).transpose()?.map(|id| id.0),
        parent: team.parent.as_deref().map(|name| known.team(name)).transpose()?.map(|id| id.0),
        variables: team.variables.documents(),
        ..before.clone()
    };
    let is_same = same(&before, &document)?;
    if !is_same {
        people::put_team(app, ctx, Some(id), &document).await?;
    }
    applied.count(known.made.contains(&fold_alias(&team.name)), is_same);
    Ok(())
}

impl Applied {
    fn count(&mut self, is_made: bool, is_same: bool) {
        match (is_made, is_same) {
            (true, _) => {}
            (false, true) => self.unchanged += 1,
            (false, false) => self.changed += 1,
        }
    }
}

impl FileRep {
    fn document(&self, known: &Known, enrolled: &[EnrollmentDocument]) -> Result<RepDocument, Failure> {
        let memberships = self.teams.iter().map(|membership| {
            let team = known.team(membership.team())?.0;
            Ok(match membership {
                FileMembership::Always(_) => MembershipDocument { team, from: None, until: None },
                FileMembership::Dated { from, until, .. } => {
                    let text = |d: &Option<toml::value::Datetime>| d.as_ref().map(ToString::to_string);
                    MembershipDocument { team, from: text(from), until: text(until) }
                }
            })
        });
        Ok(RepDocument {
            name: self.name.clone(),
            email: self.email.clone(),
            aliases: self.aliases.clone(),
            manager: self.manager.as_deref().map(|name| known.rep(name)).transpose()?.map(|id| id.0),
            memberships: memberships.collect::<Result<_, Failure>>()?,
            tags: self.tags.clone(),
            external_id: self.external_id.clone(),
            variables: self.variables.documents(),
            enrollments: match &self.enrolled {
                Some(enrolled) => enrolled.iter().map(FileEnrollment::document).collect(),
                None => enrolled.to_vec(),
            },
            currency: self.currency.as_deref().map(|code| code.trim().to_uppercase()),
            inactive: self.inactive,
        })
    }
}

impl Known {
    async fn read(app: &App, ctx: &Context) -> Result<Self, Failure> {
        let mut known = Self::default();
        for rep in people::reps(app, ctx).await? {
            known.reps.insert(fold_alias(&rep.document.name), rep.id);
        }
        for team in people::teams(app, ctx).await? {
            known.teams.insert(fold_alias(&team.document.name), team.id);
        }
        Ok(known)
    }

    fn rep(&self, name: &str) -> Result<Id, Failure> {
        let found = self.reps.get(&fold_alias(name)).copied();
        found.ok_or_else(|| Failure::refused("rep_unknown", format!("there is no rep \"{name}\", neither in the file nor before")))
    }

    fn team(&self, name: &str) -> Result<Id, Failure> {
        let found = self.teams.get(&fold_alias(name)).copied();
        found.ok_or_else(|| Failure::refused("team_unknown", format!("there is no team \"{name}\", neither in the file nor before")))
    }
}

fn same(before: &impl Serialize, after: &impl Serialize) -> Result<bool, Failure> {
    let text = |value: Result<String, serde_json::Error>| value.map_err(|e| Failure::fault("bug", e.to_string()));
    Ok(text(serde_json::to_string(before))? == text(serde_json::to_string(after))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_people_file_is_read_in_its_short_and_long_forms() {
        let file = PeopleFile::parse(
            "[[rep]]\nname = \"Ana\"\nteams = [\"North\", { team = \"South\", from = 2026-02-01 }]\nvariables = { quota = 50000, rate = 0.1 }\n\
             [[rep]]\nname = \"Bo\"\nvariables = [{ name = \"quota\", from = 2026-02-01, value = \"60000.50\" }]\n[[team]]\nname = \"North\"\n",
        )
        .expect("a people file");
        let teams: Vec<&str> = file.reps[0].teams.iter().map(FileMembership::team).collect();
        assert_eq!(teams, ["North", "South"]);
        let variables: Vec<String> =
            file.reps.iter().flat_map(|r| r.variables.documents()).map(|v| format!("{} {} {:?}", v.name, v.value, v.from)).collect();
        assert_eq!(variables, ["quota 50000 None", "rate 0.1 None", "quota 60000.50 Some(\"2026-02-01\")"]);
    }

    #[test]
    fn dated_variables_are_written_as_in_plans_and_others_are_told_the_form() {
        let rep = |variables: &str| format!("[[rep]]\nname = \"Ana\"\nvariables = {variables}\n");
        let dated = "{ quota = [{ value = 5000 }, { from = 2026-04-01, value = 6000 }], rate = { from = 2026-02-01, value = 5 } }";
        let file = PeopleFile::parse(&rep(dated)).expect("a people file");
        let found: Vec<String> =
            file.reps[0].variables.documents().iter().map(|v| format!("{} {} {:?}", v.name, v.value, v.from.as_deref())).collect();
        assert_eq!(found, ["quota 5000 None", "quota 6000 Some(\"2026-04-01\")", "rate 5 Some(\"2026-02-01\")"]);
        let wrong = PeopleFile::parse(&rep("{ quota = [{ valu = 5000 }] }")).expect_err("a misspelt key");
        assert!(format!("{wrong:?}").contains("{ name, from, value }"), "{wrong:?}");
    }

    #[test]
    fn an_unknown_key_and_a_double_name_are_refused() {
        assert!(PeopleFile::parse("[[rep]]\nname = \"Ana\"\nalias = [\"A\"]\n").is_err());
        assert!(PeopleFile::parse("[[rep]]\nname = \"Ana\"\n[[rep]]\nname = \"ana \"\n").is_err());
        assert!(PeopleFile::parse("[[rep]]\nname = \"Ana\"\n[[team]]\nname = \"Ana\"\n").is_ok());
    }
}
