//! What tills go by, participants and their wallets: full, empty and refused.

use super::{chrome, drawn, eur, fact, link, s, texts};
use crate::pages::charts::BarChart;
use crate::pages::till::{
    ClassFields, ClassesPage, HandsForms, JournalRow, LimitFields, LotRow, MerchantPage, MerchantRow, ParticipantPage, ParticipantRow,
    ParticipantsPage, PromoCodePage, PromoCodeRow, PromoCodesPage, SchemePage, SchemeRow, StorePage, StoreRow, StoresPage, TierFields,
    TierRow, TiersPage, TillRulesPage, TillSettingsPage,
};
use crate::pages::{Badge, Choice, FormErrors, Nav, Pager, Tone};

fn on() -> Badge {
    Badge::new("On", Tone::Good)
}

/// Choices with names that people gave.
fn choices(list: &[(&str, &str)]) -> Vec<Choice> {
    list.iter().enumerate().map(|(at, (value, label))| Choice::new(value, &s(label), at == 0)).collect()
}

fn typed<const N: usize>(list: [&str; N]) -> [String; N] {
    list.map(s)
}

fn stores(is_empty: bool) -> StoresPage {
    let store = StoreRow {
        id: "unit_1".into(),
        name: s("Hafenstraße"),
        code: s("hafen"),
        group: s("North"),
        merchant: link("Hafen Handels GmbH", "/merchants/mer_1"),
        terminals: s("T-1, T-2"),
        zone: s("Europe/Athens"),
    };
    let merchant = MerchantRow {
        id: "mer_1".into(),
        name: s("Hafen Handels GmbH"),
        stands_for: s("Hafenstraße, group North"),
        contribution: s("40"),
        spending: "when the customer asks".into(),
        status: on(),
    };
    let row = |row: StoreRow| if is_empty { Vec::new() } else { vec![row, StoreRow { name: s("Market"), ..StoreRow::default() }] };
    StoresPage {
        chrome: chrome(Nav::Stores, "/stores"),
        stores: row(store),
        merchants: if is_empty { Vec::new() } else { vec![merchant] },
        zone: "Europe/Berlin".into(),
    }
}

fn store(id: &str, errors: FormErrors) -> StorePage {
    StorePage {
        chrome: chrome(Nav::Stores, "/stores/unit_1"),
        id: id.into(),
        title: s("Hafenstraße"),
        typed: typed(["Hafenstraße", "hafen", "North", "Harbour", "Europe/Athens", "By the quay"]),
        merchant: link("Hafen Handels GmbH", "/merchants/mer_1"),
        zone: "Europe/Berlin".into(),
        terminals: vec![("tap_1".into(), s("T-1")), ("tap_2".into(), s("T-2"))],
        terminal: s("T-3"),
        errors,
    }
}

fn merchant(errors: FormErrors) -> MerchantPage {
    let rule = |field: &str, note: &str| Choice { note: note.into(), ..Choice::new(field, "Takes part", true) };
    MerchantPage {
        chrome: chrome(Nav::Stores, "/merchants/mer_1"),
        id: "mer_1".into(),
        title: s("Hafen Handels GmbH"),
        typed: typed(["Hafen Handels GmbH", "North, South", "40"]),
        units: choices(&[("unit_1", "Hafenstraße"), ("unit_2", "Market")]),
        schemes: choices(&[("sch_1", "Club"), ("sch_2", "Staff club")]),
        rules: vec![rule("effective", "Else purchases at its stores earn nothing."), rule("allows_spending", "")],
        pays_back: choices(&[("", "taken off at the till"), ("voucher", "paid back later, by voucher")]),
        errors,
    }
}

fn scheme(id: &str, errors: FormErrors) -> SchemePage {
    SchemePage {
        chrome: chrome(Nav::Tiers, "/schemes/sch_1"),
        id: id.into(),
        title: s("Club"),
        typed: typed(["Club", "club"]),
        is_effective: true,
        is_automatic: false,
        errors,
    }
}

