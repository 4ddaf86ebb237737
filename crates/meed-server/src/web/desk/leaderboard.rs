//! The leaderboard.

use axum::extract::State;
use meed_app::leaderboard::{Board, Place, boards};
use meed_app::preferences;

use super::super::answer::{Answer, page};
use super::super::shown::period_words;
use super::super::visit::Visit;
use crate::ServerState;
use crate::pages::Nav;
use crate::pages::charts::Gauge;
use crate::pages::desk::{BoardView, LeaderboardPage, PlaceRow};

pub(in crate::web) async fn show(State(state): State<ServerState>, visit: Visit) -> Answer {
    let all = boards(&state.app, &visit.ctx).await?;
    let place = |place: &Place| PlaceRow {
        rank: place.rank,
        name: place.name.clone(),
        gauge: Gauge {
            label: format!("Attainment of {}", place.name),
            percent: place.percent,
            shown: format!("{}%", place.percent.round_dp(1).normalize()),
            note: String::new(),
        },
        is_self: place.is_self,
    };
    let board = |(number, board): (usize, &Board)| BoardView {
        number,
        program: board.program_name.clone(),
        period: period_words(&board.period),
        places: board.places.iter().map(place).collect(),
    };
    page(&LeaderboardPage {
        boards: all.iter().enumerate().map(board).collect(),
        is_public: preferences::get(&state.app, &visit.ctx).await?.leaderboard,
        chrome: visit.chrome(Nav::Leaderboard),
    })
}
