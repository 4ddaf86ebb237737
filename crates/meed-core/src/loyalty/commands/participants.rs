//! Making and changing participants, with their means of identification: all or none.

use super::TillReply;
use super::checks::{NAME_MAX, TEXT_MAX, check_length, check_lengths, invalid};
use crate::command::{Command, Needs, PutRecord, PutRecords, RecordKind, Refused, Reply, State};
use crate::id::{Id, Kind};
use crate::loyalty::Participant;
use crate::loyalty::means::{Means, fold_code};

/// Longest given or family name, in characters.
const PERSON_NAME_MAX: usize = 400;
/// Longest e-mail address, in characters (RFC 3696).
const EMAIL_MAX: usize = 320;
/// Most tags, payment media or limits of a participant.
const LISTED_MAX: usize = 100;

/// A means of identification to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMeans {
    /// What it is: card, phone, e-mail, number …
    pub kind: String,
    /// The code.
    pub code: String,
    /// Keyed hash of its pass code, where it has one.
    pub pass_code: Option<String>,
    /// Default brand and type of the payment medium, where the means is one.
    pub payment: (Option<String>, Option<String>),
}

/// Writes a participant and means of theirs.
#[derive(Clone, Debug)]
pub struct SaveParticipant {
    /// The participant to change; `None` makes a new one.
    pub id: Option<Id>,
    /// The document; an empty number is filled in.
    pub participant: Participant,
    /// Means to add.
    pub means: Vec<NewMeans>,
}

impl SaveParticipant {
    /// The texts that are kept.
    fn check_texts(&self) -> Result<(), Refused> {
        let person = &self.participant;
        let names = [("first_name", &person.first_name), ("last_name", &person.last_name)];
        names.iter().try_for_each(|(field, text)| check_length(text, PERSON_NAME_MAX, field))?;
        check_lengths(&[("email", person.email.as_ref())], EMAIL_MAX)?;
        let more = [
            ("phone", person.phone.as_ref()),
            ("city", person.city.as_ref()),
            ("country", person.country.as_ref()),
            ("gender", person.gender.as_ref()),
        ];
        check_lengths(&more, NAME_MAX)?;
        let too_many = |field: &str| Err(invalid("too_many_rows", field, format!("`{field}` has at most {LISTED_MAX} entries")));
        if person.limits.len() > LISTED_MAX {
            return too_many("limits");
        }
        for (field, texts) in [("tags", &person.tags), ("payment_media", &person.payment_media)] {
            if texts.len() > LISTED_MAX {
                return too_many(field);
            }
            texts.iter().enumerate().try_for_each(|(place, text)| check_length(text, NAME_MAX, &format!("{field}[{place}]")))?;
        }
        check_lengths(&[("terminated", person.terminated.as_ref().map(|ended| &ended.reason))], TEXT_MAX)?;
        for (place, means) in self.means.iter().enumerate() {
            let field = |name: &str| format!("means[{place}].{name}");
            check_length(&means.kind, NAME_MAX, &field("kind"))?;
            let (brand, kind) = (means.payment.0.as_ref(), means.payment.1.as_ref());
            check_lengths(&[(&field("payment_brand"), brand), (&field("payment_type"), kind)], NAME_MAX)?;
        }
        Ok(())
    }

    fn put(&self, number: String) -> PutRecord {
        let body = Participant { number: number.clone(), ..self.participant.clone() }.write();
        match self.id {
            Some(id) => PutRecord { key: Some(number), ..PutRecord::change(RecordKind::Participant, id, body) },
            None => PutRecord::new(RecordKind::Participant, Some(number), body),
        }
    }

    fn means_of(&self, participant: Id) -> Vec<PutRecord> {
        let put = |means: &NewMeans| {
            let (payment_brand, payment_type) = means.payment.clone();
            let document = Means {
                participant,
                kind: means.kind.clone(),
                code: means.code.clone(),
                is_effective: true,
                pass_code: means.pass_code.clone(),
                payment_brand,
                payment_type,
            };
            PutRecord::new(RecordKind::Means, Some(fold_code(&means.code)), document.write())
        };
        self.means.iter().map(put).collect()
    }
}

impl Command for SaveParticipant {
    fn action(&self) -> &'static str {
        "participant.saved"
    }

    fn needs(&self, needs: &mut Needs) {
        if let Some(id) = self.id {
            needs.records.insert((RecordKind::Participant, id));
        }
        if !self.participant.number.is_empty() {
            needs.record_keys.insert((RecordKind::Participant, self.participant.number.clone()));
        }
        needs.record_keys.extend(self.means.iter().map(|means| (RecordKind::Means, fold_code(&means.code))));
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        self.check_texts()?;
        for (place, means) in self.means.iter().enumerate() {
            if fold_code(&means.code).is_empty() || means.code.chars().count() > 200 {
                let text = "a code has 1 to 200 characters besides spaces and dashes";
                return Err(invalid("code_invalid", &format!("means[{place}].code"), text));
            }
        }
        let number = if self.participant.number.trim().is_empty() {
            // Ids are given out once, so a number made of one is not taken.
            state.next_id().text(Kind::Participant).replace("par_", "RP").to_uppercase()
        } else {
            self.participant.number.trim().to_owned()
        };
        // Tiers by hand are set by their own command.
        let before = self.id.and_then(|id| state.record(RecordKind::Participant, id));
        let tiers = before.and_then(|record| Participant::read(&record.body).ok()).unwrap_or_default().tiers;
        let own = Self { participant: Participant { tiers, ..self.participant.clone() }, ..self.clone() };
        // Everything is looked at before anything is written.
        let puts: Vec<PutRecord> = std::iter::once(own.put(number.clone())).chain(self.means_of(Id(0))).collect();
        PutRecords { action: "", puts, event: None }.check(state)?;
        let written = PutRecords { action: "", puts: vec![own.put(number)], event: Some("participant.saved") }.decide(state)?;
        let Reply::Records(records) = written else { return Ok(Reply::Done) };
        let (id, version) = records.first().copied().unwrap_or_default();
        PutRecords { action: "", puts: self.means_of(id), event: None }.decide(state)?;
        Ok(Reply::Till(TillReply::Participant(id, version)))
    }
}
