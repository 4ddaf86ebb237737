//! What a person says about a file beside its columns: who sold all of it, what its status words mean, the year of its days.

use std::collections::BTreeSet;

use meed_core::people::Match;
use meed_core::sale::split_owners;
use meed_intake::{Answers, Reading};

use crate::Configuration;
use crate::error::{AppError, AppResult};

/// Characters of an alias that stands for who sold a whole file.
pub(crate) const OWNER_MAX: usize = 300;

/// Years that a day may be of.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2199;

/// Letters of a word of a plan that can be a word of a status column.
const WORD_MAX: usize = 60;

/// Refuses answers that cannot be kept.
pub(super) fn check(answers: &Answers) -> AppResult<()> {
    if let Some(owner) = &answers.owner {
        check_owner(owner)?;
    }
    match answers.year {
        Some(year) if !YEARS.contains(&year) => Err(AppError::invalid("year_invalid", "year", "the year is a number such as 2026")),
        _ => Ok(()),
    }
}

/// Refuses an alias for a whole file that cannot be kept.
pub(crate) fn check_owner(owner: &str) -> AppResult<()> {
    if owner.chars().count() > OWNER_MAX || owner.chars().any(char::is_control) {
        let text = format!("an owner is an alias of up to {OWNER_MAX} characters, or several with || between them");
        return Err(AppError::invalid("owner_invalid", "owner", text));
    }
    Ok(())
}

/// What is wrong with the owner of a whole file: a name that no rep has, or that several have. The sales are recorded all the
/// same and credited once somebody has the alias.
#[must_use]
pub fn owner_doubt(config: &Configuration, reading: &Reading) -> Option<String> {
    split_owners(reading.owner()?).find_map(|part| match config.directory.find_rep(part) {
        Match::One(_) => None,
        Match::Ambiguous(reps) => Some(format!("{} reps are called `{part}`, so nobody would be credited", reps.len())),
        Match::Nobody => Some(format!("no rep is called `{part}` yet; the sales are credited once one has this alias")),
    })
}

/// Texts between quotes in the documents of programs: a plan that says `sale.status == "Closed Won"` means the word as files
/// write it.
pub(super) fn plan_words(config: &Configuration) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for line in config.programs.iter().flat_map(|program| program.text.lines()) {
        for quote in ['"', '\''] {
            // What stands between any two quotes: in a nested quotation nobody needs to count which of them opens.
            let inner = line.split(quote).skip(1).filter(|text| !text.is_empty() && text.len() <= WORD_MAX);
            words.extend(inner.map(str::to_owned));
        }
    }
    words
}
