//! Mapping scored against truth files: the bar is 95 % recall and nothing wrong (`file-intake.md` 5.1).

use crate::scoring::{Score, layouts, score};
use meed_intake::Hints;

fn run(folder: &str, hints: &Hints) -> Score {
    let mut total = Score::default();
    for path in layouts(folder) {
        score(&path, hints, &mut total);
    }
    total
}

#[test]
fn the_ten_samples_are_mapped_without_a_wrong_column() {
    for without_library in [true, false] {
        let total = run("samples", &Hints { without_library, ..Hints::default() });
        total.print(if without_library { "samples, general rules alone" } else { "samples, with the library" });
        assert_eq!(total.files, 10);
        assert!(total.recall_permille() >= 950, "recall {}", total.recall_permille());
        assert_eq!(total.wrong, 0);
        assert!(total.fully_right > 5);
    }
}

#[test]
fn layouts_for_development_are_mapped_without_a_wrong_column() {
    let total = run("layouts/develop", &Hints { without_library: true, ..Hints::default() });
    total.print("layouts for development, general rules alone");
    assert!(total.recall_permille() >= 950, "recall {}", total.recall_permille());
    assert_eq!(total.wrong_automatic, 0);
}

#[test]
fn layouts_held_out_from_development_are_mapped_too() {
    let total = run("layouts/held_out", &Hints { without_library: true, ..Hints::default() });
    total.print("layouts held out, general rules alone");
    assert!(total.recall_permille() >= 950, "recall {}", total.recall_permille());
    assert_eq!(total.wrong_automatic, 0);
}

#[test]
fn layouts_written_later_are_mapped_too() {
    let total = run("layouts/later", &Hints { without_library: true, ..Hints::default() });
    total.print("layouts written later, general rules alone");
    assert!(total.recall_permille() >= 950, "recall {}", total.recall_permille());
    assert_eq!(total.wrong_automatic, 0);
}

#[test]
fn layouts_written_last_are_mapped_too() {
    let total = run("layouts/fresh", &Hints { without_library: true, ..Hints::default() });
    total.print("layouts written last, general rules alone");
    assert!(total.recall_permille() >= 950, "recall {}", total.recall_permille());
    assert_eq!(total.wrong_automatic, 0);
}

#[test]
fn layouts_written_by_somebody_who_did_not_know_the_rules_are_mapped_too() {
    let total = run("layouts/outside", &Hints { without_library: true, ..Hints::default() });
    total.print("layouts from outside, general rules alone");
    assert!(total.recall_permille() >= 900, "recall {}", total.recall_permille());
    assert_eq!(total.wrong_automatic, 0);
}
