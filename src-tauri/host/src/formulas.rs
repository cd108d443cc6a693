//! Formulas as they are typed.

use formula::{Formula, Roots, Scope, Template};
use model::temporal::Zone;
use model::{DateTime, Record, Text, Value};

use crate::app::{App, engine_refusal};
use crate::contract::*;
use crate::datum;

/// A formula in a form is short; a longer one is a mistake of pasting.
const MOST_TEXT: usize = 256 << 10;
const MOST_OPTIONS: usize = 50;
const SAMPLE_CHARS: usize = 40;

impl App {
    pub(crate) async fn formula_eval(&self, params: FormulaEval) -> Result<FormulaEvaluated, Refusal> {
        check_length(&params.text)?;
        let record = match (&params.flow, &params.node) {
            (Some(flow), Some(node)) if params.record.is_null() => {
                self.first_arriving(flow, node).await?.unwrap_or_else(Record::empty)
            }
            _ => sample(&params.record)?,
        };
        let slots = match &params.flow {
            Some(flow) => self.slot_values(flow).await?,
            None => Record::empty(),
        };
        let roots = Roots {
            slots,
            run: Record::of([("id", Value::from("sample"))]),
            event: record.clone(),
            now: DateTime::from_unix_ms(self.clock.now_ms(), Zone::UTC),
            seed: 0,
            ..formula::Roots::default()
        };
        Ok(evaluate(&params.text, params.form, (&record, &roots)))
    }

    async fn slot_values(&self, flow: &str) -> Result<Record, Refusal> {
        let stored = self.stored(flow).await?;
        let Ok(document) = &stored.document else { return Ok(Record::empty()) };
        let given = self.shelf.given(flow).map_err(|e| engine_refusal(&e))?;
        let authority = self.shelf.authority(document, &given).map_err(|e| engine_refusal(&e))?;
        Ok(authority.slot_record())
    }

    pub(crate) async fn formula_complete(&self, params: FormulaComplete) -> Result<Completions, Refusal> {
        let record = sample(&params.record)?;
        check_length(&params.text)?;
        Ok(complete(&params, &record))
    }

    pub(crate) async fn formula_functions(&self, _: Nothing) -> Result<FormulaFunctions, Refusal> {
        let functions = formula::builtins::all().iter().map(|it| FormulaFunction {
            name: it.name.into(),
            group: it.group.into(),
            signature: it.signatures().join(" | "),
            help: it.help[0].into(),
            example: it.example.into(),
            gives: it.result.into(),
        });
        Ok(FormulaFunctions { functions: functions.collect() })
    }
}

fn sample(data: &Datum) -> Result<Record, Refusal> {
    if data.is_null() {
        return Ok(Record::empty());
    }
    datum::read_record(data).map_err(|why| Refusal::new(RefusalCode::BadRequest, why).at("/record"))
}

fn check_length(text: &str) -> Result<(), Refusal> {
    if text.len() > MOST_TEXT {
        return Err(Refusal::new(RefusalCode::BadRequest, "A formula is at most 256 KiB.").at("/text"));
    }
    Ok(())
}

fn evaluate(text: &str, form: FormulaForm, on: (&Record, &Roots)) -> FormulaEvaluated {
    let is_formula = form == FormulaForm::Formula || text.trim_start().starts_with('=');
    if is_formula { evaluate_formula(text, on) } else { evaluate_template(text, on) }
}

fn nothing(fault: FormulaFault) -> FormulaEvaluated {
    FormulaEvaluated { value: Datum::Null, kind: "null".into(), fault: Some(fault), reads: Vec::new() }
}

fn evaluate_formula(text: &str, (record, roots): (&Record, &Roots)) -> FormulaEvaluated {
    let trimmed = text.trim_start();
    let body = trimmed.strip_prefix('=').unwrap_or(text);
    let before = text.len() - body.len();
    let formula = match Formula::parse(body) {
        Ok(formula) => formula,
        Err(error) => {
            let mut sentence = error.message.clone();
            if let Some(suggestion) = &error.suggestion {
                sentence = format!("{sentence} {suggestion}");
            }
            let (from, to) = (before + error.span.start, before + error.span.end);
            return nothing(FormulaFault {
                sentence,
                from: units(text, from),
                to: units(text, to),
                is_syntax: true,
            });
        }
    };
    let outcome = formula.eval(&Scope::with(record, roots));
    let fault = outcome.fault.map(|fault| {
        let (from, to) = (before + fault.span.start, before + fault.span.end);
        FormulaFault {
            sentence: fault.message,
            from: units(text, from),
            to: units(text, to),
            is_syntax: false,
        }
    });
    FormulaEvaluated {
        value: datum::of(&outcome.value),
        kind: outcome.value.type_name().into(),
        fault,
        reads: reads(formula.fields()),
    }
}

fn evaluate_template(text: &str, (record, roots): (&Record, &Roots)) -> FormulaEvaluated {
    let whole = |sentence: String, is_syntax: bool| FormulaFault {
        sentence,
        from: 0,
        to: units(text, text.len()),
        is_syntax,
    };
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => {
            let (from, to) = (error.span.start, error.span.end);
            let fault =
                FormulaFault { from: units(text, from), to: units(text, to), ..whole(error.message, true) };
            return nothing(fault);
        }
    };
    let reads = reads(template.fields());
    match template.value(record, roots) {
        Ok(value) => {
            FormulaEvaluated { value: datum::of(&value), kind: value.type_name().into(), fault: None, reads }
        }
        Err(fault) => FormulaEvaluated { reads, ..nothing(whole(fault.message, false)) },
    }
}

