//! Picks a part of an answer by a path: `data.items`, `/data/items` (JSON pointer) or `$.data['items'][0]` (plain JSONPath).

use std::borrow::Cow;

use sdk::Value;

/// Reads a path into its parts.
///
/// # Errors
/// What in the path cannot be read.
pub(super) fn parts(path: &str) -> Result<Vec<String>, String> {
    let path = path.trim();
    if let Some(pointer) = path.strip_prefix('/') {
        return Ok(pointer.split('/').map(|it| it.replace("~1", "/").replace("~0", "~")).collect());
    }
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    let mut parts = Vec::new();
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let quote = inner.chars().next().filter(|it| matches!(it, '\'' | '"'));
            let close = quote.map_or("]".to_owned(), |it| format!("{it}]"));
            let from = usize::from(quote.is_some());
            let found = inner.get(from..).and_then(|it| it.split_once(close.as_str()));
            let (part, after) = found.ok_or_else(|| format!("the path {path} has a [ without ]"))?;
            let digits = part.strip_prefix('-').unwrap_or(part);
            let is_number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
            if quote.is_none() && !is_number && part != "*" {
                return Err(format!("[{part}] in the path {path} must be a number, a name in quotes or *"));
            }
            // All elements of a list are the list itself.
            if quote.is_some() || part != "*" {
                parts.push(part.to_owned());
            }
            rest = after;
            continue;
        }
        let dotted = rest.strip_prefix('.').unwrap_or(rest);
        if dotted.starts_with('.') {
            return Err(format!("the path {path} has two dots in a row"));
        }
        let end = dotted.find(['.', '[']).unwrap_or(dotted.len());
        match &dotted[..end] {
            "*" => {}
            "" => return Err(format!("the path {path} has an empty name")),
            name => parts.push(name.to_owned()),
        }
        rest = &dotted[end..];
    }
    Ok(parts)
}

/// The part of a value at a path; none when it is not there.
pub(super) fn pick<'v>(value: &'v Value, parts: &[String]) -> Option<Cow<'v, Value>> {
    let Some((first, rest)) = parts.split_first() else { return Some(Cow::Borrowed(value)) };
    match value {
        Value::Record(record) => {
            // A field may have dots in its name (`@odata.nextLink`): the longest name wins.
            for taken in (1..=parts.len()).rev() {
                if let Some(inner) = record.get(&parts[..taken].join(".")) {
                    return pick(inner, &parts[taken..]);
                }
            }
            None
        }
        Value::List(list) => {
            // -1 is the last one.
            let at = match first.strip_prefix('-') {
                Some(back) => list.len().checked_sub(back.parse().ok()?)?,
                None => first.parse::<usize>().ok()?,
            };
            pick(list.get(at)?, rest)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_finds_its_part_in_every_way_of_writing() {
        let text = br#"{"data": {"items": [{"id": 7}]}, "@odata.nextLink": "n", "a/b": 1}"#;
        let value = model::json::parse(text).unwrap();
        let table = [
            ("data.items", Some(r#"[{"id":7}]"#)),
            ("$.data.items[*]", Some(r#"[{"id":7}]"#)),
            ("$['data'][\"items\"][0].id", Some("7")),
            ("/data/items/0/id", Some("7")),
            ("@odata.nextLink", Some("\"n\"")),
            ("$['@odata.nextLink']", Some("\"n\"")),
            ("/a~1b", Some("1")),
            ("data.items.5", None),
            ("data.items[-1].id", Some("7")),
            ("data.items[-2]", None),
            ("nothing.here", None),
        ];
        for (path, expected) in table {
            let found = pick(&value, &parts(path).unwrap()).map(|it| it.to_string());
            assert_eq!(found.as_deref(), expected, "{path}");
        }
        assert_eq!(pick(&value, &parts("").unwrap()).unwrap().as_ref(), &value);
        assert_eq!(pick(&value, &parts("$").unwrap()).unwrap().as_ref(), &value);
    }

    #[test]
    fn a_path_that_cannot_be_read_says_where() {
        for path in ["$.a[", "$..a", "$.a[?(@.x)]", "a.[0]", "$.a['b]"] {
            assert!(parts(path).is_err(), "{path}");
        }
    }
}
