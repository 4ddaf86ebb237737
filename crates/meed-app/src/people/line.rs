//! Whose figures somebody sees: everybody's, those of a manager's line, or their own (`commissions.md` behaviour 51).

use std::collections::BTreeSet;

use jiff::civil::Date;
use meed_core::command::{Class, Refused};
use meed_core::id::Id;
use meed_core::people::Directory;

use crate::error::AppResult;
use crate::{App, Configuration, Context, Role, Scope};

/// Whose figures a caller sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Everybody's.
    All,
    /// Those of these reps.
    Reps(BTreeSet<Id>),
}

impl Seen {
    /// Whether a rep's figures are among them.
    #[must_use]
    pub fn covers(&self, rep: Id) -> bool {
        match self {
            Self::All => true,
            Self::Reps(reps) => reps.contains(&rep),
        }
    }

    /// Refuses unless a rep's figures are among them.
    pub fn require(&self, rep: Id) -> AppResult<()> {
        if self.covers(rep) {
            return Ok(());
        }
        Err(Refused::new(Class::Forbidden, "not_your_line", "you see your own statements and those of your line, and nobody else's").into())
    }
}

/// Whose figures the caller sees.
pub async fn seen(app: &App, ctx: &Context) -> AppResult<Seen> {
    match (ctx.payee, ctx.role) {
        (Some(rep), Role::Manager) => {
            let config = app.configuration(ctx.workspace).await?;
            let mut reps = line_of(&config.directory, rep, today(app, &config));
            reps.insert(rep);
            Ok(Seen::Reps(reps))
        }
        (Some(rep), _) => Ok(Seen::Reps(BTreeSet::from([rep]))),
        (None, _) => {
            ctx.require(Scope::Read)?;
            Ok(Seen::All)
        }
    }
}

/// Today in the workspace.
pub(crate) fn today(app: &App, config: &Configuration) -> Date {
    app.now().to_zoned(config.zone.clone()).date()
}

/// Everybody below a manager on a day: direct reports, members of the teams they lead and of the teams below those, and
/// everybody below these in turn. The manager belongs to it only where they lead a team that they are a member of.
#[must_use]
pub fn line_of(directory: &Directory, manager: Id, day: Date) -> BTreeSet<Id> {
    let mut line = BTreeSet::new();
    let mut open = vec![manager];
    let mut asked = BTreeSet::new();
    while let Some(above) = open.pop() {
        if !asked.insert(above) {
            continue;
        }
        for rep in reports(directory, above, day) {
            line.insert(rep);
            open.push(rep);
        }
    }
    line
}

fn reports(directory: &Directory, manager: Id, day: Date) -> Vec<Id> {
    let mut found: Vec<Id> = directory.reps().iter().filter(|rep| rep.manager == Some(manager)).map(|rep| rep.id).collect();
    let mut open: Vec<Id> = directory.teams().iter().filter(|team| team.manager == Some(manager)).map(|team| team.id).collect();
    let mut teams = BTreeSet::new();
    while let Some(team) = open.pop() {
        if teams.insert(team) {
            open.extend(directory.teams().iter().filter(|below| below.parent == Some(team)).map(|below| below.id));
        }
    }
    let is_member = |rep: &&meed_core::people::Rep| rep.memberships.iter().any(|m| teams.contains(&m.team) && m.holds_on(day));
    found.extend(directory.reps().iter().filter(is_member).map(|rep| rep.id));
    found
}

/// Whether `manager` may decide about `rep`: the rep is in their line. Oneself counts only for who leads their own team and
/// has no manager above (`commissions.md` §5 step 4: "or one's own manager").
#[must_use]
pub fn manages(directory: &Directory, manager: Id, rep: Id, day: Date) -> bool {
    if manager != rep {
        return line_of(directory, manager, day).contains(&rep);
    }
    let own = directory.rep(rep).is_some_and(|found| found.manager.is_none());
    let leads = |m: &meed_core::people::Membership| m.holds_on(day) && directory.team(m.team).is_some_and(|t| t.manager == Some(rep));
    own && directory.rep(rep).is_some_and(|found| found.memberships.iter().any(leads))
}

#[cfg(test)]
mod tests {
    use meed_core::people::{Membership, Rep, Team};

    use super::*;

    fn rep(id: i64, manager: Option<i64>, team: Option<i64>) -> Rep {
        let memberships = team.into_iter().map(|team| Membership { team: Id(team), from: None, until: None }).collect();
        Rep { id: Id(id), name: format!("r{id}"), manager: manager.map(Id), memberships, active: true, ..Rep::default() }
    }

    #[test]
    fn com_051_a_line_is_everybody_below_by_manager_and_by_team() {
        let teams = vec![
            Team { id: Id(50), name: "North".into(), manager: Some(Id(1)), ..Team::default() },
            Team { id: Id(51), name: "Coast".into(), parent: Some(Id(50)), ..Team::default() },
        ];
        let reps = vec![rep(1, None, Some(50)), rep(2, Some(1), None), rep(3, Some(2), None), rep(4, None, Some(51)), rep(5, None, None)];
        let directory = Directory::new(reps, teams);
        let day = jiff::civil::date(2026, 3, 31);
        let ids = |manager: i64| line_of(&directory, Id(manager), day).iter().map(|id| id.0).collect::<Vec<_>>();
        assert_eq!(ids(1), [1, 2, 3, 4]);
        assert_eq!(ids(2), [3]);
        assert_eq!(ids(5), [] as [i64; 0]);
        let may = |manager: i64, rep: i64| manages(&directory, Id(manager), Id(rep), day);
        assert!(may(1, 3) && may(2, 3) && !may(3, 2) && !may(5, 4));
        assert!(may(1, 1), "leads their own team and has nobody above");
        assert!(!may(2, 2), "nobody else decides about themselves");
    }
}