fn tiers(is_empty: bool, errors: FormErrors) -> TiersPage {
    let scheme = SchemeRow {
        id: "sch_1".into(),
        name: s("Club"),
        code: s("club"),
        who: "everybody".into(),
        offers: "3 offers".into(),
        status: on(),
    };
    let tier = TierFields { typed: typed(["Gold", "gold", "200", "#d4af37"]) };
    TiersPage {
        chrome: chrome(Nav::Tiers, "/tiers"),
        schemes: if is_empty { Vec::new() } else { vec![scheme] },
        has_tiers: !is_empty,
        tiers: if is_empty { vec![TierFields::default()] } else { vec![tier, TierFields::default()] },
        moves: if is_empty { Vec::new() } else { vec![fact("Counts", "each EUR of a purchase is 1 unit")] },
        typed: typed(["365", "1"]),
        currency: "EUR".into(),
        errors,
    }
}

fn classes(has_classes: bool, errors: FormErrors) -> ClassesPage {
    let class = ClassFields { typed: typed(["marathon", "M1"]), events: choices(&[("achievement", "achievements"), ("", "any event")]) };
    ClassesPage { chrome: chrome(Nav::Classes, "/classes"), has_classes, classes: vec![class, ClassFields::default()], errors }
}

fn promo_codes(is_empty: bool) -> PromoCodesPage {
    let row = |id: &str, code: &str, days: &str, uses: &str, status| PromoCodeRow {
        id: id.into(),
        code: s(code),
        days: days.into(),
        uses: uses.into(),
        status,
    };
    let rows = vec![
        row("pro_1", "SPRING", "1 Mar 2026 to 31 May 2026", "100 times", on()),
        row("pro_2", "WELCOME", "", "", Badge::new("Off", Tone::Neutral)),
    ];
    PromoCodesPage { chrome: chrome(Nav::PromoCodes, "/promo-codes"), rows: if is_empty { Vec::new() } else { rows } }
}

fn promo_code(id: &str, errors: FormErrors) -> PromoCodePage {
    PromoCodePage {
        chrome: chrome(Nav::PromoCodes, "/promo-codes/pro_1"),
        id: id.into(),
        title: s("SPRING"),
        typed: typed(["SPRING", "2026-03-01", "2026-05-31", "100"]),
        is_effective: true,
        errors,
    }
}

fn rules(has_identity_key: bool, errors: FormErrors) -> TillRulesPage {
    let limit = LimitFields {
        kinds: choices(&[("debit", "Spends and debits"), ("credit", "Credits by hand")]),
        periods: choices(&[("day", "a day"), ("week", "a week")]),
        units: choices(&[("", "EUR"), ("PTS", "points")]),
        typed: typed(["3", "50.00"]),
    };
    TillRulesPage {
        chrome: chrome(Nav::Till, "/till/rules"),
        typed: typed(["15", "72", "5", "0.01", "BREAD"]),
        forgives: true,
        stores: choices(&[("", "none"), ("unit_1", "Hafenstraße")]),
        limits: vec![limit.clone(), limit],
        has_identity_key,
        currency: "EUR".into(),
        errors,
    }
}

fn settings(errors: FormErrors) -> TillSettingsPage {
    TillSettingsPage {
        chrome: chrome(Nav::Till, "/till/settings"),
        units: vec![(s("Hafenstraße"), s("hafen"))],
        vat_rates: vec![(s("standard"), s("19")), (String::new(), String::new())],
        receipt: typed(["Hafen Handels GmbH", "Thank you."]),
        sales_owners: choices(&[("", "no"), ("unit", "yes, sold by the store")]),
        limits: typed(["1.00", "50.00"]),
        evaluation_hour: s("2"),
        unit_name: s("Market"),
        currency: "EUR".into(),
        errors,
    }
}

fn participants(is_empty: bool, errors: FormErrors) -> ParticipantsPage {
    let row = ParticipantRow {
        id: "par_1".into(),
        name: s("Anna Reed"),
        number: s("RP0000000001"),
        contact: s("anna@example.org"),
        tier: s("Gold"),
        since: "4 Jan 2026".into(),
        status: Badge::new("Takes part", Tone::Good),
    };
    ParticipantsPage {
        chrome: chrome(Nav::Participants, "/participants"),
        rows: if is_empty { Vec::new() } else { vec![row] },
        q: s("Anna"),
        pager: Pager::default(),
        typed: typed(["Anna Reed", "4711", "+49 40 123", "anna@example.org"]),
        errors,
    }
}