fn reads(fields: &formula::FieldSet) -> Vec<String> {
    match fields {
        formula::FieldSet::All => Vec::new(),
        formula::FieldSet::Only(names) => names.iter().map(Text::to_string).collect(),
    }
}

/// A place in bytes as UTF-16 units, as the editor counts.
fn units(text: &str, at: usize) -> u32 {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    u32::try_from(text[..at].encode_utf16().count()).unwrap_or(u32::MAX)
}

/// A place in UTF-16 units as bytes.
fn bytes(text: &str, at: u32) -> usize {
    let mut left = at as usize;
    for (place, char) in text.char_indices() {
        if left == 0 {
            return place;
        }
        left = left.saturating_sub(char.len_utf16());
    }
    text.len()
}

fn complete(params: &FormulaComplete, record: &Record) -> Completions {
    let at = bytes(&params.text, params.at);
    let before = &params.text[..at];
    let inside = params.form == FormulaForm::Formula
        || before.trim_start().starts_with('=')
        || before.rfind("{{").is_some_and(|open| before.rfind("}}").is_none_or(|close| close < open));
    if !inside {
        return Completions { from: params.at, options: Vec::new() };
    }
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '`');
    let start =
        before.char_indices().rev().take_while(|(_, c)| is_part(*c)).last().map_or(at, |(place, _)| place);
    let typed = &before[start..];
    let (path, word) = typed.rsplit_once('.').map_or((None, typed), |(path, word)| (Some(path), word));
    let from = at - word.len();
    let mut options = match path {
        Some("slots") => params.slots.iter().map(|name| slot(name, name)).collect(),
        Some(path) => fields_at(record, path).map(|it| fields(&it)).unwrap_or_default(),
        None => at_top(params, record),
    };
    let wanted = word.trim_start_matches('`').to_lowercase();
    options.retain(|it: &Completion| it.label.to_lowercase().contains(&wanted));
    options.sort_by_key(|it| !it.label.to_lowercase().starts_with(&wanted));
    options.truncate(MOST_OPTIONS);
    Completions { from: units(&params.text, from), options }
}

fn at_top(params: &FormulaComplete, record: &Record) -> Vec<Completion> {
    let mut options = fields(record);
    options.extend(params.slots.iter().map(|name| slot(&format!("slots.{name}"), &format!("slots.{name}"))));
    options.extend(formula::builtins::all().iter().map(|it| Completion {
        label: it.name.into(),
        insert: format!("{}(", it.name),
        kind: "function".into(),
        detail: it.help[0].into(),
    }));
    options
}

fn slot(label: &str, insert: &str) -> Completion {
    Completion { label: label.into(), insert: insert.into(), kind: "slot".into(), detail: String::new() }
}

/// The record a path of plain names leads to; of a list, its first item.
fn fields_at(record: &Record, path: &str) -> Option<Record> {
    let mut at = Value::Record(record.clone());
    for name in path.split('.').filter(|it| *it != "record") {
        let next = at.as_record()?.get(name.trim_matches('`'))?.clone();
        at = match next.as_list() {
            Some(items) => items.first()?.clone(),
            None => next,
        };
    }
    at.as_record().cloned()
}

fn fields(record: &Record) -> Vec<Completion> {
    let field = |(name, value): (&Text, &Value)| {
        let is_plain = name.chars().all(|c| c.is_alphanumeric() || c == '_')
            && name.chars().next().is_some_and(|c| !c.is_ascii_digit());
        let mut detail = value.to_string();
        if detail.chars().count() > SAMPLE_CHARS {
            detail = detail.chars().take(SAMPLE_CHARS - 1).chain(['…']).collect();
        }
        Completion {
            label: name.to_string(),
            insert: if is_plain { name.to_string() } else { format!("`{name}`") },
            kind: "field".into(),
            detail,
        }
    };
    record.iter().map(field).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order() -> Record {
        datum::read_record(&json!({"total": 12.5, "order no": "A-7", "lines": [{"sku": "X"}]}))
            .expect("a record")
    }

    fn at_end(text: &str) -> Completions {
        let at = units(text, text.len());
        let params = FormulaComplete {
            text: text.into(),
            at,
            record: Datum::Null,
            form: FormulaForm::Formula,
            slots: vec!["limit".into()],
        };
        complete(&params, &order())
    }

    fn labels(text: &str) -> Vec<String> {
        at_end(text).options.into_iter().map(|it| it.label).collect()
    }

    #[test]
    fn fields_that_arrive_are_offered_first_and_odd_names_are_quoted() {
        assert_eq!(labels("= tot").first().map(String::as_str), Some("total"));
        let order_no = at_end("ord").options.into_iter().find(|it| it.label == "order no").expect("offered");
        assert_eq!(order_no.insert, "`order no`");
    }

    #[test]
    fn a_path_offers_what_is_inside_and_slots_their_names() {
        assert_eq!(labels("lines."), ["sku"]);
        assert_eq!(labels("total > slots.li"), ["limit"]);
    }

    #[test]
    fn places_count_as_the_editor_counts() {
        let text = "\"😀\" + x";
        assert_eq!(units(text, text.len()), 8);
        assert_eq!(bytes(text, 8), text.len());
        assert_eq!(bytes(text, 3), 5);
    }

    #[test]
    fn a_broken_formula_says_where() {
        let roots = Roots::default();
        let broken = evaluate("= total +", FormulaForm::Formula, (&order(), &roots));
        assert!(broken.fault.expect("a fault").is_syntax);
        let good = evaluate("= total * 2", FormulaForm::Formula, (&order(), &roots));
        assert_eq!((good.value, good.fault), (json!(25), None));
    }
}
