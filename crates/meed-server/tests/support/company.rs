//! A company with people, plans and three months of sales, for pages that should look like life.

use std::fmt::Write as _;

use meed_app::documents::{MembershipDocument, RepDocument, TeamDocument};
use meed_app::{adjustments, calculations, imports, people, programs, releases, sources};
use meed_core::id::{Id, Kind};

use super::Site;

const PLAN: &str = r#"name = "Field sales 2026"
kind = "commission"
currency = "EUR"
period = "monthly"
quota = 40000

[[rule]]
id = "field-revenue"
label = "Commission on revenue"
when = "sale.status != 'refunded'"
basis = "revenue"

[rule.tiers]
accumulate = "accumulated"
mode = "marginal"
bands = [
  { to = 30000, rate = "4%" },
  { to = 45000, rate = "5.5%" },
  { rate = "7.25%" },
]

[[test]]
name = "The third tier"
period = "2026-01"
sales = [{ owner = "Ana", revenue = 50000 }]
expect = { Ana = 2387.50 }
"#;

const OVERRIDE: &str = r#"name = "Team leads"
kind = "commission"
currency = "EUR"
period = "quarterly"

[[rule]]
id = "own"
label = "Own large deals"
when = "sale.revenue >= 3000"
basis = "count"
rate = { each = 25 }
"#;

const PEOPLE: [(&str, &str, &str); 8] = [
    ("Mara Quill", "North", "Sven Holm"),
    ("Tunde Okafor", "North", "Sven Holm"),
    ("Linnea Dahl", "North", "Sven Holm"),
    ("Ada Reyes", "South and Alpine countries", "Johanna von Hohenstein-Wildenfels"),
    ("Jack Smith", "South and Alpine countries", "Johanna von Hohenstein-Wildenfels"),
    ("Yuki Tanabe", "South and Alpine countries", "Johanna von Hohenstein-Wildenfels"),
    ("Sven Holm", "", ""),
    ("Johanna von Hohenstein-Wildenfels", "", ""),
];

/// What the company has.
pub struct Company {
    pub january: Id,
    pub february: Id,
    pub import: Id,
    pub source: Id,
    pub program: Id,
    pub rep: Id,
    pub team: Id,
    pub sale: Id,
    pub waiting: Id,
}

fn file() -> String {
    let customers = ["Kontor Nord GmbH", "Änne Muster", "Brauerei Seeblick", "Aurora & Co", "Øresund Marine A/S", "Müller, Söhne"];
    let mut text = String::from("Bestellnummer;Verkauft am;Verkäufer;Umsatz;Währung;Kunde;E-Mail;Artikel;Menge;Status;Notiz\n");
    for index in 0..240u32 {
        let (month, day) = (index / 80 + 1, index % 28 + 1);
        let rep = match index {
            17 | 97 => "Unbekannt",
            n => PEOPLE[usize::try_from(n * 7 % 6).unwrap_or(0)].0,
        };
        let (euros, cents) = (400 + index * 137 % 4_700, index * 31 % 100);
        let status = if index % 19 == 0 { "refunded" } else { "paid" };
        let customer = customers[usize::try_from((index * 5 + index / 6) % 6).unwrap_or(0)];
        let _ = writeln!(
            text,
            "23-12345-{:05};{day:02}.{month:02}.2026;{rep};{}.{:03},{cents:02};EUR;{customer};kunde{}@example.org;Gerät {};{};{status};",
            13_000 + index,
            euros / 1000,
            euros % 1000,
            index % 40,
            index % 12,
            index % 3 + 1,
        );
    }
    text.push_str("23-12345-19999;31.02.2026;Mara Quill;12,00;EUR;Kontor Nord GmbH;x@example.org;Gerät 1;1;paid;\n");
    text.replace(";0.", ";")
}

