//! The stage of settling against a second implementation that is slow and obvious: gates, bonuses, curves, multipliers, limits,
//! holdbacks, instalments, deductions, carried results and draws, in any combination, month after month.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use meed_core::command::day_number;
use meed_core::condition::SaleRef;
use meed_core::crediting::{BoundProgram, Past, PastLine, RewardKind, StepKind, calculate};
use meed_core::id::Id;
use meed_core::money::Exact;
use meed_core::people::{Directory, Rep};
use meed_core::period::Period;
use meed_core::program::Program;
use meed_core::sale::{Sale, StoredSale};
use proptest::prelude::*;

/// The quota of a month; tens of it keep every percentage exact.
const QUOTA: i64 = 1_000;
const MONTHS: usize = 6;

/// What a plan has; percentages as whole numbers, amounts in money.
#[derive(Clone, Debug, Default)]
struct Plan {
    gate: Option<i64>,
    bonus: bool,
    curve: bool,
    levels: bool,
    decelerate: bool,
    cap: Option<i64>,
    floor: Option<i64>,
    holdback: Option<usize>,
    instalments: Option<usize>,
    /// Whether a negative result is carried.
    deduct: Option<bool>,
    draw: Option<Draw>,
}

#[derive(Clone, Copy, Debug)]
struct Draw {
    amount: i64,
    recoverable: bool,
    recover: i64,
    limit: Option<i64>,
}

impl Plan {
    fn text(&self) -> String {
        let mut text = format!("name = \"Model\"\ncurrency = \"USD\"\nperiod = \"monthly\"\nquota = {QUOTA}\n");
        if let Some(carry) = self.deduct {
            text += &format!("deduct = {{ from = \"quarter\", negative = \"{}\" }}\n", if carry { "carry" } else { "pay" });
        }
        let mut payout = Vec::new();
        payout.extend(self.cap.map(|cap| format!("cap = {cap}")));
        payout.extend(self.floor.map(|floor| format!("floor = {floor}")));
        payout.extend(self.decelerate.then(|| "decelerate = { above = 40, counts = \"50%\" }".to_owned()));
        if !payout.is_empty() {
            text += &format!("payout = {{ {} }}\n", payout.join(", "));
        }
        if let Some(Draw { amount, recoverable, recover, limit }) = self.draw {
            let rest = if recoverable { format!(", recover = \"{recover}%\"") } else { String::new() };
            let limit = limit.filter(|_| recoverable).map_or_else(String::new, |limit| format!(", limit = {limit}"));
            text += &format!("draw = {{ amount = {amount}, recoverable = {recoverable}{rest}{limit} }}\n");
        }
        text += "[[rule]]\nid = \"a\"\nrate = \"10%\"\n";
        text += &self.gate.map_or_else(String::new, |gate| format!("gate = \"{gate}%\"\n"));
        text += "[[rule]]\nid = \"b\"\nrate = \"3%\"\n";
        if self.bonus {
            text += "[[bonus]]\nid = \"target\"\nat = \"100%\"\namount = 50\n";
        }
        if self.curve {
            text += "[[bonus]]\nid = \"curve\"\ncurve = { target = 20, threshold = \"50%\", accelerator = 2, cap = 35 }\n";
        }
        if self.levels {
            text += "[[multiplier]]\nlevels = [{ from = \"100%\", factor = 1.2 }, { from = \"150%\", factor = 1.5 }]\n";
        }
        if let Some(periods) = self.holdback {
            text += &format!("[[holdback]]\nid = \"held\"\nof = [\"a\"]\nshare = \"20%\"\nuntil = {{ periods = {periods} }}\n");
        }
        if let Some(parts) = self.instalments {
            text += &format!("[[instalments]]\nid = \"parts\"\nof = [\"b\"]\nparts = {parts}\n");
        }
        text
    }
}

// ---- the model ----

/// A line: kind, name, month in which it is due.
type Key = (&'static str, &'static str, usize);
type Cents = i64;

fn exact(value: i64) -> Exact {
    Exact::from(value)
}

fn percent(value: Exact, percent: i64) -> Exact {
    value * exact(percent) / exact(100)
}

/// Cents, half up: away from zero.
fn cents(value: Exact) -> Cents {
    let cents = (value * exact(100)).round_dp_with_strategy(0, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
    i64::try_from(cents).expect("small")
}

fn money(cents: Cents) -> Exact {
    Exact::new(cents, 2)
}

/// What earlier months left: the lines of each.
struct Model<'m> {
    plan: &'m Plan,
    cells: Vec<BTreeMap<Key, Cents>>,
}

