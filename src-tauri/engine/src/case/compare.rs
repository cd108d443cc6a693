//! What differs between what was expected and what came.

use model::Value;

/// So many differences are told.
const MOST: usize = 100;

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// A JSON pointer to it.
    pub pointer: String,
    /// What was expected; none when nothing was.
    pub expected: Option<Value>,
    /// What came; none when nothing did.
    pub came: Option<Value>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |value: &Option<Value>| match value {
            None => "nothing".to_owned(),
            Some(value) => {
                let text = value.to_string();
                let short: String = text.chars().take(200).collect();
                if short.len() < text.len() { format!("{short}...") } else { short }
            }
        };
        write!(f, "{}: expected {}, came {}", self.pointer, shown(&self.expected), shown(&self.came))
    }
}

/// The differences between two values, the first hundred. Fields may stand in any order, list elements may not.
pub fn compare(expected: &Value, came: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    descend("", Some(expected), Some(came), &mut found);
    found
}

fn descend(pointer: &str, expected: Option<&Value>, came: Option<&Value>, found: &mut Vec<Difference>) {
    if found.len() >= MOST {
        return;
    }
    match (expected, came) {
        (Some(Value::Record(a)), Some(Value::Record(b))) => {
            let later = b.iter().filter(|(key, _)| a.get(key).is_none()).map(|(key, _)| key);
            for key in a.iter().map(|(key, _)| key).chain(later) {
                let pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                descend(&pointer, a.get(key), b.get(key), found);
            }
        }
        (Some(Value::List(a)), Some(Value::List(b))) => {
            for at in 0..a.len().max(b.len()) {
                descend(&format!("{pointer}/{at}"), a.get(at), b.get(at), found);
            }
        }
        (a, b) if a == b => {}
        (a, b) => {
            found.push(Difference { pointer: pointer.to_owned(), expected: a.cloned(), came: b.cloned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(expected: &str, came: &str) -> Vec<String> {
        let value = |text: &str| model::json::parse(text.as_bytes()).unwrap();
        compare(&value(expected), &value(came)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn equal_values_differ_in_nothing_whatever_the_order_of_fields() {
        assert_eq!(
            differences(r#"{"a":1,"b":[1,{"c":2.50}]}"#, r#"{"b":[1,{"c":2.5}],"a":1}"#),
            Vec::<String>::new()
        );
    }

    #[test]
    fn each_difference_is_told_with_its_place() {
        assert_eq!(
            differences(r#"{"a":1,"b":[1,2],"c":3}"#, r#"{"a":2,"b":[1],"d/e":null}"#),
            [
                "/a: expected 1, came 2",
                "/b/1: expected 2, came nothing",
                "/c: expected 3, came nothing",
                "/d~1e: expected nothing, came null",
            ]
        );
    }
}
