//! What every page shares: workspace, user, navigation, theme, messages and the CSRF token.

use super::asset::asset_url;
use super::shown::{Link, Tone};

/// Which side of the workspace the person looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// Real data and real payouts.
    #[default]
    Live,
    /// The separate place to try things out.
    Sandbox,
}

/// What the signed-in person may see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Runs the workspace: the whole navigation.
    #[default]
    Operator,
    /// Looks at the workspace and changes nothing.
    Observer {
        /// Whether plans are shown.
        sees_plans: bool,
    },
    /// Sees and approves the statements of their line.
    Manager,
    /// Sees their own statements only.
    Payee,
    /// Works at the till.
    Cashier,
}

/// Colours of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the device says.
    #[default]
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// The word used in the form field, the cookie and the `data-theme` attribute.
    pub fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of a cookie or form value; anything unknown follows the device.
    pub fn from_code(code: &str) -> Self {
        match code {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }
}

/// The entry of the navigation that is marked as the current place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Nav {
    #[default]
    None,
    Overview,
    Imports,
    Sales,
    Sources,
    People,
    Till,
    Participants,
    Offers,
    Products,
    Settlement,
    Reviews,
    Stores,
    Tiers,
    Classes,
    PromoCodes,
    Programs,
    Calculations,
    Statements,
    Exports,
    Adjustments,
    Approvals,
    Enquiries,
    Announcements,
    Leaderboard,
    Users,
    Settings,
    Keys,
    Audit,
}

/// The signed-in person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Full name.
    pub name: String,
    /// E-mail address, shown in the menu.
    pub email: String,
    /// What they may see.
    pub role: Role,
}

impl User {
    /// First letters of the first and last word of the name, for the round mark.
    pub fn initials(&self) -> String {
        let mut words = self.name.split_whitespace();
        let first = words.next().and_then(|w| w.chars().next());
        let last = words.next_back().and_then(|w| w.chars().next());
        first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
    }
}

/// A message about what just happened, shown once at the top of the next page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flash {
    /// Good, warning, bad or plain.
    pub tone: Tone,
    /// One sentence.
    pub text: String,
    /// Where to go from here.
    pub link: Option<Link>,
}

/// Common data of all pages. `Chrome::default()` is a signed-out visitor of a nameless workspace.
#[derive(Clone, Debug, Default)]
pub struct Chrome {
    /// Name of the workspace.
    pub workspace: String,
    /// Live or sandbox.
    pub side: Side,
    /// Nobody before the sign-in.
    pub user: Option<User>,
    /// Current place in the navigation.
    pub nav: Nav,
    /// Token that every form sends back as the field `csrf`.
    pub csrf: String,
    /// Messages, oldest first.
    pub flash: Vec<Flash>,
    /// Id of this request, shown small in the footer.
    pub request_id: String,
    /// Whether payees and managers see the leaderboard.
    pub leaderboard: bool,
    /// The workspace's own word for a statement, shown to payees; empty for the usual one.
    pub statement_word: String,
    /// The workspace's own word for attainment, shown to payees; empty for the usual one.
    pub attainment_word: String,
    /// Chosen colours.
    pub theme: Theme,
    /// Path and query of this page; forms of the frame send it back as `back`.
    pub path: String,
}

/// One entry of the navigation.
pub struct NavEntry {
    /// What it is called.
    pub text: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// Name of its picture in the sprite of `layout.html`.
    pub icon: &'static str,
    /// Whether it is the current place.
    pub here: bool,
}

/// Entries that belong together.
pub struct NavGroup {
    /// Heading; empty for the first group.
    pub title: &'static str,
    /// Entries in order.
    pub entries: Vec<NavEntry>,
}

