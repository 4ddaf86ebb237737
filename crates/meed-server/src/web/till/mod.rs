//! Loyalty in the browser: the till, receipts, participants and wallets, offers with the simulator, products,
//! settlement, and what tills go by.

mod basket;
mod classes;
mod hands;
mod lines;
mod merchants;
mod offer_words;
mod offers;
mod participants;
mod promo_codes;
mod receipt;
mod removal;
mod reviews;
mod rules;
mod schemes;
mod sell;
mod settlement;
mod setup;
mod stores;
mod tiers;
mod vat;

use axum::Router;
use axum::routing::{get, post};

use crate::ServerState;

pub(super) fn routes() -> Router<ServerState> {
    Router::new()
        .route("/till", get(sell::start))
        .route("/till/preview", post(sell::preview))
        .route("/till/set-up", post(setup::begin))
        .route("/till/settings", get(setup::show).post(setup::save))
        .route("/till/rules", get(rules::show).post(rules::save))
        .route("/till/sell", post(sell::sell))
        .route("/till/receipts/{id}", get(receipt::show))
        .route("/till/receipts/{id}/return", post(receipt::take_back))
        .route("/participants", get(participants::list).post(participants::sign_up))
        .route("/participants/{id}", get(participants::show))
        .route("/participants/{id}/adjust", post(hands::adjust))
        .route("/participants/{id}/transfer", post(hands::transfer))
        .route("/participants/{id}/extend", post(hands::extend))
        .route("/participants/{id}/limits", post(hands::limit))
        .route("/participants/{id}/tier", post(hands::set_tier))
        .route("/participants/{id}/activities", post(hands::record))
        .route("/participants/{id}/erase", post(hands::erase))
        .route("/reviews", get(reviews::list).post(reviews::accept))
        .route("/reviews/{id}", post(reviews::decide))
        .route("/offers", get(offers::list).post(offers::create))
        .route("/offers/new", get(offers::blank))
        .route("/offers/evaluation", post(offers::evaluate))
        .route("/offers/simulate", post(offers::simulate))
        .route("/offers/{id}", get(offers::show).post(offers::save))
        .route("/offers/{id}/state", post(offers::switch))
        .route("/products", get(settlement::products).post(settlement::save_product))
        .route("/settlement", get(settlement::list).post(settlement::settle))
        .route("/stores", get(stores::list).post(stores::add))
        .route("/stores/new", get(stores::blank))
        .route("/stores/{id}", get(stores::show).post(stores::save))
        .route("/stores/{id}/remove", get(stores::ask).post(stores::remove))
        .route("/stores/{id}/terminals", post(stores::add_terminal))
        .route("/stores/{id}/terminals/remove", post(stores::remove_terminal))
        .route("/merchants", post(merchants::add))
        .route("/merchants/new", get(merchants::blank))
        .route("/merchants/{id}", get(merchants::show).post(merchants::save))
        .route("/merchants/{id}/remove", get(merchants::ask).post(merchants::remove))
        .route("/schemes", post(schemes::add))
        .route("/schemes/new", get(schemes::blank))
        .route("/schemes/{id}", get(schemes::show).post(schemes::save))
        .route("/schemes/{id}/remove", get(schemes::ask).post(schemes::remove))
        .route("/tiers", get(tiers::show).post(tiers::save))
        .route("/promo-codes", get(promo_codes::list).post(promo_codes::add))
        .route("/promo-codes/new", get(promo_codes::blank))
        .route("/promo-codes/{id}", get(promo_codes::show).post(promo_codes::save))
        .route("/promo-codes/{id}/remove", get(promo_codes::ask).post(promo_codes::remove))
        .route("/classes", get(classes::show).post(classes::save))
}
