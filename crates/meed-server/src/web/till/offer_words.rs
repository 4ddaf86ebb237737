//! Offers in words: what they give, for what, and how it may be spent.

use jiff::civil::Date;
use meed_core::condition::Condition;
use meed_core::loyalty::{Class, Expiry, Occasion, Offer, Rate, Repeats, Scope, SpendMethod};
use meed_core::money::{Exact, Unit};

use crate::pages::Fact;
use crate::web::shown::{counted, day_text};

fn number(value: Exact) -> String {
    value.normalize().to_string()
}

fn of(value: Exact, unit: Unit) -> String {
    if unit == Unit::POINTS { format!("{} points", number(value)) } else { format!("{:.*} {unit}", decimals(unit), value) }
}

fn decimals(unit: Unit) -> usize {
    usize::try_from(unit.exponent()).unwrap_or(2)
}

fn days(count: i64) -> String {
    counted(u64::try_from(count).unwrap_or_default(), "day", "days")
}

fn months(count: i32) -> String {
    counted(u64::try_from(count).unwrap_or_default(), "month", "months")
}

/// What it gives, in a few words.
pub(super) fn gives(offer: &Offer, currency: Unit) -> String {
    let unit = offer.award.unit.unwrap_or(currency);
    let what = match &offer.award.rate {
        Rate::Fixed(amount) => of(*amount, unit),
        Rate::Percent(percent) if unit == currency => format!("{} % back", number(*percent)),
        Rate::Percent(percent) => format!("{} % of the amount in {unit}", number(*percent)),
        Rate::Each { amount, per } => format!("{} for every {}", of(*amount, unit), of(*per, currency)),
        Rate::OfAwards(percent) => format!("{} % of what other offers give", number(*percent)),
    };
    let each = if offer.award.scope == Scope::Item { ", for each line" } else { "" };
    let most = offer.award.max.map(|most| format!(", at most {}", of(most, unit))).unwrap_or_default();
    format!("{what}{each}{most}")
}

/// What it is given for.
fn occasion(offer: &Offer, currency: Unit) -> String {
    let within = |days_back: &Option<i64>| days_back.map(|count| format!(" within {}", days(count))).unwrap_or_default();
    let range = |from: &Exact, to: &Option<Exact>| match (from.is_zero(), to) {
        (true, None) => String::new(),
        (false, None) => format!(" of at least {}", of(*from, currency)),
        (true, Some(to)) => format!(" of at most {}", of(*to, currency)),
        (false, Some(to)) => format!(" of {} to {}", of(*from, currency), of(*to, currency)),
    };
    match &offer.class {
        Class::Purchase { from, to } => format!("each purchase{}", range(from, to)),
        Class::Amount { from, within_days } => format!("purchases that reach {}{}", of(*from, currency), within(within_days)),
        Class::Number { at_least, within_days } => format!("every {} purchases{}", number(*at_least), within(within_days)),
        Class::Quantity { at_least, within_days } => format!("every {} pieces{}", number(*at_least), within(within_days)),
        Class::SignUp => "the first purchase after another offer gave something, once".to_owned(),
        Class::Activity { kind, from, to, at_least, within_days, classifications, needs_all } => {
            let times = at_least.map(|times| format!("{} times ", number(times))).unwrap_or_default();
            let joined = classifications.join(if *needs_all { " and " } else { " or " });
            let classes = if joined.is_empty() { String::new() } else { format!(" ({joined})") };
            format!("{times}{}{classes}{}{}", kind.name().replace('_', " "), range(from, to), within(within_days))
        }
        Class::Lottery { is_amount, threshold, within_days, .. } => {
            let what = if *is_amount { of(*threshold, currency) } else { format!("{} purchases", number(*threshold)) };
            format!("a draw for every {what}{}", within(within_days))
        }
    }
}

/// Until when it may be spent.
fn expiry(expiry: Expiry) -> String {
    let later = |text: &str, count: i32, unit: &str| if count == 0 { text.to_owned() } else { format!("{text}, {count} {unit} later") };
    match expiry {
        Expiry::Never => "for ever".to_owned(),
        Expiry::Days(count) => format!("for {}", days(i64::from(count))),
        Expiry::Months(count) => format!("for {}", months(count)),
        Expiry::EndOfMonth(count) => later("to the end of the month", count, "months"),
        Expiry::EndOfYear(count) => later("to the end of the year", count, "years"),
        Expiry::On(day) => format!("to {}", day_text(day)),
    }
}

const fn spent(method: SpendMethod) -> &'static str {
    match method {
        SpendMethod::OnRequest => "from the wallet, when the customer asks",
        SpendMethod::Instant => "taken off the same purchase",
        SpendMethod::Voucher => "as a voucher",
        SpendMethod::Automatic => "from the wallet, by itself",
    }
}