impl Model<'_> {
    /// The lines of the next month; `sales` are those of all months so far, in cents, the last being this one's.
    fn month(&mut self, sales: &[Vec<Cents>]) {
        let month = sales.len() - 1;
        let first = if self.plan.deduct.is_some() { month - month % 3 } else { month };
        let taken: Vec<Cents> = sales[first..].iter().flatten().copied().collect();
        let sold = !taken.is_empty();
        let revenue = money(taken.iter().sum());
        let quota = exact(QUOTA * i64::try_from(month - first + 1).expect("small"));
        let reached = revenue * exact(100) / quota;
        let (mut a, mut b) = (percent(revenue, 10), percent(revenue, 3));
        if self.plan.gate.is_some_and(|gate| reached < exact(gate)) {
            a = Exact::ZERO;
        }
        let (mut target, mut curve) = (Exact::ZERO, Exact::ZERO);
        if self.plan.bonus && reached >= exact(100) {
            target = exact(50);
        }
        if self.plan.curve && reached >= exact(50) {
            let paid =
                if reached <= exact(100) { (reached - exact(50)) * exact(2) } else { exact(100) + (reached - exact(100)) * exact(2) };
            curve = twelve(exact(20) * paid / exact(100)).min(exact(35));
        }
        if self.plan.levels {
            let factor = match () {
                () if reached >= exact(150) => Exact::new(15, 1),
                () if reached >= exact(100) => Exact::new(12, 1),
                () => Exact::ONE,
            };
            (a, b) = (a * factor, b * factor);
        }
        let commission = a + b;
        let limited = self.limited(commission + target + curve, sold);
        let (limited, target, curve) = shared(commission, (target, curve), limited);
        let mut lines = self.split((first, month), (a, b), commission, limited);
        note(&mut lines, ("bonus", "target", month), cents(target));
        note(&mut lines, ("bonus", "curve", month), cents(curve));
        self.deduct(month, first, &mut lines);
        self.draw(month, &mut lines);
        lines.retain(|_, cents| *cents != 0);
        self.cells.push(lines);
        if self.plan.deduct.is_some() {
            // However it was withheld, paid in parts or carried: in all the months of a span come to its whole.
            let all = self.sum(first..month + 1, |(kind, ..)| !["draw_advance", "draw_repayment", "guarantee", "carried"].contains(kind));
            assert_eq!(all, cents(limited) + cents(target) + cents(curve), "month {month} of {sales:?} under\n{}", self.plan.text());
        }
    }

    fn limited(&self, wanted: Exact, sold: bool) -> Exact {
        let mut amount = wanted;
        if self.plan.decelerate && amount > exact(40) {
            amount = exact(40) + percent(amount - exact(40), 50);
        }
        if let Some(cap) = self.plan.cap {
            amount = amount.min(exact(cap));
        }
        if let Some(floor) = self.plan.floor.filter(|_| sold) {
            amount = amount.max(exact(floor));
        }
        amount
    }

    /// The commission: what is held, what is paid in parts, and the rest of the rounded whole.
    fn split(&self, (first, month): (usize, usize), (a, b): (Exact, Exact), commission: Exact, limited: Exact) -> BTreeMap<Key, Cents> {
        let mut lines = BTreeMap::new();
        let scaled =
            |amount: Exact| if commission.is_zero() || commission == limited { amount } else { twelve(amount * limited / commission) };
        let mut rest = cents(limited);
        if let Some(periods) = self.plan.holdback {
            let held = cents(scaled(percent(a, 20)));
            // What earlier months of a span withheld is theirs: only what this one adds is withheld from here on.
            note(&mut lines, ("holdback", "held", month + periods), held - self.sum(first..month, |(kind, ..)| *kind == "holdback"));
            rest -= held;
        }
        if let Some(parts) = self.plan.instalments {
            let whole = cents(scaled(b));
            let count = i64::try_from(parts).expect("small");
            let added = whole - self.sum(first..month, |(kind, ..)| *kind == "instalment");
            for part in 0..parts {
                let left = (added % count).abs() > i64::try_from(part).expect("small");
                note(&mut lines, ("instalment", "parts", month + part), added / count + if left { added.signum() } else { 0 });
            }
            rest -= whole;
        }
        note(&mut lines, ("commission", "", month), rest);
        lines
    }

    /// The sum of lines of some months.
    fn sum(&self, months: std::ops::Range<usize>, counts: impl Fn(&Key) -> bool) -> Cents {
        self.cells[months].iter().flatten().filter(|(key, _)| counts(key)).map(|(_, cents)| cents).sum()
    }

    fn deduct(&self, month: usize, first: usize, lines: &mut BTreeMap<Key, Cents>) {
        let Some(carry) = self.plan.deduct else { return };
        let before = self.sum(first..month, |(kind, ..)| ["commission", "bonus", "deduction"].contains(kind));
        let earned: Cents = lines.iter().filter(|((_, _, due), _)| *due == month).map(|(_, cents)| cents).sum();
        note(lines, ("deduction", "", month), -before);
        if carry {
            let brought = self.sum(0..month, |(kind, ..)| *kind == "carried");
            let result = earned - before - brought;
            note(lines, ("carried", "", month), (-result).max(0) - brought);
        }
    }

    fn draw(&self, month: usize, lines: &mut BTreeMap<Key, Cents>) {
        let Some(Draw { amount, recoverable, recover, limit }) = self.plan.draw else { return };
        let amount = amount * 100;
        let own: Cents = lines.iter().filter(|((_, _, due), _)| *due == month).map(|(_, cents)| cents).sum();
        let due = own + self.sum(0..month, |(_, _, due)| *due == month);
        if !recoverable {
            note(lines, ("guarantee", "", month), (amount - due).max(0));
            return;
        }
        let owed = self.sum(0..month, |(kind, ..)| kind.starts_with("draw_"));
        if due < amount {
            let room = limit.map_or(i64::MAX, |limit| (limit * 100 - owed).max(0));
            note(lines, ("draw_advance", "", month), (amount - due).min(room));
        } else {
            let part = cents(percent(money(due - amount), recover)).min(due - amount);
            note(lines, ("draw_repayment", "", month), -part.min(owed.max(0)));
        }
    }
}

