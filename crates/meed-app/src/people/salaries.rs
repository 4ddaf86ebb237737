//! Salaries: sealed in the database, shown to full administrators only, masked for everybody else (`commissions.md` §6,
//! behaviour 51). A salary is a variable of that name.

use meed_core::command::{Class, Refused};
use meed_core::people::fold_alias;

use crate::documents::VariableDocument;
use crate::error::{AppError, AppResult};
use crate::{App, Context, Secrets};

/// The name of the variable that holds a salary.
pub const SALARY: &str = "salary";

/// What stands in place of a salary for who may not see it. Sent back, it keeps the value.
pub const MASK: &str = "***";

fn is_salary(name: &str) -> bool {
    fold_alias(name) == SALARY
}

/// Opens the salaries among variables, for calculating.
pub(crate) fn opened(app: &App, variables: &mut [VariableDocument]) -> AppResult<()> {
    for variable in variables.iter_mut().filter(|v| is_salary(&v.name)) {
        variable.value = app.secrets().open(&variable.value)?;
    }
    Ok(())
}

/// Opens or masks the salaries among variables, as the caller may see them.
pub(super) fn shown(app: &App, ctx: &Context, variables: &mut [VariableDocument]) -> AppResult<()> {
    if ctx.sees_salaries() {
        return opened(app, variables);
    }
    for variable in variables.iter_mut().filter(|v| is_salary(&v.name)) {
        MASK.clone_into(&mut variable.value);
    }
    Ok(())
}

/// Checks variables of which some may be masked.
pub(super) fn readable(variables: &[VariableDocument], check: impl FnOnce(Vec<VariableDocument>) -> AppResult<()>) -> AppResult<()> {
    let shown = |v: &VariableDocument| match v.value.as_str() {
        MASK if is_salary(&v.name) => VariableDocument { value: "0".to_owned(), ..v.clone() },
        _ => v.clone(),
    };
    check(variables.iter().map(shown).collect())
}

/// The form in which variables are kept: salaries sealed, unchanged ones as they stand there already.
pub(super) fn kept(
    app: &App,
    ctx: &Context,
    variables: &[VariableDocument],
    before: &[VariableDocument],
) -> AppResult<Vec<VariableDocument>> {
    let same = |a: &VariableDocument, b: &VariableDocument| is_salary(&a.name) && is_salary(&b.name) && a.from == b.from;
    if !ctx.sees_salaries() {
        // Whoever may not see salaries sends them back masked, or leaves them out; neither changes one.
        let changed = |v: &&VariableDocument| is_salary(&v.name) && (v.value != MASK || !before.iter().any(|b| same(v, b)));
        if variables.iter().any(|v| changed(&v)) {
            let text = "salaries are set by full administrators, or with a key of the scope `admin`";
            return Err(Refused::new(Class::Forbidden, "salary_forbidden", text).at("variables").into());
        }
        let rest = variables.iter().filter(|v| !is_salary(&v.name));
        return Ok(rest.chain(before.iter().filter(|b| is_salary(&b.name))).cloned().collect());
    }
    let mut kept = Vec::with_capacity(variables.len());
    for variable in variables {
        let mut variable = variable.clone();
        if is_salary(&variable.name) {
            let former = before.iter().find(|b| same(&variable, b));
            let is_same = match former {
                Some(former) => variable.value == MASK || app.secrets().open(&former.value)? == variable.value,
                None => false,
            };
            variable.value = match former {
                Some(former) if is_same && Secrets::is_sealed(&former.value) => former.value.clone(),
                None if variable.value == MASK => {
                    return Err(AppError::invalid("number_unreadable", "variables", format!("`{MASK}` is not a number")));
                }
                _ => app.secrets().seal(&variable.value)?,
            };
        }
        kept.push(variable);
    }
    Ok(kept)
}
