//! Classes of events: the names that tills may give to what they record.

use axum::extract::State;
use meed_app::loyalty::{ClassificationDocument, TillSettingsDocument, records};

use super::tiers::ROOM;
use crate::ServerState;
use crate::pages::till::{ClassFields, ClassesPage};
use crate::pages::{Choice, FormErrors, Nav, Tone};
use crate::web::answer::{Answer, Trouble, form_errors, form_page, page};
use crate::web::flash;
use crate::web::form::{Fields, Posted};
use crate::web::visit::Visit;

/// Types of event that have classes.
const EVENTS: [(&str, &str); 8] = [
    ("", "any event"),
    ("purchase", "purchases"),
    ("spend_request", "spends"),
    ("achievement", "achievements"),
    ("financial_achievement", "achievements with an amount"),
    ("referral", "referrals"),
    ("social_media", "social networks"),
    ("web", "the web"),
];

/// `GET /classes`
pub(in crate::web) async fn show(State(state): State<ServerState>, visit: Visit) -> Answer {
    let settings = records::till_settings(&state.app, &visit.ctx).await?;
    page(&classes_page(&visit, !settings.classifications.is_empty(), settings.classifications, FormErrors::none()))
}

fn classes_page(visit: &Visit, has_classes: bool, mut classes: Vec<ClassificationDocument>, errors: FormErrors) -> ClassesPage {
    classes.extend((0..ROOM).map(|_| ClassificationDocument::default()));
    let fields = |class: ClassificationDocument| {
        let event = class.event.unwrap_or_default();
        ClassFields {
            typed: [class.name, class.code.unwrap_or_default()],
            events: EVENTS.map(|(value, label)| Choice::new(value, label, value == event)).to_vec(),
        }
    };
    ClassesPage { chrome: visit.chrome(Nav::Classes), has_classes, classes: classes.into_iter().map(fields).collect(), errors }
}

/// The rows of a form that name a class or a code of one.
fn sent(form: &Fields) -> Vec<ClassificationDocument> {
    let class = |(at, _): (usize, &str)| {
        let filled = |field: &str| form.filled(&format!("{field}{at}")).map(str::to_owned);
        ClassificationDocument { name: filled("class_name").unwrap_or_default(), code: filled("class_code"), event: filled("class_event") }
    };
    let all = form.numbered("class_name").into_iter().map(class);
    all.filter(|class| !class.name.is_empty() || class.code.is_some()).collect()
}

/// `POST /classes`
pub(in crate::web) async fn save(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let classes = sent(&form);
    let present: Result<TillSettingsDocument, Trouble> = records::till_settings(app, ctx).await.map_err(Trouble::from);
    let document = TillSettingsDocument { classifications: classes.clone(), ..present? };
    match records::put_till_settings(app, ctx, document, None).await {
        Ok(()) => Ok(flash::see_other(&state, "/classes", Tone::Good, "The classes are saved.")),
        Err(error) => {
            let of_row =
                |at: usize| ["name", "code", "event"].map(|field| (format!("classifications[{at}].{field}"), format!("class_{field}{at}")));
            let rows: Vec<(String, String)> = (0..classes.len()).flat_map(of_row).collect();
            let names: Vec<(&str, &str)> = rows.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
            let errors = form_errors(error, &names)?;
            form_page(&classes_page(&visit, true, classes, errors))
        }
    }
}
