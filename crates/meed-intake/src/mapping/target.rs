//! The fields a column can be mapped to (`file-intake.md` section 6, `commissions.md` 1.1).

use serde::{Deserialize, Serialize};

macro_rules! targets {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A field of a sale that a column can feed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Target {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Target {
            /// Every target, in a fixed order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name, as in the JSON report.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The target of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

targets! {
    /// The row's stable id.
    UniqueId = "unique_id",
    /// The day of the sale.
    Date = "date",
    /// Sale value of the row.
    Revenue = "revenue",
    /// Margin amount of the row.
    Profit = "profit",
    /// Currency of the row.
    Currency = "currency",
    /// State of the sale.
    Status = "status",
    /// Who bought: a name.
    CustomerName = "customer_name",
    /// Who bought: an e-mail address.
    CustomerEmail = "customer_email",
    /// Who bought: an id.
    CustomerCode = "customer_code",
    /// What was bought: a code.
    ProductCode = "product_code",
    /// What was bought: a name.
    ProductName = "product_name",
    /// How many.
    Quantity = "quantity",
    /// The seller's cost per unit.
    UnitCost = "unit_cost",
    /// Tax amount of the row.
    Tax = "tax",
    /// The sales rep.
    Owner = "owner",
    /// The sales team.
    Team = "team",
    /// Territory or country.
    Territory = "territory",
    /// Coupon or referral code.
    Coupon = "coupon",
    /// Time of day, joined with the date.
    Time = "time",
    /// Selling price per unit; with a quantity it stands in for a missing total (`com_017`).
    UnitPrice = "unit_price",
    /// A second rep.
    Owner2 = "owner2",
    /// A third rep.
    Owner3 = "owner3",
    /// A second team.
    Team2 = "team2",
    /// A third team.
    Team3 = "team3",
    /// Free text.
    OtherText1 = "other_text1",
    /// Free text.
    OtherText2 = "other_text2",
    /// Free text.
    OtherText3 = "other_text3",
    /// Free number.
    OtherNumeric1 = "other_numeric1",
    /// Free number.
    OtherNumeric2 = "other_numeric2",
    /// Free number.
    OtherNumeric3 = "other_numeric3",
    /// Free date.
    OtherDate1 = "other_date1",
    /// Free date.
    OtherDate2 = "other_date2",
    /// Free date.
    OtherDate3 = "other_date3",
}

impl Target {
    /// The eighteen targets that detection proposes by itself.
    pub const DETECTED: &'static [Self] = &[
        Self::UniqueId,
        Self::Date,
        Self::Revenue,
        Self::Profit,
        Self::Currency,
        Self::Status,
        Self::CustomerName,
        Self::CustomerEmail,
        Self::CustomerCode,
        Self::ProductCode,
        Self::ProductName,
        Self::Quantity,
        Self::UnitCost,
        Self::Tax,
        Self::Owner,
        Self::Team,
        Self::Territory,
        Self::Coupon,
    ];

    /// Whether the target holds an amount or a count.
    pub fn is_number(self) -> bool {
        matches!(
            self,
            Self::Revenue
                | Self::Profit
                | Self::Quantity
                | Self::UnitCost
                | Self::UnitPrice
                | Self::Tax
                | Self::OtherNumeric1
                | Self::OtherNumeric2
                | Self::OtherNumeric3
        )
    }

    /// Whether the target holds money, so that its cells may carry a currency.
    pub fn is_money(self) -> bool {
        matches!(self, Self::Revenue | Self::Profit | Self::UnitCost | Self::UnitPrice | Self::Tax)
    }

    /// Whether the target holds a date.
    pub fn is_date(self) -> bool {
        matches!(self, Self::Date | Self::OtherDate1 | Self::OtherDate2 | Self::OtherDate3)
    }

    /// Whether the target identifies something, so that its text must not have lost digits.
    pub fn is_identifier(self) -> bool {
        matches!(self, Self::UniqueId | Self::CustomerCode | Self::ProductCode)
    }
}
