//! What can be read: the sets with their properties.

use super::value::Kind::{self, Day, Moment, Number, Text, Truth, Whole};

/// A set of things. The first property is its key.
pub(super) struct Entity {
    pub(super) name: &'static str,
    pub(super) properties: &'static [(&'static str, Kind)],
}

impl Entity {
    /// The set with this name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        ENTITIES.iter().find(|entity| entity.name == name)
    }

    /// Name of its key.
    pub(super) fn key(&self) -> &'static str {
        self.properties.first().map_or("Id", |(name, _)| *name)
    }
}

/// All sets (`commissions.md` §3.6).
pub(super) static ENTITIES: &[Entity] = &[
    Entity {
        name: "Transactions",
        properties: &[
            ("Id", Text),
            ("UniqueId", Text),
            ("Date", Moment),
            ("Revenue", Number),
            ("Profit", Number),
            ("Currency", Text),
            ("TransactionStatus", Text),
            ("Customer", Text),
            ("CustomerEmail", Text),
            ("CustomerCode", Text),
            ("Product", Text),
            ("ProductCode", Text),
            ("Owner1", Text),
            ("Owner2", Text),
            ("Owner3", Text),
            ("Team1", Text),
            ("Team2", Text),
            ("Team3", Text),
            ("Territory", Text),
            ("Quantity", Number),
            ("CostPerUnit", Number),
            ("Taxes", Number),
            ("OtherText1", Text),
            ("OtherText2", Text),
            ("OtherText3", Text),
            ("OtherNumeric1", Number),
            ("OtherNumeric2", Number),
            ("OtherNumeric3", Number),
            ("OtherDate1", Text),
            ("OtherDate2", Text),
            ("OtherDate3", Text),
            ("DataSourceId", Text),
            ("ImportId", Text),
            ("ImportedDate", Moment),
            ("EditedDate", Moment),
        ],
    },
    Entity {
        name: "Calculations",
        properties: &[
            ("Id", Text),
            ("PlanId", Text),
            ("Plan", Text),
            ("PlanVersion", Whole),
            ("Period", Text),
            ("Start", Day),
            ("End", Day),
            ("Status", Text),
            ("Total", Number),
            ("Currency", Text),
            ("Payees", Whole),
            ("Credits", Whole),
            ("Transactions", Whole),
            ("Alerts", Whole),
            ("CalculatedDate", Moment),
            ("CalculatedBy", Text),
        ],
    },
    Entity {
        name: "Credits",
        properties: &[
            ("Id", Text),
            ("CalculationId", Text),
            ("TransactionId", Text),
            ("UniqueId", Text),
            ("UserId", Text),
            ("User", Text),
            ("Date", Moment),
            ("Rule", Text),
            ("Credited", Number),
            ("CommissionRate", Number),
            ("Commission", Number),
            ("CommissionCurrency", Text),
            ("CommissionDetails", Text),
        ],
    },
    Entity {
        name: "CalculationCommission",
        properties: &[
            ("Id", Text),
            ("CalculationId", Text),
            ("TransactionId", Text),
            ("UniqueId", Text),
            ("Commission", Number),
            ("CommissionCurrency", Text),
            ("Users", Whole),
        ],
    },
    Entity {
        name: "Rewards",
        properties: &[
            ("Id", Text),
            ("PlanId", Text),
            ("Plan", Text),
            ("UserId", Text),
            ("User", Text),
            ("Start", Day),
            ("OriginStart", Day),
            ("Amount", Number),
            ("Currency", Text),
            ("Status", Text),
            ("ReleaseId", Text),
            ("PayoutId", Text),
            ("PostedDate", Moment),
        ],
    },
    Entity {
        name: "Payouts",
        properties: &[
            ("Id", Text),
            ("ReleaseId", Text),
            ("Method", Text),
            ("Reference", Text),
            ("PaidOn", Day),
            ("Currency", Text),
            ("Users", Whole),
            ("RecordedDate", Moment),
        ],
    },
    Entity {
        name: "Plans",
        properties: &[
            ("Id", Text),
            ("Name", Text),
            ("Kind", Text),
            ("Period", Text),
            ("Currency", Text),
            ("Version", Whole),
            ("Description", Text),
            ("ValidFrom", Day),
            ("ValidUntil", Day),
            ("RequiresEnrollment", Truth),
            ("RequiresApproval", Truth),
            ("Status", Text),
        ],
    },
    Entity {
        name: "Enrollments",
        properties: &[("Id", Text), ("Plan", Text), ("UserId", Text), ("User", Text), ("From", Day), ("Until", Day)],
    },
    Entity {
        name: "Users",
        properties: &[
            ("Id", Text),
            ("Name", Text),
            ("Email", Text),
            ("ExternalId", Text),
            ("ManagerId", Text),
            ("Manager", Text),
            ("Tags", Text),
            ("Aliases", Text),
            ("IsActive", Truth),
        ],
    },
    Entity {
        name: "Teams",
        properties: &[("Id", Text), ("Name", Text), ("Description", Text), ("ManagerId", Text), ("ParentTeamId", Text), ("Aliases", Text)],
    },
    Entity {
        name: "CustomVariables",
        properties: &[
            ("Id", Text),
            ("OwnerType", Text),
            ("OwnerId", Text),
            ("Owner", Text),
            ("Name", Text),
            ("EffectiveDate", Day),
            ("Value", Number),
        ],
    },
    Entity {
        name: "Alerts",
        properties: &[
            ("Id", Text),
            ("CalculationId", Text),
            ("Plan", Text),
            ("Period", Text),
            ("Code", Text),
            ("Text", Text),
            ("Subject", Text),
            ("Transactions", Whole),
        ],
    },
    Entity {
        name: "Announcements",
        properties: &[
            ("Id", Text),
            ("Title", Text),
            ("Text", Text),
            ("Tags", Text),
            ("From", Day),
            ("Until", Day),
            ("CreatedDate", Moment),
        ],
    },
    Entity { name: "Settings", properties: &[("Id", Text), ("Value", Text)] },
];

/// The description of all sets as CSDL.
pub(super) fn metadata() -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\">\
         <edmx:DataServices><Schema Namespace=\"Meed\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">",
    );
    for entity in ENTITIES {
        out += &format!("<EntityType Name=\"{}\"><Key><PropertyRef Name=\"{}\"/></Key>", entity.name, entity.key());
        for (name, kind) in entity.properties {
            let nullable = if *name == entity.key() { " Nullable=\"false\"" } else { "" };
            let scale = if *kind == Number { " Scale=\"variable\"" } else { "" };
            out += &format!("<Property Name=\"{name}\" Type=\"{}\"{nullable}{scale}/>", kind.edm());
        }
        out += "</EntityType>";
    }
    out += "<EntityContainer Name=\"Container\">";
    for entity in ENTITIES {
        out += &format!("<EntitySet Name=\"{0}\" EntityType=\"Meed.{0}\"/>", entity.name);
    }
    out + "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>\n"
}
