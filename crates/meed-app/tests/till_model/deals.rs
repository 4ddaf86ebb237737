//! Offers as a slow reader of `pos-loyalty.md` §9 computes them: drawn at random, written as documents for the server, and
//! folded over all purchases of a customer each time.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::random::Random;
use crate::slow::{Sale, share};

/// Money and points, by place.
pub(crate) const MONEY: usize = 0;
pub(crate) const POINTS: usize = 1;
/// What is sold, by family.
pub(crate) const FAMILIES: [&str; 3] = ["bakery", "dairy", "drinks"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fires {
    Purchase { from: i64 },
    Sum { from: i64, within: Option<i64> },
    Number { times: i64, within: Option<i64> },
    Items { items: i64, within: Option<i64> },
    SignUp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Only {
    Everything,
    Family(usize),
    Gold,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gives {
    /// Tenths of a percent.
    Percent(i64),
    Fixed(i64),
    /// So many points for every full so many major units.
    Each(i64, i64),
    OfAwards(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    Always,
    Once,
    OncePer(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    OnRequest,
    Instant,
    Voucher,
}

/// An offer.
#[derive(Clone, Debug)]
pub(crate) struct Deal {
    pub(crate) fires: Fires,
    pub(crate) only: Only,
    pub(crate) gives: Gives,
    pub(crate) coin: usize,
    pub(crate) per_item: bool,
    pub(crate) on_paid: bool,
    pub(crate) stacks: bool,
    pub(crate) again: Again,
    pub(crate) waits: i64,
    pub(crate) lives: Option<i64>,
    /// The family that an award may be spent on.
    pub(crate) bound: Option<usize>,
    pub(crate) method: Method,
    /// How much may be granted, and whether the last piece is.
    pub(crate) budget: Option<(i64, bool)>,
    pub(crate) uses_max: Option<i64>,
    pub(crate) max: Option<i64>,
    /// What a point costs.
    pub(crate) half_cents: Option<i64>,
}

fn pick(random: &mut Random, end: usize) -> i64 {
    i64::try_from(random.place(end)).expect("small")
}

fn major(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

impl Deal {
    pub(crate) fn draw(random: &mut Random, has_tiers: bool) -> Self {
        let within = |random: &mut Random| (random.place(4) > 0).then(|| 3 + pick(random, 12));
        let fires = match random.place(9) {
            0 => Fires::Sum { from: 2_000 + 500 * pick(random, 10), within: within(random) },
            1 => Fires::Number { times: 2 + pick(random, 3), within: within(random) },
            2 => Fires::Items { items: 3 + pick(random, 5), within: within(random) },
            3 => Fires::SignUp,
            _ => Fires::Purchase { from: if random.place(3) == 0 { 300 * pick(random, 10) } else { 0 } },
        };
        let coin = if random.place(3) == 0 { POINTS } else { MONEY };
        let gives = match random.place(8) {
            0..=3 => Gives::Percent(5 + pick(random, 150)),
            4 | 5 if coin == POINTS => Gives::Each(1 + pick(random, 4), 1 + pick(random, 3)),
            4 => Gives::OfAwards(50 + 10 * pick(random, 60)),
            _ => Gives::Fixed(if coin == POINTS { 3 + pick(random, 40) } else { 30 + pick(random, 400) }),
        };
        let only = match random.place(5) {
            0 | 1 => Only::Family(random.place(FAMILIES.len())),
            2 if has_tiers => Only::Gold,
            _ => Only::Everything,
        };
        let method = match random.place(9) {
            0 if coin == MONEY => Method::Instant,
            1 => Method::Voucher,
            _ => Method::OnRequest,
        };
        let again = match random.place(6) {
            0 => Again::Once,
            1 => Again::OncePer(1 + pick(random, 7)),
            _ => Again::Always,
        };
        let budget = (random.place(5) == 0).then(|| (pick(random, 6_000), random.place(2) == 0));
        Self {
            fires,
            only,
            gives,
            coin,
            per_item: random.place(4) == 0 && !matches!(gives, Gives::OfAwards(_)) && budget.is_none(),
            on_paid: random.place(6) == 0 && only != Only::Gold && method == Method::OnRequest,
            stacks: random.place(2) == 0,
            again,
            waits: if random.place(6) == 0 && method == Method::OnRequest { 1 + pick(random, 4) } else { 0 },
            lives: (random.place(3) > 0).then(|| 1 + pick(random, 9)),
            bound: (random.place(5) == 0).then(|| random.place(FAMILIES.len())),
            method,
            budget,
            uses_max: (random.place(9) == 0).then(|| 3 + pick(random, 40)),
            max: (random.place(6) == 0).then(|| if coin == POINTS { 5 + pick(random, 30) } else { 20 + pick(random, 300) }),
            half_cents: (coin == POINTS && random.place(3) == 0).then(|| 1 + pick(random, 4)),
        }
    }

    /// The document of it.
    pub(crate) fn text(&self, number: usize) -> String {
        let mut text = format!("name = \"Deal {number}\"\n");
        let mut line = |key: &str, value: String| writeln!(text, "{key} = {value}").expect("text");
        match self.fires {
            Fires::Purchase { from: 0 } => {}
            Fires::Purchase { from } => line("from", major(from)),
            Fires::Sum { from, .. } => {
                line("class", "\"amount\"".into());
                line("from", major(from));
            }
            Fires::Number { times, .. } => {
                line("class", "\"number\"".into());
                line("at_least", times.to_string());
            }
            Fires::Items { items, .. } => {
                line("class", "\"quantity\"".into());
                line("at_least", items.to_string());
            }
            Fires::SignUp => line("class", "\"sign_up\"".into()),
        }
        if let Some((_, Some(days))) = self.target() {
            line("within", format!("\"{days} days\""));
        }
        match self.only {
            Only::Everything => {}
            Only::Family(family) => line("condition", format!("'line.family == \"{}\"'", FAMILIES[family])),
            Only::Gold => line("condition", "'customer.tier == \"gold\"'".into()),
        }
        if self.stacks {
            line("stacks", "true".into());
        }
        match self.again {
            Again::Always => {}
            Again::Once => line("repeats", "\"once\"".into()),
            Again::OncePer(days) => line("repeats", format!("\"once per {days} days\"")),
        }
        if let Some(max) = self.uses_max {
            line("uses_max", max.to_string());
        }
        if let Some((_, rest)) = self.budget {
            line("budget", if rest { "\"rest\"" } else { "\"whole\"" }.into());
        }
        line("[award]\nscope", if self.per_item { "\"item\"" } else { "\"transaction\"" }.into());
        let amount = |minor: i64| if self.coin == POINTS { minor.to_string() } else { major(minor) };
        match self.gives {
            Gives::Percent(tenths) => line("percent", format!("\"{}.{}%\"", tenths / 10, tenths % 10)),
            Gives::OfAwards(tenths) => line("percent_of_awards", format!("\"{}.{}%\"", tenths / 10, tenths % 10)),
            Gives::Fixed(minor) => line("amount", amount(minor)),
            Gives::Each(points, per) => {
                line("each", points.to_string());
                line("per", per.to_string());
            }
        }
        if self.coin == POINTS {
            line("unit", "\"points\"".into());
        }
        if self.on_paid {
            line("basis", "\"paid\"".into());
        }
        if self.waits > 0 {
            line("pending", format!("\"{} days\"", self.waits));
        }
        if let Some(max) = self.max {
            line("max", amount(max));
        }
        if let Some(half_cents) = self.half_cents {
            line("unit_cost", format!("0.{:03}", half_cents * 5));
        }
        let method = match self.method {
            Method::OnRequest => "on_request",
            Method::Instant => "instant",
            Method::Voucher => "voucher",
        };
        line("[spend]\nmethod", format!("\"{method}\""));
        if let Some(family) = self.bound {
            line("condition", format!("'line.family == \"{}\"'", FAMILIES[family]));
        }
        if let Some(days) = self.lives {
            line("expires", format!("\"{days} days\""));
        }
        text
    }

    fn target(&self) -> Option<(i64, Option<i64>)> {
        match self.fires {
            Fires::Sum { from, within } => Some((from, within)),
            Fires::Number { times, within } => Some((times, within)),
            Fires::Items { items, within } => Some((items, within)),
            Fires::Purchase { .. } | Fires::SignUp => None,
        }
    }

    /// What a growing award draws from its budget: whole cents, begun ones too.
    pub(crate) fn draw_between(&self, before: i64, after: i64) -> i64 {
        let drawn = |amount: i64| self.half_cents.map_or(amount, |half_cents| (amount * half_cents + 1) / 2);
        drawn(after) - drawn(before)
    }
}

/// What an offer gives for a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) deal: usize,
    pub(crate) line: Option<usize>,
    pub(crate) amount: i64,
}

/// A line, or none for the whole purchase, and an amount.
type AwardPart = (Option<usize>, i64);

/// What is remembered of a customer: a fold over the purchases.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    counts: Vec<Count>,
    /// Day and minor units of each purchase.
    bought: Vec<(i64, i64)>,
    given_by: BTreeSet<usize>,
}

#[derive(Clone, Debug, Default)]
struct Count {
    times: i64,
    last_day: Option<i64>,
    open: Vec<(i64, i64)>,
}

/// What all offers say of one purchase.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) targets: Vec<Target>,
    counted: Vec<(usize, i64)>,
    fired: Vec<usize>,
    bought: i64,
}

/// Gold begins with so much bought within so many days, minor units.
pub(crate) type Gold = Option<(i64, i64)>;

pub(crate) struct Offers<'a> {
    pub(crate) deals: &'a [Deal],
    pub(crate) gold: Gold,
    pub(crate) point_cents: Option<i64>,
}

impl Offers<'_> {
    pub(crate) fn memory(&self) -> Memory {
        Memory { counts: vec![Count::default(); self.deals.len()], ..Memory::default() }
    }

    /// The lines that an offer counts of a purchase.
    pub(crate) fn lines(&self, deal: &Deal, sale: &Sale, memory: &Memory) -> Vec<usize> {
        let gold = self.gold.is_some_and(|(threshold, days)| {
            memory.bought.iter().filter(|(day, _)| *day > sale.day - days && *day <= sale.day).map(|(_, minor)| minor).sum::<i64>()
                >= threshold
        });
        let fits = |line: usize| match deal.only {
            Only::Everything => true,
            Only::Family(family) => sale.lines[line].family == family,
            Only::Gold => gold,
        };
        (0..sale.lines.len()).filter(|line| sale.lines[*line].total > 0 && sale.lines[*line].quantity > 0 && fits(*line)).collect()
    }

    pub(crate) fn say(&self, sale: &Sale, memory: &Memory, withheld: &[usize]) -> Said {
        let mut said = Said { bought: sale.left(), ..Said::default() };
        if sale.is_cancelled || said.bought == 0 {
            return Said::default();
        }
        let mut drafts: Vec<(usize, Vec<AwardPart>)> = Vec::new();
        for (place, deal) in self.deals.iter().enumerate() {
            let lines = self.lines(deal, sale, memory);
            if lines.is_empty() {
                continue;
            }
            if let Some(parts) = self.draft(place, &lines, sale, memory, withheld, &mut said) {
                drafts.push((place, parts));
            }
        }
        // Of those that do not stack the best stays; of two alike the older.
        let sum = |parts: &[(Option<usize>, i64)]| parts.iter().map(|(_, amount)| amount).sum::<i64>();
        let alone = |place: usize| !self.deals[place].stacks && !matches!(self.deals[place].gives, Gives::OfAwards(_));
        let mut best: Option<(i64, usize)> = None;
        for (place, parts) in drafts.iter().filter(|(place, _)| alone(*place)) {
            let deal = &self.deals[*place];
            let value = if deal.coin == MONEY { 2 } else { deal.half_cents.or(self.point_cents.map(|cents| 2 * cents)).unwrap_or(2) };
            if best.is_none_or(|(most, _)| sum(parts) * value > most) {
                best = Some((sum(parts) * value, *place));
            }
        }
        drafts.retain(|(place, _)| !alone(*place) || best.is_some_and(|(_, best)| best == *place));
        let plain = |coin: usize| -> i64 {
            let of = drafts.iter().filter(|(place, _)| self.deals[*place].coin == coin);
            of.filter(|(place, _)| !matches!(self.deals[*place].gives, Gives::OfAwards(_))).map(|(_, parts)| sum(parts)).sum()
        };
        let plain = [plain(MONEY), plain(POINTS)];
        for (place, parts) in &mut drafts {
            let deal = &self.deals[*place];
            if let Gives::OfAwards(tenths) = deal.gives {
                *parts = vec![(None, share(plain[deal.coin], tenths, 1_000).min(deal.max.unwrap_or(i64::MAX)))];
            }
        }
        drafts.retain(|(_, parts)| sum(parts) > 0);
        for (deal, parts) in drafts {
            said.fired.push(deal);
            said.targets.extend(parts.into_iter().map(|(line, amount)| Target { deal, line, amount }));
        }
        said
    }

    fn draft(
        &self,
        place: usize,
        lines: &[usize],
        sale: &Sale,
        memory: &Memory,
        withheld: &[usize],
        said: &mut Said,
    ) -> Option<Vec<(Option<usize>, i64)>> {
        let (deal, count) = (&self.deals[place], &memory.counts[place]);
        let left = |line: usize| (sale.left_of(line) - if deal.on_paid { sale.paid_from_wallet(line) } else { 0 }).max(0);
        let gross: i64 = lines.iter().map(|line| sale.lines[*line].total).sum();
        let returned: i64 = lines.iter().map(|line| sale.back[*line].0).sum();
        let whole: i64 = lines.iter().map(|line| left(*line)).sum();
        let mut basis = whole;
        if let Some((threshold, within)) = deal.target() {
            let step = match deal.fires {
                Fires::Sum { .. } => whole,
                Fires::Items { .. } => lines.iter().map(|line| sale.lines[*line].quantity - sale.back[*line].1).sum(),
                _ => i64::from(whole > 0),
            };
            let recent = count.open.iter().filter(|(day, _)| within.is_none_or(|days| *day > sale.day - days));
            let before: i64 = recent.map(|(_, step)| step).sum();
            said.counted.push((place, step));
            if before + step < threshold {
                return None;
            }
            if matches!(deal.fires, Fires::Sum { .. }) {
                basis = before + step;
            }
        }
        let may = match deal.fires {
            Fires::Purchase { from } => gross >= from,
            Fires::SignUp => memory.given_by.iter().any(|other| *other != place),
            _ => true,
        };
        let again = if deal.fires == Fires::SignUp { Again::Once } else { deal.again };
        let repeats = match (again, count.last_day) {
            (Again::Once, Some(_)) => false,
            (Again::OncePer(days), Some(last)) => last + days <= sale.day,
            _ => true,
        };
        if !may || !repeats || withheld.contains(&place) {
            return None;
        }
        let amount = |gross: i64, returned: i64, basis: i64| match deal.gives {
            Gives::Percent(tenths) if deal.coin == MONEY => share(basis, tenths, 1_000),
            // A percentage in points: of major units, in whole points.
            Gives::Percent(tenths) => share(basis, tenths, 100_000),
            Gives::Fixed(minor) if deal.target().is_some() => minor,
            Gives::Fixed(minor) => minor - share(minor, returned, gross),
            Gives::Each(points, per) => basis / (100 * per) * points,
            Gives::OfAwards(_) => 0,
        };
        let mut parts: Vec<(Option<usize>, i64)> = if deal.per_item {
            lines.iter().map(|line| (Some(*line), amount(sale.lines[*line].total, sale.back[*line].0, left(*line)))).collect()
        } else {
            vec![(None, amount(gross, returned, basis))]
        };
        let mut room = deal.max.unwrap_or(i64::MAX);
        for (_, amount) in &mut parts {
            *amount = (*amount).min(room);
            room -= *amount;
        }
        parts.retain(|(_, amount)| *amount > 0);
        (!parts.is_empty() || matches!(deal.gives, Gives::OfAwards(_))).then_some(parts)
    }
}

impl Memory {
    /// What the next purchase of the customer finds.
    pub(crate) fn add(&mut self, said: &Said, day: i64) {
        self.bought.push((day, said.bought));
        for (deal, step) in &said.counted {
            self.counts[*deal].open.push((day, *step));
        }
        for deal in &said.fired {
            let count = &mut self.counts[*deal];
            (count.times, count.last_day) = (count.times + 1, Some(day));
            count.open.clear();
            self.given_by.insert(*deal);
        }
    }
}
