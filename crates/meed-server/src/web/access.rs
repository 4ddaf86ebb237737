//! Which page is for whom. Every route has a row here; one without a row opens for nobody, so that none is forgotten.
//!
//! The use cases decide what somebody may do and see. This table only keeps people off pages that have nothing for them,
//! with the same answer wherever they knock.

use axum::http::Method;
use meed_app::Role;

/// For whom a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody who is signed in.
    Everybody,
    /// Everybody but cashiers.
    NotCashiers,
    /// Administrators, limited ones too, and cashiers.
    Shop,
    /// Full administrators and cashiers.
    Counter,
    /// Administrators, limited ones too.
    Staff,
    /// Administrators who may see plans.
    Planners,
    /// Administrators and managers.
    Leads,
    /// Full administrators and managers.
    Deciders,
    /// Everybody but limited administrators.
    NotObservers,
    /// Full administrators.
    Admins,
    /// The address does not take this method.
    Nobody,
}

impl Who {
    /// Whether a role is among them.
    #[must_use]
    pub const fn includes(self, role: Role) -> bool {
        match self {
            Self::Everybody => true,
            Self::NotCashiers => !matches!(role, Role::Cashier),
            Self::Shop => matches!(role, Role::Admin | Role::Limited | Role::LimitedNoPlans | Role::Cashier),
            Self::Counter => matches!(role, Role::Admin | Role::Cashier),
            Self::Staff => matches!(role, Role::Admin | Role::Limited | Role::LimitedNoPlans),
            Self::Planners => matches!(role, Role::Admin | Role::Limited),
            Self::Leads => matches!(role, Role::Admin | Role::Limited | Role::LimitedNoPlans | Role::Manager),
            Self::Deciders => matches!(role, Role::Admin | Role::Manager),
            Self::NotObservers => matches!(role, Role::Admin | Role::Manager | Role::Payee),
            Self::Admins => matches!(role, Role::Admin),
            Self::Nobody => false,
        }
    }
}

use Who::{Admins, Counter, Deciders, Everybody, Leads, Nobody, NotCashiers, NotObservers, Planners, Shop, Staff};

