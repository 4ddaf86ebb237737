//! The classic surface `/crmapi/rest/v2` over HTTP, on every engine (`pos-loyalty.md`).

#![allow(clippy::expect_used)]

mod bad_cases;
mod bad_input;
mod buying;
mod clauses;
mod contract;
mod cut_line;
mod documented;
mod entering;
mod events;
mod identifying;
mod managing;
mod many;
mod parties;
mod previewing;
mod shop;
mod spending;
mod sums;
mod surfaces;
mod wallet;
