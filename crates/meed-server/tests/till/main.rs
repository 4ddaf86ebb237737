//! The classic surface `/crmapi/rest/v2` over HTTP, on every engine (`pos-loyalty.md`).

#![allow(clippy::expect_used)]

mod buying;
mod cut_line;
mod documented;
mod entering;
mod managing;
mod many;
mod shop;
mod spending;
mod wallet;
