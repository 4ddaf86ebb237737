//! The words of a status column and the states that they mean: proposed, shown, chosen, remembered (`file-intake.md` 7,
//! booleans and enums). A word that is not known stays as it is written; it never becomes a state by itself.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{Reading, Warning};
use crate::hints::Hints;
use crate::mapping::{SaleState, Target};
use crate::values::cell::{CellKind, is_placeholder};
use crate::values::profile::Profile;
use crate::values::words::fold;

/// Different words that a column may have to be offered for value mapping.
const WORDS_MAX: usize = 40;
/// Characters of a word at most.
const LONG: usize = 60;
/// Words that a warning names.
const NAMED: usize = 4;

/// Why a word has no state.
const NOT_KNOWN: &str = "not known as a state; kept as it is written";
/// The beginning of every reason of a remembered choice.
const REMEMBERED: &str = "remembered from the last import of this layout";
/// Why a word has the state that a person gave it.
const CHOSEN: &str = "chosen by a person";

/// A word of the status column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusWord {
    /// As it is written.
    pub word: String,
    /// Rows that say it.
    pub rows: u64,
    /// The first of them, from 1.
    pub line: u64,
    /// The state that it means; `None` keeps the word as it is written.
    pub state: Option<SaleState>,
    /// Why.
    pub reason: String,
}

impl StatusWord {
    /// Whether nobody knows what it means: neither Meed nor, so far, a person.
    pub fn is_unknown(&self) -> bool {
        self.reason == NOT_KNOWN
    }

    /// Whether a person chose it, now or for an earlier file.
    pub fn is_chosen(&self) -> bool {
        self.reason == CHOSEN || self.reason == REMEMBERED
    }
}

/// The words of one column.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ColumnWords {
    pub(super) column: usize,
    words: Vec<StatusWord>,
    /// There are too many to be words of a state.
    many: bool,
    #[serde(skip)]
    last: usize,
}

impl ColumnWords {
    /// A column that has few words, as far as its sample tells.
    pub(super) fn of(column: usize, profile: &Profile) -> Option<Self> {
        let is_few = !profile.is_empty() && profile.distinct() <= WORDS_MAX as u64 && profile.longest <= LONG;
        let is_value = profile.numbers() >= 500 || profile.share(&[CellKind::Date, CellKind::Email, CellKind::Url]) >= 500;
        (is_few && !is_value).then(|| Self { column, ..Self::default() })
    }

    /// Counts a cell.
    pub(super) fn add(&mut self, text: &str, line: u64) {
        let text = text.trim();
        if self.many || text.is_empty() || is_placeholder(text) {
            return;
        }
        // Rows come in runs: the word of the row above is the likeliest.
        if let Some(same) = self.words.get_mut(self.last).filter(|word| word.word == text) {
            same.rows += 1;
        } else if let Some(at) = self.words.iter().position(|word| word.word == text) {
            self.words[at].rows += 1;
            self.last = at;
        } else if self.words.len() == WORDS_MAX || text.chars().count() > LONG {
            self.words = Vec::new();
            self.many = true;
        } else {
            self.last = self.words.len();
            self.words.push(StatusWord { word: text.to_owned(), rows: 1, line, state: None, reason: NOT_KNOWN.into() });
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> &[StatusWord] {
        &self.words
    }

    /// Proposes states: nothing for a word that a plan names, for then the plan means the word as it is written.
    fn propose(&mut self, hints: &Hints) {
        self.words.sort_by(|a, b| b.rows.cmp(&a.rows).then(a.line.cmp(&b.line)));
        for word in &mut self.words {
            if hints.plan_words.contains(&word.word) {
                "a plan names this word, so it is kept as it is written".clone_into(&mut word.reason);
            } else if let Some(state) = SaleState::meant_by(&word.word) {
                word.state = Some(state);
                word.reason = format!("`{}` means {}", word.word, state.word().replace('_', " "));
            }
        }
    }
}

/// The form in which words are remembered.
fn key(word: &str) -> String {
    fold(word.trim())
}

/// Takes the words over from the walk, with their states: remembered ones first.
pub(super) fn learn(reading: &mut Reading, words: &[ColumnWords], hints: &Hints) {
    reading.words = words.to_vec();
    for column in &mut reading.words {
        column.propose(hints);
    }
    let Some(memory) = &hints.remembered else { return };
    reading.known_states.clone_from(&memory.statuses);
    let had_status = memory.columns.iter().any(|column| column.target == Some(Target::Status));
    let Some(known) = memory.statuses.as_ref().or(had_status.then_some(&BTreeMap::new())).cloned() else { return };
    let is_older = memory.statuses.is_none();
    for word in status_words(reading).into_iter().flatten() {
        // A layout that was imported before words had states keeps its words: plans name them.
        let state = known.get(&key(&word.word)).copied().or(is_older.then_some(None));
        if let Some(state) = state {
            word.state = state;
            REMEMBERED.clone_into(&mut word.reason);
        }
    }
}

fn status_words(reading: &mut Reading) -> Option<&mut Vec<StatusWord>> {
    let column = reading.column_of(Target::Status)?;
    reading.words.iter_mut().find(|words| words.column == column).map(|words| &mut words.words)
}

/// What is to be remembered of words: those of this file, and those of former ones that it lacks.
pub(super) fn remembered(reading: &Reading) -> Option<BTreeMap<String, Option<SaleState>>> {
    if reading.column_of(Target::Status).is_none() {
        return reading.known_states.clone();
    }
    let mut all = reading.known_states.clone().unwrap_or_default();
    all.extend(reading.statuses().iter().map(|word| (key(&word.word), word.state)));
    Some(all)
}

/// The words that become a state, for the conversion of rows.
pub(super) fn states(reading: &Reading) -> HashMap<String, &'static str> {
    reading.statuses().iter().filter_map(|word| Some((word.word.clone(), word.state?.word()))).collect()
}

/// Puts words on states as a person chose; words that this file lacks are remembered for the next.
pub(super) fn choose(reading: &mut Reading, choices: &[(String, Option<SaleState>)]) {
    for (chosen, state) in choices {
        let mut is_here = false;
        for word in status_words(reading).into_iter().flatten().filter(|word| key(&word.word) == key(chosen)) {
            word.state = *state;
            CHOSEN.clone_into(&mut word.reason);
            is_here = true;
        }
        if !is_here {
            reading.known_states.get_or_insert_default().insert(key(chosen), *state);
        }
    }
}

/// Says which words of the status column are not known.
pub(super) fn warn(reading: &mut Reading) {
    let Some(column) = reading.column_of(Target::Status) else { return };
    let name = reading.names.get(column).cloned().unwrap_or_default();
    if reading.words.iter().any(|words| words.column == column && words.many) {
        let text = format!("`{name}` has more than {WORDS_MAX} different words; they are kept as they are written");
        reading.warnings.push(Warning::new("status.many", reading.first_line, text));
        return;
    }
    let unknown: Vec<&StatusWord> = reading.statuses().iter().filter(|word| word.is_unknown()).collect();
    let Some(first) = unknown.iter().map(|word| word.line).min() else { return };
    let mut listed: Vec<String> = unknown.iter().take(NAMED).map(|word| format!("`{}`", word.word)).collect();
    if unknown.len() > NAMED {
        listed.push(format!("{} more", unknown.len() - NAMED));
    }
    let verb = if unknown.len() == 1 {
        "is no state that is known and stays as it is"
    } else {
        "are no states that are known and stay as they are"
    };
    let text = format!("`{name}`: {} {verb} written", listed.join(", "));
    reading.warnings.push(Warning::new("status.unknown", Some(first), text));
}