fn valid(days: &[(Option<Date>, Option<Date>)]) -> String {
    let one = |(from, until): &(Option<Date>, Option<Date>)| match (from, until) {
        (None, None) => "always".to_owned(),
        (Some(from), None) => format!("from {}", day_text(*from)),
        (None, Some(until)) => format!("to {}", day_text(*until)),
        (Some(from), Some(until)) => format!("{} to {}", day_text(*from), day_text(*until)),
    };
    days.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn repeats(repeats: Repeats) -> String {
    match repeats {
        Repeats::Always => String::new(),
        Repeats::Once => "once for each customer".to_owned(),
        Repeats::OncePer { days: 0, months: count } => format!("once in {}", months(count)),
        Repeats::OncePer { days: count, .. } => format!("once in {}", days(i64::from(count))),
    }
}

/// An offer in words, label by label; what says nothing is left out.
pub(super) fn facts(offer: &Offer, currency: Unit) -> Vec<Fact> {
    let said = |condition: &Option<Condition>| condition.as_ref().map(Condition::words).unwrap_or_default();
    let window = offer.occasion.as_ref().map(|window| {
        let day = match window.occasion {
            Occasion::Birthday => "the customer’s birthday",
            Occasion::NameDay => "the customer’s name day",
            Occasion::Christmas => "Christmas",
            Occasion::Easter => "Easter",
        };
        format!("from {} before {day} to {} after it", days(window.before), days(window.after))
    });
    let all = [
        ("Gives", gives(offer, currency)),
        ("For", occasion(offer, currency)),
        ("Where", said(&offer.condition)),
        ("When", window.unwrap_or_default()),
        ("Holds", valid(&offer.valid)),
        ("How often", repeats(offer.repeats)),
        ("In all", offer.uses_max.map(|most| counted(u64::try_from(most).unwrap_or_default(), "time", "times")).unwrap_or_default()),
        ("With others", if offer.stacks { "on top of them" } else { "only the best of those that do not stack" }.to_owned()),
        ("Spent", spent(offer.spend.method).to_owned()),
        ("Spent where", said(&offer.spend.condition)),
        ("Good", if offer.spend.method == SpendMethod::Instant { String::new() } else { expiry(offer.spend.expiry) }),
        ("Usable", if offer.award.pending_days > 0 { format!("{} later", days(offer.award.pending_days)) } else { String::new() }),
        ("Evaluated", if offer.is_batch() { "by a run behind the tills".to_owned() } else { String::new() }),
        ("Scheme", offer.scheme.clone()),
    ];
    let filled = all.into_iter().filter(|(_, value)| !value.is_empty());
    filled.map(|(label, value)| Fact { label: label.to_owned(), value, href: String::new() }).collect()
}

/// An offer in one line, for lists.
pub(super) fn line(offer: &Offer, currency: Unit) -> String {
    let day = offer.occasion.as_ref().map(|window| match window.occasion {
        Occasion::Birthday => ", around the birthday",
        Occasion::NameDay => ", around the name day",
        Occasion::Christmas => ", around Christmas",
        Occasion::Easter => ", around Easter",
    });
    let only = offer.condition.as_ref().map(|condition| format!(", where {}", condition.words()));
    format!("{} for {}{}{}", gives(offer, currency), occasion(offer, currency), day.unwrap_or_default(), only.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_told_in_words() {
        let euro: Unit = "EUR".parse().expect("a currency");
        let told = |rest: &str| {
            let text = format!("kind = \"reward\"\nname = \"X\"\nscheme = \"club\"\n{rest}");
            let offer = Offer::parse(&text).expect("an offer");
            let facts: Vec<String> = facts(&offer, euro).into_iter().map(|fact| format!("{} {}", fact.label, fact.value)).collect();
            (line(&offer, euro), facts.join(" | "))
        };
        let (line, facts) = told("from = 50\n[award]\namount = 2\n[spend]\nexpires = \"60 days\"\n");
        assert_eq!(line, "2.00 EUR for each purchase of at least 50.00 EUR");
        assert!(facts.contains("Good for 60 days") && facts.contains("With others only the best"), "{facts}");
        let (line, facts) = told("stacks = true\nclass = \"number\"\nat_least = 5\nwithin = \"30 days\"\n[award]\npercent = \"3%\"\n");
        assert_eq!(line, "3 % back for every 5 purchases within 30 days");
        assert!(facts.contains("Good for ever") && facts.contains("With others on top of them"), "{facts}");
        let (line, _) = told("condition = \"line.family == 'fish'\"\n[award]\npercent = \"5%\"\n");
        assert_eq!(line, "5 % back for each purchase, where the family is “fish”");
        let (line, _) = told("[award]\neach = 10\nper = 1\nunit = \"points\"\n");
        assert_eq!(line, "10 points for every 1.00 EUR for each purchase");
    }
}