fn twelve(value: Exact) -> Exact {
    value.round_dp_with_strategy(12, rust_decimal::RoundingStrategy::MidpointNearestEven)
}

fn note(lines: &mut BTreeMap<Key, Cents>, key: Key, cents: Cents) {
    *lines.entry(key).or_default() += cents;
}

/// What a limit leaves of the commission, then of the last bonus, then of the first; what a floor adds is commission.
fn shared(commission: Exact, (target, curve): (Exact, Exact), limited: Exact) -> (Exact, Exact, Exact) {
    let mut taken = commission + target + curve - limited;
    if taken <= Exact::ZERO {
        return (commission - taken, target, curve);
    }
    let mut from = |amount: Exact| {
        let part = taken.min(amount.max(Exact::ZERO));
        taken -= part;
        amount - part
    };
    let (commission, curve, target) = (from(commission), from(curve), from(target));
    (commission, target, curve)
}

// ---- the engine ----

fn engine(plan: &Plan, months: &[Vec<Cents>]) -> Vec<BTreeMap<(String, String, usize), Cents>> {
    let program = Program::parse(&plan.text()).unwrap_or_else(|findings| panic!("{findings:?}\n{}", plan.text()));
    let ana = Rep { id: Id(1), name: "Ana".into(), active: true, ..Rep::default() };
    let directory = Directory::new(vec![ana], vec![]);
    let mut period = Period::parse("2026-01", &TimeZone::UTC).expect("a period");
    let first_days: Vec<i64> = {
        let mut days = Vec::new();
        let mut next = period.clone();
        for _ in 0..MONTHS + 12 {
            days.push(day_number(next.first_day()));
            next = next.next().expect("a month");
        }
        days
    };
    let month_of = |day: i64| first_days.iter().position(|first| *first == day).expect("a month of the test");
    let mut sales: Vec<StoredSale> = Vec::new();
    let mut lines: Vec<PastLine> = Vec::new();
    let mut cells = Vec::new();
    for revenues in months {
        for cents in revenues {
            let sale = Sale {
                at: period.start() + jiff::SignedDuration::from_hours(36),
                revenue: Some(money(*cents)),
                owners: [Some("Ana".into()), None, None],
                ..Sale::default()
            };
            let id = Id(i64::try_from(sales.len()).expect("few") + 1);
            sales.push(StoredSale { id, source: Id(1), unique_id: None, version: 1, sale });
        }
        let mut past = Past::default();
        for line in &lines {
            past.add(Id(1), line.clone());
        }
        let bound = BoundProgram::new(&program, &directory, &period).with_past(past);
        let calculation = calculate(&bound, sales.iter().filter(|sale| bound.measures(sale.sale.at)).map(SaleRef::from));
        let cell_day = day_number(period.first_day());
        let mut cell = BTreeMap::new();
        if let Some(reward) = calculation.reward(Id(1)) {
            assert!(!reward.flagged, "{:?}", calculation.alerts());
            let steps: Exact = reward.steps.iter().map(|step| step.amount).sum();
            assert_eq!(steps, money(reward.minor), "the steps sum to what is paid: {:?}", reward.steps);
            let before_rounding: Exact = reward.steps.iter().filter(|step| step.kind != StepKind::Rounding).map(|step| step.amount).sum();
            assert_eq!(before_rounding, reward.exact);
            for line in &reward.lines {
                let PastLine { kind, name, due_day, minor, .. } =
                    PastLine { cell_day, due_day: line.due_day, kind: line.kind, name: line.name.clone(), minor: line.minor };
                assert!(minor != 0 && cell.insert((kind.word().to_owned(), name.clone(), month_of(due_day)), minor).is_none());
                lines.push(PastLine { cell_day, due_day, kind, name, minor });
            }
        }
        cells.push(cell);
        period = period.next().expect("a month");
    }
    let owed: i64 = lines.iter().filter(|line| line.kind.moves_draw()).map(|line| line.minor).sum();
    assert!(owed >= 0, "nobody repays more than they owe");
    let carried: i64 = lines.iter().filter(|line| line.kind == RewardKind::Carried).map(|line| line.minor).sum();
    assert!(carried >= 0, "nothing is made good twice");
    cells
}

