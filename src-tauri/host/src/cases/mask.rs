//! Made-up values in place of personal ones: the same length, the same kind of letters, the same value for the same value.

use std::collections::BTreeSet;

use model::{Record, Value};

/// Parts of field names that stand for something personal, in the languages of the interface.
const PERSONAL: [&str; 42] = [
    "email",
    "e_mail",
    "mail",
    "phone",
    "mobile",
    "telephone",
    "firstname",
    "first_name",
    "lastname",
    "last_name",
    "fullname",
    "full_name",
    "surname",
    "patronymic",
    "person",
    "contact_name",
    "customer_name",
    "client_name",
    "passport",
    "birth",
    "iin",
    "ssn",
    "card",
    "iban",
    "address",
    "street",
    "фио",
    "имя",
    "фамил",
    "отчеств",
    "телефон",
    "почт",
    "адрес",
    "иин",
    "паспорт",
    "есімі",
    "тегі",
    "жсн",
    "мекенжай",
    "password",
    "secret",
    "token",
];

/// The value with its personal fields masked, and their names. `fields` names them; none finds those that look personal.
pub(super) fn masked(value: &Value, fields: Option<&[String]>) -> (Value, Vec<String>) {
    let mut names = BTreeSet::new();
    let value = descend(value, fields, &mut names);
    (value, names.into_iter().collect())
}

fn descend(value: &Value, fields: Option<&[String]>, names: &mut BTreeSet<String>) -> Value {
    match value {
        Value::List(items) => Value::list(items.iter().map(|it| descend(it, fields, names)).collect()),
        Value::Record(record) => Value::Record(Record::of(record.iter().map(|(key, value)| {
            let is_meant = match fields {
                Some(fields) => fields.iter().any(|it| it == key.as_str()),
                None => looks_personal(key, value),
            };
            let value = if is_meant && !value.is_null() {
                names.insert(key.to_string());
                made_up(value)
            } else {
                descend(value, fields, names)
            };
            (key.clone(), value)
        }))),
        other => other.clone(),
    }
}

fn looks_personal(key: &str, value: &Value) -> bool {
    let is_plain = matches!(value, Value::Text(_) | Value::Number(_));
    let name = key.to_lowercase();
    let is_email = value.as_text().is_some_and(|text| {
        let mut sides = text.trim().split('@');
        let both = (sides.next(), sides.next(), sides.next());
        matches!(both, (Some(name), Some(host), None) if !name.is_empty() && host.contains('.'))
            && !text.trim().contains(char::is_whitespace)
    });
    is_plain && (is_email || PERSONAL.iter().any(|it| name.contains(it)))
}

fn made_up(value: &Value) -> Value {
    match value {
        Value::Text(text) => Value::from(made_up_text(text)),
        Value::Number(number) => {
            let text = made_up_text(&number.to_string());
            model::Number::parse(&text).map_or_else(|| value.clone(), Value::Number)
        }
        Value::List(items) => Value::list(items.iter().map(made_up).collect()),
        Value::Record(record) => {
            Value::Record(Record::of(record.iter().map(|(key, value)| (key.clone(), made_up(value)))))
        }
        Value::Null
        | Value::Bool(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_)
        | Value::Days(_)
        | Value::Months(_)
        | Value::Special(_) => value.clone(),
    }
}

fn made_up_text(text: &str) -> String {
    let mut bytes = blake3::Hasher::new().update(text.as_bytes()).finalize_xof();
    let mut next = |most: u32| {
        let mut four = [0; 4];
        bytes.fill(&mut four);
        u32::from_le_bytes(four) % most
    };
    let mut letter = |first: char, count: u32| char::from_u32(first as u32 + next(count)).unwrap_or(first);
    text.chars()
        .map(|it| match it {
            '1'..='9' => letter('1', 9),
            'a'..='z' => letter('a', 26),
            'A'..='Z' => letter('A', 26),
            it if it.is_lowercase() => letter('а', 32),
            it if it.is_uppercase() => letter('А', 32),
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person() -> Value {
        model::json::parse(
            r#"{"order": 17, "email": "aigul@example.kz", "buyer": {"Телефон": "+7 701 555-01-12", "product": "Tea"}}"#.as_bytes(),
        )
        .expect("it is JSON")
    }

    #[test]
    fn what_looks_personal_is_replaced_in_its_own_form_and_named() {
        let (value, names) = masked(&person(), None);
        assert_eq!(names, ["email", "Телефон"]);
        let text = value.to_string();
        assert!(!text.contains("aigul") && !text.contains("701 555"), "{text}");
        assert!(text.contains("Tea") && text.contains("17"), "{text}");
        let email =
            value.as_record().and_then(|it| it.get("email")).and_then(Value::as_text).expect("a text");
        assert_eq!((email.len(), email.find('@'), email.rfind('.')), (16, Some(5), Some(13)));
        assert_eq!(masked(&person(), None).0, value, "the same value is made up the same way");
    }

    #[test]
    fn named_fields_are_masked_and_no_others() {
        let (value, names) = masked(&person(), Some(&["product".to_owned()]));
        assert_eq!(names, ["product"]);
        assert!(value.to_string().contains("aigul@example.kz"));
    }
}