fn hands(is_gone: bool) -> HandsForms {
    HandsForms {
        transfer: typed(["4712", "5.00", "A gift"]),
        lots: choices(&[("lot_1", "Bakery bonus, 5.00 EUR, until 30 May 2026")]),
        extend: typed(["2026-12-31", "Was ill"]),
        limits: vec![(s("Spends and debits"), s("3 times a day"))],
        limit_kinds: choices(&[("debit", "Spends and debits")]),
        limit_periods: choices(&[("day", "a day")]),
        limit: typed(["3", "50.00"]),
        activities: choices(&[("referral", "Brought somebody")]),
        units: choices(&[("unit_1", "Hafenstraße")]),
        activity: typed(["friend", "0.00", "REF-1", "4713"]),
        tiers: choices(&[("", "As earned"), ("gold", "Gold")]),
        tier: typed(["2026-12-31", "A good customer"]),
        is_tier_fixed: true,
        is_gone,
    }
}

fn wallet(is_gone: bool, errors: FormErrors) -> ParticipantPage {
    let lot = LotRow {
        from: s("Bakery bonus"),
        amount: eur(500),
        remaining: eur(300),
        held: Some(eur(100)),
        usable: "1 Mar 2026".into(),
        expires: "30 May 2026".into(),
        bound: s("the family is “bakery”"),
    };
    let entry = JournalRow {
        when: "10 Apr 2026, 12:00".into(),
        what: "Purchase".into(),
        text: s("R-1009"),
        href: "/till/receipts/pur_1".into(),
        credit: Some(eur(150)),
        debit: Some(eur(200)),
    };
    let causes = vec![("bought:".to_owned(), vec![link("R-1009", "/till/receipts/pur_1")])];
    ParticipantPage {
        chrome: chrome(Nav::Participants, "/participants/par_1"),
        id: "par_1".into(),
        name: s("Anna Reed"),
        status: Badge::new("Takes part", Tone::Good),
        facts: vec![fact("Number", "RP0000000001")],
        means: vec![(s("card"), s("4711"), true), (s("phone"), s("+49 40 123"), false)],
        balance: eur(1_250),
        parts: vec![(s("Bound"), eur(300))],
        points: s("120 points"),
        expiring: BarChart::default(),
        lots: vec![lot.clone()],
        more_lots: ("1 more".into(), vec![lot]),
        journal: vec![entry, JournalRow::default()],
        pager: Pager::default(),
        progress: vec![(s("Every tenth bottle"), "4".into(), "10".into())],
        tiers: vec![TierRow { day: "10 Apr 2026".into(), text: texts(&["none", "Gold"]).join(" → "), causes }],
        hands: hands(is_gone),
        typed: typed(["5.00", "Goodwill"]),
        token: "token-1".into(),
        currency: "EUR".into(),
        errors,
    }
}

pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let wrong = |field: &str| FormErrors::one(field, &s("That cannot be."));
    vec![
        drawn("stores", &stores(false)),
        drawn("stores-empty", &stores(true)),
        drawn("store", &store("unit_1", FormErrors::none())),
        drawn("store-wrong", &store("", wrong("zone"))),
        drawn("terminal-wrong", &store("unit_1", wrong("terminal"))),
        drawn("merchant", &merchant(FormErrors::none())),
        drawn("merchant-wrong", &merchant(wrong("contribution"))),
        drawn("scheme", &scheme("sch_1", FormErrors::none())),
        drawn("scheme-wrong", &scheme("", wrong("code"))),
        drawn("tiers", &tiers(false, FormErrors::none())),
        drawn("tiers-empty", &tiers(true, FormErrors::none())),
        drawn("tiers-wrong", &tiers(false, wrong("tier_code0"))),
        drawn("classes", &classes(true, FormErrors::none())),
        drawn("classes-wrong", &classes(false, wrong("class_name0"))),
        drawn("promo-codes", &promo_codes(false)),
        drawn("promo-codes-empty", &promo_codes(true)),
        drawn("promo-code", &promo_code("pro_1", FormErrors::none())),
        drawn("promo-code-wrong", &promo_code("", wrong("until"))),
        drawn("till-rules", &rules(true, FormErrors::none())),
        drawn("till-rules-wrong", &rules(false, wrong("limit_amount0"))),
        drawn("till-settings", &settings(FormErrors::none())),
        drawn("till-settings-wrong", &settings(wrong("minimum_spend"))),
        drawn("participants", &participants(false, FormErrors::none())),
        drawn("participants-empty", &participants(true, FormErrors::none())),
        drawn("wallet", &wallet(false, FormErrors::none())),
        drawn("wallet-wrong", &wallet(false, wrong("amount"))),
        drawn("wallet-left", &wallet(true, FormErrors::none())),
    ]
}
