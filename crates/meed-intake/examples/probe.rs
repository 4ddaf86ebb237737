//! Prints how a file is understood: `cargo run -p meed-intake --example probe -- FILE [--json]`.

use std::fs::File;

use meed_intake::{Hints, Reading, summary};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else { return };
    let json = arguments.next().is_some();
    let opened = File::open(&path).map_err(|e| e.to_string());
    let read = opened.and_then(|mut f| Reading::detect(&mut f, &Hints::default()).map_err(|e| format!("{}: {e}", e.code())));
    match read {
        Ok(reading) if json => println!("{}", serde_json::to_string_pretty(&reading.report()).unwrap_or_default()),
        Ok(reading) => print!("{}", summary(&reading)),
        Err(text) => eprintln!("{text}"),
    }
}
