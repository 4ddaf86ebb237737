//! A whole plan over many sales: in full, after one changed sale, and what if; beside SQL and pandas.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use super::EngineArgs;
use super::child::{Installation, Server};
use super::client::{Connection, get, post};
use super::file;
use super::table::{Table, grouped, median, ms};
use crate::failure::Failure;

/// The plan.
const PLAN: &str = include_str!("calculate.toml");

/// How often one sale is changed and the statement read again.
const CHANGES: u64 = 50;

/// How often the what-if is asked.
const QUESTIONS: usize = 3;

/// The quota of everybody.
const QUOTA: u64 = 3_000_000;

/// Measures and fills the table.
pub(super) async fn run(engines: &EngineArgs, rows: u64, payees: u64) -> Result<Table, Failure> {
    let mut table = Table::new(&["engine", "what", "time", "sales a second"]);
    for engine in &engines.engine {
        let installation = Installation::begin(*engine, engines.postgres.as_deref())?;
        let path = |name: &str| installation.folder().join(name).display().to_string();
        let (sales, people, plan) = (path("sales.csv"), path("people.toml"), path("plan.toml"));
        file::write_shared(sales.as_ref(), rows, payees)?;
        file::write_line(people.as_ref(), payees, QUOTA)?;
        std::fs::write(&plan, PLAN).map_err(|e| Failure::file(plan.as_ref(), &e))?;
        installation.run(&["people", "apply", &people])?;
        installation.run(&["plan", "apply", &plan])?;
        installation.run(&["import", &sales, "--source", "Bench", "--yes"])?;
        let mut row = |what: &str, us: u64| {
            let rate = rows.saturating_mul(1_000_000) / us.max(1);
            table.row(vec![engine.name().to_owned(), what.to_owned(), ms(us), grouped(rate)]);
        };
        let calculate = ["calculate", "--plan", "Bench", "--period", "2026-Q1"];
        row("full calculation, whole command, first time (posts all rewards)", micros(installation.measured(&calculate)?.1));
        let mut again = Vec::new();
        for _ in 0..3 {
            again.push(micros(installation.measured(&calculate)?.1));
        }
        row("full calculation again (posts nothing), median of 3", median(&again).unwrap_or(0));
        let key = admin_key(&installation)?;
        let server = installation.serve().await?;
        let mut bench = Bench::open(&server, &key).await?;
        row("first statement over HTTP after the start: reads the period", bench.first_statement().await?);
        let hundred = payees / 200 * 100;
        for (who, name) in [("a rep", hundred + 11), ("the manager of ten", hundred + 10), ("the manager of a hundred", hundred)] {
            let found = bench.one_sale(&format!("Rep {name:04}")).await?;
            let credits = grouped(found.credits);
            row(
                &format!("one changed sale to the refreshed statement of {who} ({credits} credits) over HTTP, median of {CHANGES}"),
                median(&found.changed).unwrap_or(0),
            );
            row(&format!("the same, slowest of {CHANGES}"), found.changed.iter().max().copied().unwrap_or(0));
            row("the same statement without a change, median", median(&found.unchanged).unwrap_or(0));
        }
        row("a page of 100 credits of all payees over HTTP, median of 50", bench.credit_pages().await?);
        let (first, others) = bench.what_if().await?;
        row("what-if with another rate over HTTP, first", first);
        row("what-if, median of 3 after it", others);
        drop(server);
        installation.run(&["verify"])?;
    }
    peers(&mut table, rows, payees)?;
    table.note(format!("{} sales, half of them shared by two, {} payees; `meed verify` clean afterwards.", grouped(rows), grouped(payees)));
    Ok(table)
}

fn micros(elapsed: std::time::Duration) -> u64 {
    u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
}

fn admin_key(installation: &Installation) -> Result<String, Failure> {
    let key = installation.run(&["key", "create", "--label", "bench", "--scope", "admin", "--json"])?;
    let key = serde_json::from_str::<Value>(&key).ok().and_then(|v| v["secret"].as_str().map(str::to_owned));
    key.ok_or_else(|| Failure::fault("bench", "`meed key create --json` printed no secret"))
}