/// Heading, then entries as (place, text, address, picture).
type NavPlan = (&'static str, &'static [(Nav, &'static str, &'static str, &'static str)]);

const OPERATOR: &[NavPlan] = &[
    ("", &[(Nav::Overview, "Overview", "/", "home")]),
    (
        "Sales",
        &[
            (Nav::Imports, "Imports", "/imports", "import"),
            (Nav::Sales, "Sales", "/sales", "sales"),
            (Nav::Sources, "Sources", "/sources", "source"),
        ],
    ),
    ("Plans", &[(Nav::Programs, "Programs", "/programs", "program"), (Nav::People, "People and teams", "/people", "people")]),
    (
        "Loyalty",
        &[
            (Nav::Till, "Till", "/till", "till"),
            (Nav::Participants, "Participants", "/participants", "member"),
            (Nav::Offers, "Offers", "/offers", "offer"),
            (Nav::Products, "Products", "/products", "product"),
            (Nav::Settlement, "Settlement", "/settlement", "settle"),
            (Nav::Reviews, "Reviews", "/reviews", "review"),
            (Nav::Stores, "Stores and merchants", "/stores", "store"),
            (Nav::Tiers, "Schemes and tiers", "/tiers", "tier"),
            (Nav::Classes, "Classes of events", "/classes", "class"),
            (Nav::PromoCodes, "Promo codes", "/promo-codes", "ticket"),
        ],
    ),
    (
        "Pay",
        &[
            (Nav::Calculations, "Calculations", "/calculations", "calculation"),
            (Nav::Adjustments, "Adjustments", "/adjustments", "adjust"),
            (Nav::Statements, "Statements", "/statements", "statement"),
            (Nav::Exports, "Exports", "/exports", "export"),
            (Nav::Approvals, "Approvals", "/approvals", "approval"),
        ],
    ),
    (
        "Payees",
        &[
            (Nav::Enquiries, "Enquiries", "/enquiries", "question"),
            (Nav::Announcements, "Announcements", "/announcements", "news"),
            (Nav::Leaderboard, "Leaderboard", "/leaderboard", "ranking"),
        ],
    ),
    (
        "Workspace",
        &[
            (Nav::Users, "Who may sign in", "/users", "users"),
            (Nav::Settings, "Settings", "/settings", "settings"),
            (Nav::Keys, "API keys", "/keys", "key"),
            (Nav::Audit, "Audit", "/audit", "audit"),
        ],
    ),
];

const PAYEE: &[NavPlan] = &[(
    "",
    &[
        (Nav::Statements, "My statements", "/statements", "statement"),
        (Nav::Enquiries, "Enquiries", "/enquiries", "question"),
        (Nav::Leaderboard, "Leaderboard", "/leaderboard", "ranking"),
    ],
)];

const MANAGER: &[NavPlan] = &[(
    "",
    &[
        (Nav::Statements, "Statements", "/statements", "statement"),
        (Nav::Approvals, "Approvals", "/approvals", "approval"),
        (Nav::Enquiries, "Enquiries", "/enquiries", "question"),
        (Nav::Leaderboard, "Leaderboard", "/leaderboard", "ranking"),
    ],
)];

const CASHIER: &[NavPlan] = &[("", &[(Nav::Till, "Till", "/till", "till")])];

/// Places that only a full administrator opens.
const OPERATOR_ONLY: &[Nav] = &[Nav::Users, Nav::Settings, Nav::Keys];

/// Places that nobody opens who may not see plans.
const PLANS: &[Nav] = &[Nav::Programs, Nav::Offers];

impl Chrome {
    /// Groups of the navigation for this person; empty before the sign-in.
    pub fn nav_groups(&self) -> Vec<NavGroup> {
        let plan = match self.user.as_ref().map(|user| user.role) {
            None => return Vec::new(),
            Some(Role::Operator | Role::Observer { .. }) => OPERATOR,
            Some(Role::Manager) => MANAGER,
            Some(Role::Payee) => PAYEE,
            Some(Role::Cashier) => CASHIER,
        };
        let is_shown = |nav: Nav| match self.user.as_ref().map(|user| user.role) {
            Some(Role::Payee | Role::Manager) => nav != Nav::Leaderboard || self.leaderboard,
            Some(Role::Observer { sees_plans }) => !OPERATOR_ONLY.contains(&nav) && (sees_plans || !PLANS.contains(&nav)),
            _ => true,
        };
        let entries = |all: &'static [(Nav, &'static str, &'static str, &'static str)]| {
            let shown = all.iter().filter(|(nav, ..)| is_shown(*nav));
            shown.map(|(nav, text, href, icon)| NavEntry { text, href, icon, here: *nav == self.nav }).collect()
        };
        plan.iter().map(|(title, all)| NavGroup { title, entries: entries(all) }).collect()
    }

    /// Choices of the colour switch as (code, words, chosen).
    pub fn themes(&self) -> [(&'static str, &'static str, bool); 3] {
        [(Theme::Auto, "Auto"), (Theme::Light, "Light"), (Theme::Dark, "Dark")]
            .map(|(theme, text)| (theme.code(), text, theme == self.theme))
    }

    /// Whether this is the sandbox.
    pub fn is_sandbox(&self) -> bool {
        self.side == Side::Sandbox
    }

    /// Whether the person sees no more than statements, as payee or manager.
    pub fn is_payee(&self) -> bool {
        self.user.as_ref().is_some_and(|user| matches!(user.role, Role::Payee | Role::Manager))
    }

    /// Whether the person works at the till, and sees nothing else.
    pub fn is_cashier(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.role == Role::Cashier)
    }

    /// Where the first page leads this person, as a button says it.
    pub fn to_home(&self) -> &'static str {
        match self.user.as_ref().map(|user| user.role) {
            None => "To the sign-in",
            Some(Role::Operator | Role::Observer { .. }) => "To the overview",
            Some(Role::Manager | Role::Payee) => "To the statements",
            Some(Role::Cashier) => "To the till",
        }
    }

    /// Whether the person sees the statements of others besides their own, and no more.
    pub fn is_manager(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.role == Role::Manager)
    }

    /// Whether the person may look and change nothing.
    pub fn is_observer(&self) -> bool {
        self.user.as_ref().is_some_and(|user| matches!(user.role, Role::Observer { .. }))
    }

    /// Address of an asset; see [`asset_url`].
    pub fn asset(&self, name: &str) -> String {
        asset_url(name)
    }
}