/// Fills a site: people in two teams, two plans, 240 sales, January released, February calculated with an alert.
pub async fn company(site: &Site) -> Company {
    let (app, ctx) = (&site.app, &site.ctx());
    let mut teams = Vec::new();
    for (name, aliases) in [("North", vec!["DK", "SE", "NO"]), ("South and Alpine countries", vec!["AT", "CH"])] {
        let aliases = aliases.into_iter().map(str::to_owned).collect();
        let document = TeamDocument { name: name.into(), aliases, ..TeamDocument::default() };
        teams.push((name, people::put_team(app, ctx, None, &document).await.expect("a team")));
    }
    let mut reps: Vec<(&str, Id)> = Vec::new();
    for (name, team, manager) in PEOPLE.iter().rev() {
        let team = teams.iter().find(|(known, _)| known == team);
        let document = RepDocument {
            name: (*name).into(),
            email: Some(format!("{}@halden.example", name.to_lowercase().replace(' ', "."))),
            aliases: vec![name.split(' ').map(|word| &word[..1]).collect()],
            manager: reps.iter().find(|(known, _)| known == manager).map(|(_, id)| id.0),
            memberships: team.iter().map(|(_, id)| MembershipDocument { team: id.0, from: None, until: None }).collect(),
            ..RepDocument::default()
        };
        reps.push((name, people::put_rep(app, ctx, None, &document).await.expect("a rep")));
    }
    let (program, _, _) = programs::apply(app, ctx, PLAN, "First version, agreed with sales in December").await.expect("a plan");
    programs::apply(app, ctx, OVERRIDE, "").await.expect("a plan");
    let source = sources::ensure(app, ctx, "Marketplace orders (DE)").await.expect("a source");
    let kept = imports::store_file(app.files(), file().as_bytes(), 1 << 30).expect("kept");
    let import = imports::upload(app, ctx, source, "orders-2026-q1.csv", &kept).await.expect("an import");
    imports::run(app, ctx, import, |_| {}).await.expect("imported");
    let january = calculations::calculate(app, ctx, program, "2026-01").await.expect("a calculation");
    releases::release(app, ctx, program, "2026-01", Some("2026-02-05")).await.expect("a release");
    let late = "Bestellnummer;Verkauft am;Verkäufer;Umsatz;Währung;Kunde;E-Mail;Artikel;Menge;Status;Notiz\n\
        23-12345-20001;20.01.2026;Mara Quill;1.250,40;EUR;Kontor Nord GmbH;x@example.org;Gerät 3;1;paid;kam spät\n";
    let kept = imports::store_file(app.files(), late.as_bytes(), 1 << 30).expect("kept");
    let second = imports::upload(app, ctx, source, "nachtrag.csv", &kept).await.expect("an import");
    imports::run(app, ctx, second, |_| {}).await.expect("imported");
    calculations::calculate(app, ctx, program, "2026-01").await.expect("a difference");
    let february = calculations::calculate(app, ctx, program, "2026-02").await.expect("a calculation");
    let given = adjustments::NewAdjustment {
        program,
        period: "2026-02".into(),
        rep: reps.iter().find(|(name, _)| *name == "Linnea Dahl").expect("Linnea").1,
        kind: "bonus".into(),
        amount: Some(meed_core::money::Exact::from(250)),
        label: "Trade fair in Hanover, stand and evening talk".into(),
        ..adjustments::NewAdjustment::default()
    };
    adjustments::add(app, ctx, &given).await.expect("an adjustment");
    let waiting = std::fs::File::open(super::sample("shopify_orders.csv")).expect("a sample");
    let kept = imports::store_file(app.files(), waiting, 1 << 30).expect("kept");
    let waiting = imports::upload(app, ctx, source, "shopify_orders.csv", &kept).await.expect("an import");
    let (sales, _) = meed_app::sales::list(app, ctx, meed_app::sales::SaleFilter::default(), None, 1).await.expect("sales");
    let rep = reps.iter().find(|(name, _)| *name == "Mara Quill").expect("Mara").1;
    Company { january, february, import, source, program, rep, team: teams[0].1, sale: sales[0].stored.id, waiting }
}

impl Company {
    /// Every page with something on it, by a short name.
    pub fn pages(&self) -> Vec<(&'static str, String)> {
        let (january, february) = (self.january.text(Kind::Calculation), self.february.text(Kind::Calculation));
        let (import, waiting) = (self.import.text(Kind::Import), self.waiting.text(Kind::Import));
        let rep = self.rep.text(Kind::Rep);
        let program = self.program.text(Kind::Program);
        vec![
            ("overview", "/".into()),
            ("imports", "/imports".into()),
            ("upload", "/imports/new".into()),
            ("import", format!("/imports/{import}")),
            ("mapping", format!("/imports/{waiting}/mapping")),
            ("sales", "/sales".into()),
            ("sales-none", "/sales?q=nothing-like-this".into()),
            ("sale", format!("/sales/{}", self.sale.text(Kind::Sale))),
            ("sources", "/sources".into()),
            ("source", format!("/sources/{}", self.source.text(Kind::Source))),
            ("source-new", "/sources/new".into()),
            ("people", "/people".into()),
            ("rep", format!("/reps/{rep}")),
            ("rep-new", "/reps/new".into()),
            ("team", format!("/teams/{}", self.team.text(Kind::Team))),
            ("team-new", "/teams/new".into()),
            ("programs", "/programs".into()),
            ("program", format!("/programs/{program}")),
            ("program-edit", format!("/programs/{program}/edit")),
            ("program-new", "/programs/new".into()),
            ("what-if", format!("/programs/{program}/what-if")),
            ("projection", format!("/programs/{program}/projection")),
            ("enrollment", format!("/programs/{program}/enrollment")),
            ("variables", "/people/variables".into()),
            ("compare", format!("/programs/{program}/compare")),
            ("adjustments", "/adjustments".into()),
            ("adjustment-new", format!("/adjustments/new?payee={rep}&program={program}&period=2026-02")),
            ("adjustment-sheet", "/adjustments/sheet".into()),
            ("clawback", format!("/adjustments/clawback?sale={}&program={program}", self.sale.text(Kind::Sale))),
            ("approvals", "/approvals".into()),
            ("reverse", format!("/calculations/{january}/reverse")),
            ("delete", format!("/calculations/{february}/delete")),
            ("enquiries", "/enquiries".into()),
            ("enquiry-new", "/enquiries/new".into()),
            ("announcements", "/announcements".into()),
            ("leaderboard", "/leaderboard".into()),
            ("users", "/users".into()),
            ("settings", "/settings".into()),
            ("sign-ins", "/audit/sign-ins".into()),
            ("calculations", "/calculations".into()),
            ("calculation-released", format!("/calculations/{january}")),
            ("calculation", format!("/calculations/{february}")),
            ("release", format!("/calculations/{february}/release")),
            ("released", format!("/calculations/{january}/released")),
            ("pay", format!("/calculations/{january}/pay")),
            ("statements", "/statements".into()),
            ("statement-released", format!("/statements/{rep}/2026-01")),
            ("statement", format!("/statements/{rep}/2026-02")),
            ("exports", "/exports".into()),
            ("keys", "/keys".into()),
            ("audit", "/audit".into()),
            ("missing", "/sales/sale_0000000000001".into()),
        ]
    }
}