fn broken(e: &std::io::Error) -> Failure {
    Failure::fault("bench_client", e.to_string())
}

/// Sends a request that must succeed.
async fn ask(connection: &mut Connection, request: &[u8]) -> Result<Value, Failure> {
    let (status, body) = connection.send(request).await.map_err(|e| broken(&e))?;
    if !(200..300).contains(&status) {
        return Err(Failure::fault("bench", format!("HTTP {status}: {}", String::from_utf8_lossy(&body))));
    }
    serde_json::from_slice(&body).map_err(|e| Failure::fault("bench", e.to_string()))
}

/// The server that is asked, and what about.
struct Bench<'a> {
    connection: Connection,
    key: &'a str,
    program: String,
}

/// What was measured of one payee's statement, in microseconds.
struct OneSale {
    credits: u64,
    unchanged: Vec<u64>,
    changed: Vec<u64>,
}

impl<'a> Bench<'a> {
    async fn open(server: &Server, key: &'a str) -> Result<Self, Failure> {
        let mut connection = Connection::open(&server.address).await.map_err(|e| broken(&e))?;
        let programs = ask(&mut connection, &get("/v1/programs", key)).await?;
        let program = programs["data"][0]["id"].as_str().map(str::to_owned);
        let program = program.ok_or_else(|| Failure::fault("bench", "there is no program"))?;
        Ok(Self { connection, key, program })
    }

    /// The request for a payee's statement, by name.
    async fn statement(&mut self, name: &str) -> Result<Vec<u8>, Failure> {
        let mut cursor = String::new();
        let rep = loop {
            let page = ask(&mut self.connection, &get(&format!("/v1/reps?limit=100&fields=id,name{cursor}"), self.key)).await?;
            let found = page["data"].as_array().and_then(|reps| reps.iter().find(|rep| rep["name"] == name));
            if let Some(id) = found.and_then(|rep| rep["id"].as_str()) {
                break id.to_owned();
            }
            let next = page["next_cursor"].as_str().ok_or_else(|| Failure::fault("bench", format!("there is no {name}")))?;
            cursor = format!("&cursor={next}");
        };
        Ok(get(&format!("/v1/statements/current?program={}&period=2026-Q1&payee={rep}", self.program), self.key))
    }

    async fn first_statement(&mut self) -> Result<u64, Failure> {
        let statement = self.statement("Rep 0001").await?;
        let start = Instant::now();
        ask(&mut self.connection, &statement).await?;
        Ok(micros(start.elapsed()))
    }

    /// Changes a sale of a payee and reads their statement until it is there: without and with a change.
    async fn one_sale(&mut self, name: &str) -> Result<OneSale, Failure> {
        let statement = self.statement(name).await?;
        let mut last = ask(&mut self.connection, &statement).await?["attainment"].clone();
        let (mut unchanged, mut changed) = (Vec::new(), Vec::new());
        let mut credits = 0;
        for n in 0..CHANGES {
            let start = Instant::now();
            ask(&mut self.connection, &statement).await?;
            unchanged.push(micros(start.elapsed()));
            let sale = format!(
                "{{\"source\":\"Bench\",\"unique_id\":\"CHANGED\",\"date\":\"2026-02-10T10:00:00Z\",\"revenue\":\"{}\",\"currency\":\"USD\",\"owner\":\"{name}\"}}",
                100 + n * 10
            );
            let start = Instant::now();
            ask(&mut self.connection, &post("/v1/sales", self.key, &sale)).await?;
            let now = ask(&mut self.connection, &statement).await?;
            changed.push(micros(start.elapsed()));
            if now["attainment"] == last {
                return Err(Failure::fault("bench", "the statement did not change with its sale"));
            }
            credits = now["credit_count"].as_u64().unwrap_or(0);
            last = now["attainment"].clone();
        }
        Ok(OneSale { credits, unchanged, changed })
    }

