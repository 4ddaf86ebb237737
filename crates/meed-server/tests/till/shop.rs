//! A shop that is spoken to over HTTP alone.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use meed_app::loyalty::documents::{SchemeDocument, TerminalDocument, TillSettingsDocument, UnitDocument};
use meed_app::loyalty::participants::{MeansInput, ParticipantView};
use meed_app::loyalty::{ProductDocument, offers, participants, products, records};
use meed_app::{Context, workspaces};
use meed_core::id::Id;
use meed_core::loyalty::Participant;
use meed_testkit::{Client, Engine, Reply, TestApp};
use serde_json::{Value, json};

/// Five per cent for everybody.
pub(crate) const FIVE_PERCENT: &str = "name = \"Five per cent\"\n[award]\npercent = \"5%\"\n";

pub(crate) struct Shop {
    pub(crate) app: TestApp,
    pub(crate) ctx: Context,
    pub(crate) secret: String,
    pub(crate) client: Client,
    pub(crate) token: String,
    pub(crate) unit: Id,
    pub(crate) terminal: Id,
    pub(crate) anna: ParticipantView,
}

/// The text of an id on the wire.
pub(crate) fn hex(id: Id) -> String {
    format!("{:032X}", id.0)
}

/// Sends parameters to a method and answers the envelope.
pub(crate) async fn post(client: &Client, method: &str, body: &Value) -> Value {
    let reply = client.post(&format!("/crmapi/rest/v2/{method}"), body).await;
    envelope(&reply)
}

pub(crate) fn envelope(reply: &Reply) -> Value {
    let value = reply.expect(200);
    assert!(value["status"]["code"].is_string() && value.get("data").is_some(), "not an envelope: {value}");
    value
}

/// An amount with two decimals. That amounts are written exactly is tested where they are written.
pub(crate) fn cents(amount: &Value) -> String {
    amount.as_f64().map_or_else(|| format!("not an amount: {amount}"), |amount| format!("{amount:.2}"))
}

/// The code of an envelope.
pub(crate) fn code(envelope: &Value) -> &str {
    envelope["status"]["code"].as_str().unwrap_or_default()
}

impl Shop {
    /// A shop in New York with a terminal, four products, and Anna, who has a card and a phone with a pass code.
    pub(crate) async fn open(engine: Engine) -> Self {
        let app = TestApp::start(engine).await;
        let workspace = app.workspace("corner").await;
        let ctx = Context::system(workspace.id);
        let scheme = SchemeDocument { name: "Club".into(), code: "club".into(), ..SchemeDocument::default() };
        records::put(&app.app, &ctx, None, &scheme).await.expect("a scheme");
        let unit = UnitDocument { name: "High Street".into(), code: "high".into(), ..UnitDocument::default() };
        let unit = records::put(&app.app, &ctx, None, &unit).await.expect("a unit");
        let terminal = TerminalDocument { code: "T-1".into(), unit: unit.0 };
        let terminal = records::put(&app.app, &ctx, None, &terminal).await.expect("a terminal");
        let rows = [("bread", "bakery"), ("milk", "dairy"), ("wine", "drinks"), ("other", "other")];
        let rows =
            rows.map(|(code, family)| ProductDocument { code: code.into(), family: Some(family.into()), ..ProductDocument::default() });
        products::synchronise(&app.app, &ctx, rows.to_vec()).await.expect("products");
        let person = Participant { name: "Anna Reed".into(), number: "RP0000000019".into(), ..Participant::default() };
        let means = |kind: &str, code: &str, pass_code: Option<&str>| MeansInput {
            kind: kind.into(),
            code: code.into(),
            pass_code: pass_code.map(str::to_owned),
            ..MeansInput::default()
        };
        let means = vec![means("card", "4711", None), means("phone", "+1 555 0100", Some("2468"))];
        let anna = participants::create(&app.app, &ctx, person, means).await.expect("a participant");
        let client = app.client();
        let mut shop = Self { app, ctx, secret: workspace.secret, client, token: String::new(), unit, terminal, anna };
        shop.token = shop.fresh_token(&json!({})).await;
        shop
    }

    pub(crate) async fn close(self) {
        self.app.stop().await;
    }

    pub(crate) async fn fresh_token(&self, body: &Value) -> String {
        let basic = self.client.with("authorization", &basic(&self.secret));
        let answer = post(&basic, "authentication/web_api_key/token", body).await;
        assert_eq!(code(&answer), "OK", "{answer}");
        answer["data"]["token"].as_str().expect("a token").to_owned()
    }

    pub(crate) async fn offer(&self, text: &str) -> Id {
        let text = format!("kind = \"reward\"\nscheme = \"club\"\n{text}");
        offers::apply(&self.app.app, &self.ctx, &text, "").await.expect("an offer").0
    }

