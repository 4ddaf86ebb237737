//! Calculations in the words of the pages.

use meed_app::calculations::AlertLine;
use meed_app::releases::{PeriodState, PeriodView};
use meed_core::id::{Id, Kind};

use super::super::answer::sentence;
use super::super::shown::counted;
use crate::pages::calculations::CalculationStatus;
use crate::pages::{Notice, Tone};

/// Where a program's period stands.
pub(in crate::web) fn status(booked: &PeriodView) -> CalculationStatus {
    match booked.standing() {
        PeriodState::Paid => CalculationStatus::Paid,
        PeriodState::Released => CalculationStatus::Released,
        PeriodState::CreditsReleased => CalculationStatus::CreditsReleased,
        PeriodState::Reversed => CalculationStatus::Reversed,
        // Whoever looks at it has calculated it, even where nobody earned anything.
        PeriodState::Calculated | PeriodState::Draft => CalculationStatus::Calculated,
    }
}

/// An alert with the place where it can be dealt with.
pub(in crate::web) fn alert_notice(alert: &AlertLine) -> Notice {
    let href = match (alert.code.as_str(), alert.reps.first(), alert.first_sale) {
        ("quota_missing" | "variable_missing" | "amount_overflow", Some(rep), _) => format!("/reps/{}", Id(*rep).text(Kind::Rep)),
        ("duplicate_alias" | "no_match", _, _) => "/people".to_owned(),
        (_, _, Some(sale)) => format!("/sales/{}", Id(sale).text(Kind::Sale)),
        _ => String::new(),
    };
    let tone = match alert.code.as_str() {
        "duplicate_alias" | "amount_overflow" | "condition_error" => Tone::Bad,
        _ => Tone::Warn,
    };
    let text = if alert.sales > 0 { format!("{}.", counted(alert.sales, "sale", "sales")) } else { String::new() };
    Notice { tone, title: sentence(&alert.text), text, href, when: String::new() }
}

/// Whether a reason is what the plan means, or something that a person should look at.
pub(in crate::web) fn reason_is_meant(code: &str) -> bool {
    matches!(code, "condition_false" | "outside_validity" | "already_counted" | "not_target")
}

/// Versions of a program by their numbers, in words.
pub(in crate::web) fn versions(numbers: &[u32]) -> String {
    numbers.iter().map(|number| format!("v{number}")).collect::<Vec<_>>().join(", ")
}
