//! The real binary, run as a person or a script runs it.

mod configuration;
mod cut_line;
mod demo;
mod dry_run;
mod imports;
mod plans;
#[cfg(target_os = "linux")]
mod power;
mod refusals;
mod running;
mod serve;
mod till_kills;
mod upkeep;
mod whole_way;
