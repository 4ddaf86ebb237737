//! What has become of a sale: the words of status columns, in several languages, as one of few states
//! (`file-intake.md` 5.4, rule 9). A word that is not known as a whole has no state.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::words::{phrases, tokens};

const STATES: &str = include_str!("../../data/states.txt");

/// What has become of a sale. Which states count is what a plan's conditions say: `sale.status == "won"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SaleState {
    /// Not decided, not done, or not paid yet.
    Open,
    /// The sale is made: won, ordered, delivered, invoiced.
    Won,
    /// Made, and the money has come.
    Paid,
    /// It did not come about.
    Lost,
    /// It was made and called off.
    Cancelled,
    /// The money went back.
    Refunded,
    /// A part of the money went back.
    PartlyRefunded,
}

impl SaleState {
    /// Every state, in the order in which a choice lists them.
    pub const ALL: [Self; 7] = [Self::Open, Self::Won, Self::Paid, Self::Lost, Self::Cancelled, Self::Refunded, Self::PartlyRefunded];

    /// The word that the sale says as its status, as plans and the API spell it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Paid => "paid",
            Self::Lost => "lost",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
            Self::PartlyRefunded => "partly_refunded",
        }
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// The state that a word of a status column stands for; `None` where it is not known or could mean several.
    pub fn meant_by(text: &str) -> Option<Self> {
        KNOWN.get(&tokens(text).join(" ")).copied()
    }
}

static KNOWN: LazyLock<HashMap<String, SaleState>> = LazyLock::new(|| {
    let mut known: HashMap<String, SaleState> = SaleState::ALL.iter().map(|state| (tokens(state.word()).join(" "), *state)).collect();
    for (state, words) in lines() {
        known.extend(words.into_iter().map(|word| (word, state)));
    }
    known
});

fn lines() -> impl Iterator<Item = (SaleState, Vec<String>)> {
    STATES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (name, words) = line.split_once(':')?;
        Some((SaleState::from_word(name)?, phrases(words)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_several_languages_mean_a_state() {
        use SaleState::{Cancelled, Lost, Open, Paid, PartlyRefunded, Refunded, Won};
        for (text, state) in [
            ("won", Won),
            ("Closed Won", Won),
            ("Closed & Won", Won),
            ("closedwon", Won),
            ("Gewonnen", Won),
            ("abgeschlossen", Won),
            ("Geschlossen, gewonnen", Won),
            ("Payé", Paid),
            ("BEZAHLT", Paid),
            ("Closed Lost", Lost),
            ("cancelled", Cancelled),
            ("Canceled", Cancelled),
            ("storniert", Cancelled),
            ("Annulée", Cancelled),
            ("Rückerstattet", Refunded),
            ("PartiallyRefunded", PartlyRefunded),
            ("partly_refunded", PartlyRefunded),
            ("Nicht bezahlt", Open),
            ("en attente", Open),
        ] {
            assert_eq!(SaleState::meant_by(text), Some(state), "{text}");
        }
    }

    #[test]
    fn a_word_that_could_mean_several_states_means_none() {
        for text in ["closed", "Sent", "Contract sent", "processing", "not won", "Won (unsure)", "won 2", "Stage 3", "failed", "", "–"] {
            assert_eq!(SaleState::meant_by(text), None, "{text}");
        }
    }

    #[test]
    fn every_line_has_a_state_and_no_word_has_two() {
        let mut seen: HashMap<String, SaleState> = HashMap::new();
        for line in STATES.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            let name = line.split_once(':').map(|(name, _)| name);
            assert!(name.and_then(SaleState::from_word).is_some(), "{line}");
        }
        for (state, words) in lines() {
            for word in words {
                assert_eq!(tokens(&word).join(" "), word, "a word has to be written as it is compared");
                if let Some(other) = seen.insert(word.clone(), state) {
                    assert_eq!(other, state, "`{word}`");
                }
            }
        }
    }
}