    pub(crate) async fn settings(&self, document: TillSettingsDocument) {
        records::put(&self.app.app, &self.ctx, None, &document).await.expect("settings");
    }

    pub(crate) async fn default_product(&self) {
        let all = records::list::<ProductDocument>(&self.app.app, &self.ctx).await.expect("products");
        let other = all.iter().find(|entry| entry.document.code == "other").expect("a product").id;
        self.settings(TillSettingsDocument { default_product: Some(other.0), ..TillSettingsDocument::default() }).await;
    }

    pub(crate) async fn other_customer(&self) -> ParticipantView {
        let person = Participant { name: "Ben Cole".into(), ..Participant::default() };
        let means = MeansInput { kind: "card".into(), code: "4712".into(), ..MeansInput::default() };
        participants::create(&self.app.app, &self.ctx, person, vec![means]).await.expect("a participant")
    }

    /// Calls a method with the token.
    pub(crate) async fn call(&self, method: &str, mut body: Value) -> Value {
        body["token"] = json!(self.token);
        post(&self.client, method, &body).await
    }

    /// Calls a method that must succeed, and answers its data.
    pub(crate) async fn ok(&self, method: &str, body: Value) -> Value {
        let answer = self.call(method, body).await;
        assert_eq!(code(&answer), "OK", "{method}: {answer}");
        answer["data"].clone()
    }

    /// Calls a method that must be refused, and answers the code.
    pub(crate) async fn refused(&self, method: &str, body: Value) -> String {
        let answer = self.call(method, body).await;
        assert_ne!(code(&answer), "OK", "{method}: {answer}");
        assert_eq!(answer["data"], json!([]), "{answer}");
        assert!(answer["status"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{answer}");
        code(&answer).to_owned()
    }

    pub(crate) async fn buy(&self, reference: &str, lines: &[(&str, &str)]) -> Value {
        self.ok("customer_events/purchases/create", purchase(reference, lines)).await
    }

    pub(crate) async fn balance(&self) -> String {
        let data = self.ok("wallets/get_balance", json!({"rewards_participant_identifier": {"number": "RP0000000019"}})).await;
        cents(&data["balance"])
    }

    pub(crate) async fn short_name(&self) -> String {
        workspaces::get(&self.app.app, self.ctx.workspace).await.expect("a workspace").slug
    }
}

/// A purchase of (product, amount) by Anna's card.
pub(crate) fn purchase(reference: &str, lines: &[(&str, &str)]) -> Value {
    let line = |(code, total): &(&str, &str)| {
        let total: Value = serde_json::from_str(total).expect("a number");
        json!({"product_identifier": {"code": code}, "net_amount": total, "vat_amount": 0, "total_amount": total})
    };
    json!({
        "rewards_participant_identifier": {"access_token_identifier": {"authentication_code": "4711"}},
        "performed_by_unit_identifier": {"alternative_code": "high"},
        "performed_on": "2026-04-10T08:00:00",
        "reference_number": reference,
        "products_set": lines.iter().map(line).collect::<Vec<_>>(),
    })
}

/// A spend by Anna on a purchase.
pub(crate) fn spend(purchase: &Value, amount: Option<&str>) -> Value {
    let amount: Value = amount.map_or(Value::Null, |text| serde_json::from_str(text).expect("a number"));
    json!({
        "rewards_participant_identifier": {"number": "RP0000000019"},
        "purchase_customer_request_identifier": {"id": purchase["id"]},
        "performed_by_unit_identifier": {"alternative_code": "high"},
        "performed_on": "2026-04-10T08:00:00",
        "spend_amount": amount,
    })
}

/// The claims of a token, read without a key.
pub(crate) fn claims(token: &str) -> Value {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "{token}");
    let read = |part: &str| -> Value {
        let bytes = meed_app::access::tokens::unbase64(part).expect("base 64");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    assert_eq!(read(parts[0]), json!({"typ": "JWT", "alg": "HS256"}));
    read(parts[1])
}

/// A JSON Web Token, signed with HS256.
pub(crate) fn signed(key: &str, claims: &Value) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let plain = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let head = format!("{}.{}", plain(br#"{"alg":"HS256","typ":"JWT"}"#), plain(claims.to_string().as_bytes()));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).expect("a key");
    mac.update(head.as_bytes());
    format!("{head}.{}", plain(&mac.finalize().into_bytes()))
}

/// HTTP Basic with a user name and an empty password.
pub(crate) fn basic(name: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:")))
}

/// Runs a test on both engines, with the books verified behind it.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => { $(
        mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                let shop = $crate::shop::Shop::open(meed_testkit::Engine::Sqlite).await;
                super::$name(&shop).await;
                shop.close().await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                let shop = $crate::shop::Shop::open(meed_testkit::Engine::Postgres).await;
                super::$name(&shop).await;
                shop.close().await;
            }
        }
    )* };
}
pub(crate) use on_both_engines;
