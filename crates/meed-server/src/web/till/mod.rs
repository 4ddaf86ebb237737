//! Loyalty in the browser: the till, receipts, participants and wallets, offers with the simulator, products, settlement.

mod basket;
mod hands;
mod lines;
mod offer_words;
mod offers;
mod participants;
mod receipt;
mod reviews;
mod sell;
mod settlement;
mod setup;
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
}