/// A route as the router writes it, who may open it, and who may send its form.
pub const RULES: &[(&str, Who, Who)] = &[
    ("/logout", Nobody, Everybody),
    ("/preferences/theme", Nobody, Everybody),
    ("/preferences/side", Nobody, Staff),
    ("/", Staff, Nobody),
    ("/imports", Staff, Admins),
    ("/imports/new", Admins, Nobody),
    ("/imports/{id}", Staff, Nobody),
    ("/imports/{id}/mapping", Staff, Admins),
    ("/imports/{id}/preview", Staff, Nobody),
    ("/imports/{id}/run", Nobody, Admins),
    ("/imports/{id}/discard", Nobody, Admins),
    ("/imports/{id}/undo", Admins, Admins),
    ("/imports/{id}/progress", Staff, Nobody),
    ("/imports/{id}/progress/part", Staff, Nobody),
    ("/imports/{id}/rejects.csv", Staff, Nobody),
    ("/sales", Staff, Nobody),
    ("/sales/{id}", Staff, Nobody),
    ("/sources", Staff, Admins),
    ("/sources/new", Admins, Nobody),
    ("/sources/{id}", Staff, Admins),
    ("/sources/{id}/forget", Nobody, Admins),
    ("/people", Staff, Nobody),
    ("/people/variables", Admins, Admins),
    ("/reps", Nobody, Admins),
    ("/reps/new", Admins, Nobody),
    ("/reps/{id}", Staff, Admins),
    ("/reps/{id}/invite", Nobody, Admins),
    ("/teams", Nobody, Admins),
    ("/teams/new", Admins, Nobody),
    ("/teams/{id}", Staff, Admins),
    ("/parties", Staff, Admins),
    ("/parties/{id}", Staff, Nobody),
    ("/parties/{id}/unlink", Nobody, Admins),
    ("/rates", Staff, Admins),
    ("/rates/remove", Nobody, Admins),
    ("/programs", Planners, Admins),
    ("/programs/new", Admins, Nobody),
    ("/programs/{id}", Planners, Admins),
    ("/programs/{id}/edit", Admins, Nobody),
    ("/programs/{id}/state", Nobody, Admins),
    ("/programs/{id}/what-if", Planners, Planners),
    ("/programs/{id}/projection", Planners, Planners),
    ("/programs/{id}/enrollment", Planners, Admins),
    ("/programs/{id}/compare", Planners, Nobody),
    ("/calculations", Staff, Admins),
    ("/calculations/{id}", Staff, Nobody),
    ("/calculations/{id}/recalculate", Nobody, Admins),
    ("/calculations/{id}/release", Admins, Admins),
    ("/calculations/{id}/released", Staff, Nobody),
    ("/calculations/{id}/withdraw", Nobody, Admins),
    ("/calculations/{id}/reverse", Admins, Admins),
    ("/calculations/{id}/delete", Admins, Admins),
    ("/calculations/{id}/pay", Admins, Admins),
    ("/calculations/{id}/terms", Staff, Admins),
    ("/calculations/{id}/rewards.csv", Staff, Nobody),
    ("/calculations/{id}/credits.csv", Staff, Nobody),
    ("/adjustments", Staff, Admins),
    ("/adjustments/new", Admins, Nobody),
    ("/adjustments/sheet", Admins, Admins),
    ("/adjustments/clawback", Admins, Admins),
    ("/adjustments/{id}/remove", Admins, Admins),
    ("/approvals", Leads, Deciders),
    ("/enquiries", NotCashiers, NotObservers),
    ("/enquiries/new", NotObservers, Nobody),
    ("/enquiries/{id}", NotCashiers, NotObservers),
    ("/announcements", Staff, Admins),
    ("/announcements/{id}", Admins, Admins),
    ("/announcements/{id}/remove", Nobody, Admins),
    ("/leaderboard", NotCashiers, Nobody),
    ("/statements/{payee}/{period}/credits.csv", NotCashiers, Nobody),
    ("/statements", NotCashiers, Nobody),
    ("/statements/{payee}/{period}", NotCashiers, Nobody),
    ("/exports", Staff, Nobody),
    ("/keys", Admins, Admins),
    ("/keys/{id}/revoke", Admins, Admins),
    ("/users", Admins, Admins),
    ("/users/{id}/role", Nobody, Admins),
    ("/users/{id}/link", Nobody, Admins),
    ("/users/{id}/remove", Admins, Admins),
    ("/settings", Admins, Admins),
    ("/till", Shop, Nobody),
    ("/till/preview", Nobody, Shop),
    ("/till/sell", Nobody, Counter),
    ("/till/set-up", Nobody, Admins),
    ("/till/settings", Admins, Admins),
    ("/till/rules", Admins, Admins),
    ("/till/receipts/{id}", Shop, Nobody),
    ("/till/receipts/{id}/return", Nobody, Counter),
    ("/participants", Staff, Admins),
    ("/participants/{id}", Staff, Nobody),
    ("/participants/{id}/adjust", Nobody, Admins),
    ("/participants/{id}/transfer", Nobody, Admins),
    ("/participants/{id}/extend", Nobody, Admins),
    ("/participants/{id}/limits", Nobody, Admins),
    ("/participants/{id}/tier", Nobody, Admins),
    ("/participants/{id}/activities", Nobody, Admins),
    ("/participants/{id}/erase", Nobody, Admins),
    ("/reviews", Staff, Admins),
    ("/reviews/{id}", Nobody, Admins),
    ("/offers", Planners, Admins),
    ("/offers/new", Admins, Nobody),
    ("/offers/evaluation", Nobody, Admins),
    ("/offers/simulate", Nobody, Planners),
    ("/offers/{id}", Planners, Admins),
    ("/offers/{id}/state", Nobody, Admins),
    ("/products", Staff, Admins),
    ("/settlement", Staff, Admins),
    ("/stores", Staff, Admins),
    ("/stores/new", Admins, Nobody),
    ("/stores/{id}", Staff, Admins),
    ("/stores/{id}/remove", Admins, Admins),
    ("/stores/{id}/terminals", Nobody, Admins),
    ("/stores/{id}/terminals/remove", Nobody, Admins),
    ("/merchants", Nobody, Admins),
    ("/merchants/new", Admins, Nobody),
    ("/merchants/{id}", Staff, Admins),
    ("/merchants/{id}/remove", Admins, Admins),
    ("/schemes", Nobody, Admins),
    ("/schemes/new", Admins, Nobody),
    ("/schemes/{id}", Staff, Admins),
    ("/schemes/{id}/remove", Admins, Admins),
    ("/tiers", Staff, Admins),
    ("/classes", Staff, Admins),
    ("/promo-codes", Staff, Admins),
    ("/promo-codes/new", Admins, Nobody),
    ("/promo-codes/{id}", Staff, Admins),
    ("/promo-codes/{id}/remove", Admins, Admins),
    ("/audit", Staff, Nobody),
    ("/audit/sign-ins", Admins, Nobody),
];

/// Who may open a route, or send its form.
#[must_use]
pub fn who(route: &str, method: &Method) -> Who {
    let Some((_, get, post)) = RULES.iter().find(|(known, ..)| *known == route) else { return Nobody };
    match *method {
        Method::GET | Method::HEAD => *get,
        Method::POST => *post,
        _ => Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn com_051_each_route_has_one_rule_and_no_rule_opens_nothing() {
        for (route, ..) in RULES {
            assert_eq!(RULES.iter().filter(|(other, ..)| other == route).count(), 1, "{route}");
        }
        assert_eq!(who("/nowhere", &Method::GET), Nobody);
        assert_eq!(who("/keys", &Method::DELETE), Nobody);
    }
}
