//! `/v1` for loyalty at the till: who takes part, what tills go by, wallets, holds, returns and settlement. Tills themselves
//! speak the classic surface; both end in the same use cases.

mod evaluations;
mod hands;
mod kept;
mod offers;
mod participants;
mod purchases;
mod reviews;
mod tiers;
mod wallets;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ServerState;

/// The routes with their description.
pub(super) fn described() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new()
        .routes(routes!(participants::index, participants::create))
        .routes(routes!(participants::show, participants::put))
        .routes(routes!(participants::means, participants::add_means))
        .routes(routes!(participants::switch_means))
        .routes(routes!(participants::one_time_code))
        .routes(routes!(participants::progress))
        .routes(routes!(wallets::show))
        .routes(routes!(wallets::journal))
        .routes(routes!(wallets::adjust))
        .routes(routes!(wallets::hold))
        .routes(routes!(wallets::capture))
        .routes(routes!(wallets::release))
        .routes(routes!(hands::transfer))
        .routes(routes!(hands::extend))
        .routes(routes!(hands::erase))
        .routes(routes!(hands::tier_changes))
        .routes(routes!(hands::record))
        .routes(routes!(hands::cancel))
        .routes(routes!(tiers::set))
        .routes(routes!(evaluations::show, evaluations::run))
        .routes(routes!(reviews::index))
        .routes(routes!(reviews::decide))
        .routes(routes!(purchases::index))
        .routes(routes!(purchases::show))
        .routes(routes!(purchases::explain))
        .routes(routes!(purchases::refund))
        .routes(routes!(purchases::cancel))
        .routes(routes!(purchases::settle))
        .routes(routes!(offers::index, offers::apply))
        .routes(routes!(offers::check))
        .routes(routes!(offers::show))
        .routes(routes!(offers::switch))
        .routes(routes!(offers::set_budget))
        .routes(routes!(kept::settings, kept::put_settings))
        .routes(routes!(kept::schemes::index, kept::schemes::create))
        .routes(routes!(kept::schemes::show, kept::schemes::put, kept::schemes::remove))
        .routes(routes!(kept::units::index, kept::units::create))
        .routes(routes!(kept::units::show, kept::units::put, kept::units::remove))
        .routes(routes!(kept::terminals::index, kept::terminals::create))
        .routes(routes!(kept::terminals::show, kept::terminals::put, kept::terminals::remove))
        .routes(routes!(kept::merchants::index, kept::merchants::create))
        .routes(routes!(kept::merchants::show, kept::merchants::put, kept::merchants::remove))
        .routes(routes!(kept::products::index, kept::products::create))
        .routes(routes!(kept::products::show, kept::products::put, kept::products::remove))
        .routes(routes!(kept::promo_codes::index, kept::promo_codes::create))
        .routes(routes!(kept::promo_codes::show, kept::promo_codes::put, kept::promo_codes::remove))
}