prop_compose! {
    fn draws()(amount in 1i64..60, recoverable in any::<bool>(), recover in prop::sample::select(vec![100i64, 50, 33]), limit in prop::option::of(10i64..150)) -> Draw {
        Draw { amount, recoverable, recover, limit }
    }
}

prop_compose! {
    fn plans()(
        gate in prop::option::of(prop::sample::select(vec![50i64, 80, 100])),
        (bonus, curve, levels, decelerate) in any::<(bool, bool, bool, bool)>(),
        (cap, floor) in prop::sample::select(vec![(None, None), (Some(90i64), None), (None, Some(15i64)), (Some(70), Some(20))]),
        holdback in prop::option::of(1usize..4),
        instalments in prop::option::of(2usize..5),
        deduct in prop::option::of(any::<bool>()),
        draw in prop::option::of(draws()),
    ) -> Plan {
        Plan { gate, bonus, curve, levels, decelerate, cap, floor, holdback, instalments, deduct, draw }
    }
}

/// Sales of a month in cents; some months have none, some a refund.
fn month() -> impl Strategy<Value = Vec<Cents>> {
    prop_oneof![1 => Just(Vec::new()), 5 => prop::collection::vec(-60_000i64..130_000, 1..4)]
}

fn agrees(plan: &Plan, months: &[Vec<Cents>]) {
    let mut model = Model { plan, cells: Vec::new() };
    for count in 1..=months.len() {
        model.month(&months[..count]);
    }
    let engine = engine(plan, months);
    for (number, (wanted, found)) in (1..).zip(model.cells.iter().zip(&engine)) {
        let wanted: BTreeMap<(String, String, usize), Cents> =
            wanted.iter().map(|((kind, name, due), cents)| (((*kind).to_owned(), (*name).to_owned(), *due), *cents)).collect();
        assert_eq!(&wanted, found, "month {number} of {months:?} under\n{}", plan.text());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn com_042_com_043_com_045_com_047_settling_agrees_with_the_model(plan in plans(), months in prop::collection::vec(month(), MONTHS)) {
        agrees(&plan, &months);
    }
}

#[test]
fn the_model_itself_gives_the_figures_of_the_documentation() {
    let draw = Some(Draw { amount: 50, recoverable: true, recover: 100, limit: None });
    let plan = Plan { draw, ..Plan::default() };
    let mut model = Model { plan: &plan, cells: Vec::new() };
    let months = [vec![24_615], vec![46_154]];
    model.month(&months[..1]);
    model.month(&months);
    let line = |cell: usize, kind: &'static str| model.cells[cell].get(&(kind, "", cell)).copied().unwrap_or_default();
    assert_eq!((line(0, "commission"), line(0, "draw_advance")), (3_200, 1_800), "W18 in small: 32 earned, a draw of 50");
    assert_eq!((line(1, "commission"), line(1, "draw_repayment")), (6_000, -1_000), "the surplus repays, at most itself");
}
