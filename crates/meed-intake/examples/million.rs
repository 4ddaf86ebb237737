//! Writes a million rows to a file and times detection and the walk: `cargo run --release -p meed-intake --example million`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::Instant;

use meed_intake::{Hints, Reading};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::temp_dir().join("meed-million.csv");
    let mut out = BufWriter::new(File::create(&path)?);
    writeln!(out, "Order ID,Order Date,Customer Name,Customer Email,SKU,Product,Quantity,Net Amount,Tax,Currency,Sales Rep,Country")?;
    for i in 0..1_000_000_u32 {
        let (day, month) = (i % 28 + 1, i % 12 + 1);
        writeln!(
            out,
            "SO-{i:07},2026-{month:02}-{day:02},\"Customer {}, Ltd\",c{}@example.com,SKU-{},Widget {},{},{}.{:02},{}.00,USD,Rep {},US",
            i % 5000,
            i % 5000,
            i % 300,
            i % 300,
            i % 7 + 1,
            i % 9999,
            i % 100,
            i % 500,
            i % 40
        )?;
    }
    out.flush()?;
    drop(out);
    let mut file = File::open(&path)?;
    let start = Instant::now();
    let reading = Reading::detect(&mut file, &Hints::default())?;
    let detected = start.elapsed();
    let start = Instant::now();
    let (mut good, mut bad) = (0_u64, 0_u64);
    for row in reading.rows(file, None)? {
        match row?.outcome {
            Ok(_) => good += 1,
            Err(_) => bad += 1,
        }
    }
    println!("{} bytes: detected in {detected:?}, walked in {:?}, {good} rows, {bad} faulty", reading.size(), start.elapsed());
    std::fs::remove_file(path)?;
    Ok(())
}
