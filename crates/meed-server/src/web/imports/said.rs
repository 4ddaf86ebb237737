//! What a person says about a file beside its columns: who sold it, what its status words mean, the year of its days.

use meed_app::AppError;
use meed_app::imports::owner_doubt;
use meed_core::people::{Directory, Match, Rep};
use meed_intake::{Answers, Reading, SaleState, StatusWord, Target};

use super::super::form::Fields;
use super::super::shown::{Setting, counted};
use crate::pages::Choice;
use crate::pages::mapping::{Person, Said, StatusRow, YearField};

/// Reps that are proposed as the owner of a whole file.
const PEOPLE_MAX: usize = 500;

/// The answers of a posted form, as far as they change something.
pub(super) fn answers(reading: &Reading, form: &Fields) -> Result<Answers, AppError> {
    let owner = form.all("owner").first().filter(|owner| **owner != reading.owner().unwrap_or_default()).map(|owner| (*owner).to_owned());
    let year = match form.filled("year") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| AppError::invalid("year_invalid", "year", "the year is a number such as 2026"))?),
    };
    Ok(Answers { owner, statuses: statuses(reading, form), year })
}

/// Words that a person put on another state. Those of a column that is not the status any more say nothing.
fn statuses(reading: &Reading, form: &Fields) -> Vec<(String, Option<SaleState>)> {
    let column = reading.column_of(Target::Status).map(|column| column.to_string());
    let kept = column.as_ref().map(|column| form.text(&format!("target_{column}")));
    if column.as_deref() != form.filled("status_column") || kept != Some(Target::Status.name()) {
        return Vec::new();
    }
    let states = form.numbered("state_");
    let words = form.numbered("word_").into_iter();
    let chosen = words.filter_map(|(number, word)| {
        let (_, state) = states.iter().find(|(other, _)| *other == number)?;
        let state = SaleState::from_word(state);
        let before = reading.statuses().iter().find(|known| known.word == word)?;
        (before.state != state).then(|| (word.to_owned(), state))
    });
    chosen.collect()
}

/// The answers as the mapping page shows them.
pub(super) fn said(setting: &Setting, reading: &Reading) -> Said {
    let directory = &setting.config.directory;
    let people = directory.reps().iter().filter(|rep| rep.active).filter_map(|rep| person(directory, rep));
    Said {
        owner: reading.owner().unwrap_or_default().to_owned(),
        doubt: owner_doubt(&setting.config, reading).map(|text| super::super::answer::quoted(&text)).unwrap_or_default(),
        names_owner: reading.names_owner(),
        people: people.take(PEOPLE_MAX).collect(),
        status_column: reading.column_of(Target::Status).map(|column| column.to_string()).unwrap_or_default(),
        statuses: reading.statuses().iter().enumerate().map(|(number, word)| status(number, word)).collect(),
        year: reading.year_question().map(|question| YearField {
            reason: match (&question.taken, question.line) {
                (Some(taken), Some(line)) => format!("{taken} was taken, as line {line} states it."),
                (Some(taken), None) => format!("{taken}, as you said."),
                (None, _) => String::new(),
            },
            value: match (&question.taken, question.proposed) {
                (Some(taken), _) if taken.len() == 4 => taken.clone(),
                (None, Some(year)) => year.to_string(),
                _ => String::new(),
            },
            column: question.column,
        }),
    }
}

/// A rep by the alias that is theirs alone.
fn person(directory: &Directory, rep: &Rep) -> Option<Person> {
    let aliases = rep.email.iter().chain([&rep.name]).chain(&rep.aliases);
    let own = aliases.into_iter().find(|alias| directory.find_rep(alias) == Match::One(rep.id))?;
    Some(Person { alias: own.clone(), name: rep.name.clone() })
}

fn status(number: usize, word: &StatusWord) -> StatusRow {
    let mut states = vec![Choice::new("", "as it is written", word.state.is_none())];
    let label = |state: SaleState| match state {
        SaleState::Open => "open: not decided or not paid yet",
        SaleState::Won => "won: the sale is made",
        SaleState::Paid => "paid",
        SaleState::Lost => "lost: it did not come about",
        SaleState::Cancelled => "cancelled",
        SaleState::Refunded => "refunded",
        SaleState::PartlyRefunded => "partly_refunded",
    };
    states.extend(SaleState::ALL.map(|state| Choice::new(state.word(), label(state), word.state == Some(state))));
    StatusRow {
        number,
        word: word.word.clone(),
        rows: counted(word.rows, "row", "rows"),
        states,
        reason: super::super::answer::quoted(&word.reason),
        is_unknown: word.is_unknown(),
    }
}

/// The answers in a sentence each, for the dry run.
pub(super) fn sentences(setting: &Setting, reading: &Reading) -> Vec<(bool, String, String)> {
    let mut all = Vec::new();
    if let Some(owner) = reading.owner() {
        let which = if reading.names_owner() { "Rows that name no rep" } else { "All rows" };
        let doubt = owner_doubt(&setting.config, reading);
        let text = doubt.as_ref().map(|text| super::super::answer::sentence(text)).unwrap_or_default();
        all.push((doubt.is_some(), format!("{which} were sold by {owner}"), text));
    }
    let mapped: Vec<String> = reading
        .statuses()
        .iter()
        .filter_map(|word| Some((word, word.state?)))
        .filter(|(word, state)| word.word != state.word())
        .map(|(word, state)| format!("“{}” is {}", word.word, state.word()))
        .collect();
    if !mapped.is_empty() {
        all.push((false, "Status words were read as states".to_owned(), format!("{}.", mapped.join(", "))));
    }
    all
}
