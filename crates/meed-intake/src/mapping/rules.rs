//! How the concepts of a header speak for a target: the rules of `data/rules.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::target::Target;
use super::words::{Concept, Header};

const RULES: &str = include_str!("../../data/rules.txt");
/// Points that a known concept costs which no rule of the target mentions.
const OTHER: i32 = 30;
/// Points that an unknown word costs where the section says nothing.
const UNKNOWN: i32 = 12;

/// Points that a 1 in the header costs: the first of several is good, the only one better.
const FIRST: i32 = 5;

struct Rule {
    points: i32,
    /// No unknown word may stand beside.
    exact: bool,
    needs: Vec<Vec<Concept>>,
}

#[derive(Default)]
struct Section {
    unknown: Option<i32>,
    costs: HashMap<Concept, i32>,
    never: Vec<Concept>,
    rules: Vec<Rule>,
}

static SECTIONS: LazyLock<HashMap<Target, Section>> = LazyLock::new(|| read(RULES).0);

/// Reads the rules; names that are no concept come back as the second part.
fn read(text: &str) -> (HashMap<Target, Section>, Vec<String>) {
    let mut sections: HashMap<Target, Section> = HashMap::new();
    let mut strange = Vec::new();
    let mut current = None;
    let concepts = |words: &str, strange: &mut Vec<String>| -> Vec<Concept> {
        words
            .split_whitespace()
            .filter_map(|w| {
                let found = Concept::named(w);
                if found.is_none() {
                    strange.push(w.to_owned());
                }
                found
            })
            .collect()
    };
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            current = Target::from_name(name);
            continue;
        }
        let Some(section) = current.map(|t| sections.entry(t).or_default()) else { continue };
        if let Some(points) = line.strip_prefix("unknown ") {
            section.unknown = points.trim().parse().ok();
        } else if let Some(words) = line.strip_prefix("free ") {
            section.costs.extend(concepts(words, &mut strange).into_iter().map(|c| (c, 0)));
        } else if let Some(words) = line.strip_prefix("never:") {
            section.never.extend(concepts(words, &mut strange));
        } else if let Some((points, words)) = line.strip_prefix("cost ").and_then(|l| l.split_once(':')) {
            let points = points.trim().parse().unwrap_or(OTHER);
            section.costs.extend(concepts(words, &mut strange).into_iter().map(|c| (c, points)));
        } else if let Some((points, words)) = line.split_once(' ') {
            let needs = words.split_whitespace().map(|w| concepts(&w.replace('|', " "), &mut strange)).collect();
            let exact = points.ends_with('!');
            section.rules.push(Rule { points: points.trim_end_matches('!').parse().unwrap_or(0), exact, needs });
        }
    }
    (sections, strange)
}

/// Points for a header as the name of the target, and the rule's words; `None` if nothing speaks for it.
pub(crate) fn points(target: Target, header: &Header) -> Option<i32> {
    let section = SECTIONS.get(&target)?;
    let best = section.rules.iter().filter_map(|rule| section.weigh(rule, header)).max()?;
    (best > 0).then_some(best)
}

/// Whether a concept of the header rules the target out.
pub(crate) fn is_ruled_out(target: Target, header: &Header) -> bool {
    SECTIONS.get(&target).is_some_and(|s| header.concepts.iter().any(|c| s.never.contains(c)))
}

impl Section {
    fn weigh(&self, rule: &Rule, header: &Header) -> Option<i32> {
        let mut used: Vec<Concept> = Vec::new();
        for need in &rule.needs {
            used.push(*need.iter().find(|c| header.concepts.contains(c) && !used.contains(c))?);
        }
        if rule.exact && header.unknown > 0 {
            return None;
        }
        let mut points = rule.points - self.unknown.unwrap_or(UNKNOWN) * i32::try_from(header.unknown.min(9)).unwrap_or(9);
        points -= if header.first { FIRST } else { 0 };
        for concept in header.concepts.iter().filter(|c| !used.contains(c)) {
            if self.never.contains(concept) {
                return None;
            }
            points -= self.costs.get(concept).copied().unwrap_or(OTHER);
        }
        Some(points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::words::parse;

    #[test]
    fn every_word_of_the_rules_is_a_concept() {
        assert_eq!(read(RULES).1, Vec::<String>::new());
    }

    #[test]
    fn headers_find_their_target() {
        for (target, header) in [
            (Target::UniqueId, "Rechnungsnummer"),
            (Target::UniqueId, "Order #"),
            (Target::Date, "Bestelldatum"),
            (Target::Date, "Close Date"),
            (Target::Revenue, "Net Sales"),
            (Target::Revenue, "Montant HT"),
            (Target::Tax, "TVA"),
            (Target::Profit, "Deckungsbeitrag"),
            (Target::UnitCost, "Einkaufspreis"),
            (Target::Owner, "Account Manager"),
            (Target::Owner, "Deal owner"),
            (Target::Team, "Sales Team"),
            (Target::Territory, "Shipping Country"),
            (Target::Coupon, "Coupon(s)"),
            (Target::CustomerName, "Name des Käufers"),
            (Target::CustomerCode, "Kundennummer"),
            (Target::ProductCode, "Artikelnummer"),
            (Target::ProductName, "Artikelbezeichnung"),
            (Target::Quantity, "Menge"),
        ] {
            let parsed = parse(header);
            let own = points(target, &parsed).unwrap_or(0);
            assert!(
                own >= 75,
                "{header} for {} has {own}: {:?}",
                target.name(),
                parsed.concepts.iter().map(|c| c.name()).collect::<Vec<_>>()
            );
            for other in Target::DETECTED.iter().filter(|t| **t != target) {
                assert!(points(*other, &parsed).unwrap_or(0) < own, "{header}: {} wins over {}", other.name(), target.name());
            }
        }
    }
}
