//! The made-up company: who sells what to whom, and how each of its systems names them.

/// Reps and teams, as a people file.
pub(super) const PEOPLE: &str = include_str!("../../../../examples/demo/people.toml");
/// The plan of the reps.
pub(super) const REP_PLAN: &str = include_str!("../../../../examples/demo/rep-plan.toml");
/// The same from 16 February on.
pub(super) const REP_PLAN_FROM_FEBRUARY: &str = include_str!("../../../../examples/demo/rep-plan-from-february.toml");
/// The plan of the managers.
pub(super) const MANAGER_PLAN: &str = include_str!("../../../../examples/demo/manager-plan.toml");

/// A rep as the three systems name them.
pub(super) struct Seller {
    pub(super) name: &'static str,
    /// As the order system writes it.
    pub(super) reversed: &'static str,
    /// As the partner portal writes it.
    pub(super) code: &'static str,
    pub(super) region: Region,
    /// How much they sell, compared to each other.
    pub(super) weight: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Region {
    North,
    South,
    West,
}

impl Region {
    pub(super) fn english(self) -> &'static str {
        match self {
            Self::North => "North",
            Self::South => "South",
            Self::West => "West",
        }
    }

    pub(super) fn german(self) -> &'static str {
        match self {
            Self::North => "Nord",
            Self::South => "Süd",
            Self::West => "West",
        }
    }

    pub(super) fn code(self) -> &'static str {
        match self {
            Self::North => "R-N",
            Self::South => "R-S",
            Self::West => "R-W",
        }
    }
}

const fn seller(name: &'static str, reversed: &'static str, code: &'static str, region: Region, weight: u64) -> Seller {
    Seller { name, reversed, code, region, weight }
}

pub(super) const SELLERS: [Seller; 12] = [
    seller("Mara Lindqvist", "Lindqvist, Mara", "V-101", Region::North, 13),
    seller("Jonas Feld", "Feld, Jonas", "V-102", Region::North, 9),
    seller("Sofia Brandt", "Brandt, Sofia", "V-103", Region::North, 8),
    seller("Kai Petersen", "Petersen, Kai", "V-104", Region::North, 5),
    seller("Änne Köhler", "Köhler, Änne", "V-201", Region::South, 12),
    seller("Lukas Moser", "Moser, Lukas", "V-202", Region::South, 9),
    seller("Sven Brandt", "Brandt, Sven", "V-203", Region::South, 8),
    seller("Ida Weiß", "Weiß, Ida", "V-204", Region::South, 7),
    seller("Tom Rademaker", "Rademaker, Tom", "V-301", Region::West, 11),
    seller("Yusuf Demir", "Demir, Yusuf", "V-302", Region::West, 9),
    seller("Clara Boyle", "Boyle, Clara", "V-303", Region::West, 8),
    seller("Pieter Jansen", "Jansen, Pieter", "V-304", Region::West, 6),
];

/// What is sold: code, name, price in cents, cost in percent, how often compared to each other.
pub(super) const PRODUCTS: [(&str, &str, i64, i64, u64); 9] = [
    ("HD-100", "Flow sensor", 18_000, 55, 22),
    ("HD-120", "Pressure gauge", 9_500, 52, 20),
    ("HD-310", "Data logger", 42_000, 48, 16),
    ("HD-450", "Control unit", 125_000, 50, 9),
    ("HD-900", "Test bench", 680_000, 58, 2),
    ("HD-Z05", "Cable set", 3_450, 40, 12),
    ("SV-10", "Calibration", 15_000, 30, 10),
    ("SV-20", "Service plan", 54_000, 25, 6),
    ("SV-30", "Training day", 90_000, 35, 3),
];

/// Who buys.
pub(super) const CUSTOMERS: [&str; 36] = [
    "Aurora Pumpen GmbH",
    "Bäckerei Sommer AG",
    "Borealis Energie",
    "Brauerei Hopfenthal",
    "Cascade Wasserwerke",
    "Chemie Rösler KG",
    "Delta Kältetechnik",
    "Elbe Schiffbau",
    "Falkner Antriebe",
    "Gasnetz Mitte",
    "Glaswerk Özdemir",
    "Hafenlogistik Nord",
    "Hydra Prüfbau",
    "Isar Medizintechnik",
    "Jura Präzision",
    "Kläranlage Ostufer",
    "Kronach Textil",
    "Lahnstein Papier",
    "Linden Labor",
    "Maschinenbau Überall",
    "Molkerei Grünwald",
    "Neckar Turbinen",
    "Orion Sensorik",
    "Papierfabrik Weser",
    "Quarzwerk Süd",
    "Rheinmetallbau Otto",
    "Solarpark Fläming",
    "Stadtwerke Hohenau",
    "Stahlhandel Kühn",
    "Tannwald Möbel",
    "Ulmer Druckluft",
    "Ventura Klima",
    "Wälzlager Franke",
    "Westtor Fahrzeuge",
    "Zement Alpenrand",
    "Zuckerfabrik Börde",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people_file::PeopleFile;

    #[test]
    fn the_sellers_are_the_reps_of_the_people_file() {
        let file = PeopleFile::parse(PEOPLE).expect("the demo's people");
        let reps: Vec<&str> = file.reps.iter().filter(|r| r.aliases.iter().any(|a| a.contains(", "))).map(|r| r.name.as_str()).collect();
        let sellers: Vec<&str> = SELLERS.iter().map(|s| s.name).collect();
        assert_eq!(reps, sellers);
        for seller in &SELLERS {
            let rep = file.reps.iter().find(|r| r.name == seller.name).expect("a rep");
            assert!(rep.aliases.iter().any(|a| a == seller.reversed), "{} is not known as {}", rep.name, seller.reversed);
            assert_eq!(rep.teams[0].team(), seller.region.english());
        }
        assert_eq!(file.teams.len(), 3);
    }

    #[test]
    fn the_plans_pass_their_examples() {
        for text in [REP_PLAN, REP_PLAN_FROM_FEBRUARY, MANAGER_PLAN] {
            let checked = meed_app::programs::check(text);
            let findings: Vec<String> = checked.findings.iter().map(ToString::to_string).collect();
            assert!(findings.is_empty(), "{findings:?}");
            for example in &checked.examples {
                assert!(example.passed(), "{}: {:?}", example.name, example.differences);
            }
        }
    }
}