    /// Pages of the credits of the last calculation, one after the other.
    async fn credit_pages(&mut self) -> Result<u64, Failure> {
        let calculations = ask(&mut self.connection, &get("/v1/calculations?limit=1", self.key)).await?;
        let calculation = calculations["data"][0]["id"].as_str().unwrap_or_default().to_owned();
        let mut times = Vec::new();
        let mut cursor = String::new();
        for _ in 0..CHANGES {
            let request = get(&format!("/v1/credits?calculation={calculation}&limit=100{cursor}"), self.key);
            let start = Instant::now();
            let page = ask(&mut self.connection, &request).await?;
            times.push(micros(start.elapsed()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        Ok(median(&times).unwrap_or(0))
    }

    async fn what_if(&mut self) -> Result<(u64, u64), Failure> {
        let text = Value::String(PLAN.replace("rate = \"5%\"", "rate = \"6%\""));
        let body = format!("{{\"text\":{text},\"from\":\"2026-Q1\"}}");
        let question = post(&format!("/v1/programs/{}/what-if", self.program), self.key, &body);
        let mut times = Vec::new();
        for _ in 0..=QUESTIONS {
            let start = Instant::now();
            ask(&mut self.connection, &question).await?;
            times.push(micros(start.elapsed()));
        }
        Ok((times[0], median(&times[1..]).unwrap_or(0)))
    }
}

/// The same figures without explanation, history or exact decimals.
fn peers(table: &mut Table, rows: u64, payees: u64) -> Result<(), Failure> {
    let name = meed_app::token().map_err(Failure::from)?;
    let folder = std::env::temp_dir().join(format!("meed-bench-{name}"));
    std::fs::create_dir_all(&folder).map_err(|e| Failure::file(&folder, &e))?;
    let csv = folder.join("sales.csv");
    let result = file::write_shared(&csv, rows, payees).map(|()| {
        in_sql(table, &folder, rows);
        in_pandas(table, &csv, rows, payees);
    });
    std::fs::remove_dir_all(&folder).map_err(|e| Failure::file(&folder, &e))?;
    result
}

fn in_sql(table: &mut Table, folder: &Path, rows: u64) {
    let database = folder.join("peer.db").display().to_string();
    let load = format!(".mode csv\n.import {} sales\n", folder.join("sales.csv").display());
    let calculation = meed_store::calculation_script(QUOTA);
    if run_with(&database, &load).is_none() {
        table.note("`sqlite3` is not installed.");
        return;
    }
    let start = Instant::now();
    if run_with(&database, &calculation).is_some() {
        let us = micros(start.elapsed());
        let rate = grouped(rows.saturating_mul(1_000_000) / us.max(1));
        table.row(vec!["sqlite3".into(), "the same rewards in SQL over one loaded table, binary floats".into(), ms(us), rate]);
    } else {
        table.note("The calculation in SQL failed.");
    }
}

fn run_with(database: &str, script: &str) -> Option<()> {
    let mut child = Command::new("sqlite3").args(["-bail", database]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().ok()?;
    std::io::Write::write_all(&mut child.stdin.take()?, script.as_bytes()).ok()?;
    child.wait().ok()?.success().then_some(())
}

fn in_pandas(table: &mut Table, csv: &Path, rows: u64, payees: u64) {
    let script = include_str!("calculate.py");
    let output = Command::new("python3").args(["-c", script]).arg(csv).args([payees.to_string(), QUOTA.to_string()]).output();
    let text = output.ok().filter(|output| output.status.success()).map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let seconds: Vec<u64> = text.iter().flat_map(|text| text.split(' ')).map_while(|word| milliseconds(word.trim())).collect();
    let [read, calculated, ..] = seconds.as_slice() else {
        table.note("Python with pandas is not installed.");
        return;
    };
    let rate = |ms: u64| grouped(rows.saturating_mul(1_000) / ms.max(1));
    table.row(vec!["pandas".into(), "reading the file".into(), ms(read * 1_000), rate(*read)]);
    table.row(vec![
        "pandas".into(),
        "the same rewards over the frame in memory, binary floats".into(),
        ms(calculated * 1_000),
        rate(*calculated),
    ]);
}

/// Milliseconds of a text such as `1.234567`.
fn milliseconds(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.')?;
    let part = format!("{part:0<3}");
    Some(whole.parse::<u64>().ok()? * 1_000 + part.get(..3)?.parse::<u64>().ok()?)
}
