//! Writes statements: names quoted, values as parameters.

use schemars::JsonSchema;
use sdk::{Code, NodeError, Value};
use serde::{Deserialize, Serialize};

/// The table that remembers which effects a database has taken.
pub(super) const MARKERS: &str = "arna_effects";

/// What is done with a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Adds a row.
    #[default]
    Insert,
    /// Adds a row, or changes the one that has the same key.
    Upsert,
    /// Changes the rows that have the same key.
    Update,
    /// Deletes the rows that have the same key.
    Delete,
}

/// A statement for records that set the same columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// With `$1`, `$2`, ...
    pub(super) sql: String,
    /// The columns whose values are bound, in order.
    pub(super) columns: Vec<String>,
}

/// Quotes a name; a dot separates schema and table.
pub(super) fn quoted(name: &str) -> String {
    name.split('.').map(|it| format!("\"{}\"", it.replace('"', "\"\""))).collect::<Vec<_>>().join(".")
}

/// A column name is one name, dots included.
fn column(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Builds the statement for these columns.
///
/// # Errors
/// A key that the record does not set, or nothing to set.
pub(super) fn build(
    mode: Mode,
    table: &str,
    columns: &[String],
    keys: &[String],
) -> Result<Statement, NodeError> {
    let input = |sentence: String| NodeError::new(Code::Input, sentence);
    if let Some(key) = keys.iter().find(|it| !columns.contains(it)) {
        return Err(input(format!("The record has no value for the key column {key} of {table}.")));
    }
    let others: Vec<&String> = columns.iter().filter(|it| !keys.contains(it)).collect();
    let names = |list: &[&String]| list.iter().map(|it| column(it)).collect::<Vec<_>>().join(", ");
    let all: Vec<&String> = columns.iter().collect();
    let key_list: Vec<&String> = keys.iter().collect();
    let target = quoted(table);
    let place = |at: usize| format!("${at}");
    let places = |count: usize| (1..=count).map(place).collect::<Vec<_>>().join(", ");
    let set = |from: usize| -> String {
        let parts: Vec<_> =
            others.iter().enumerate().map(|(at, it)| format!("{} = ${}", column(it), at + from)).collect();
        parts.join(", ")
    };
    let hit = |from: usize| -> String {
        let parts: Vec<_> =
            keys.iter().enumerate().map(|(at, it)| format!("{} = ${}", column(it), at + from)).collect();
        parts.join(" AND ")
    };
    if all.is_empty() || (mode == Mode::Update && others.is_empty()) {
        return Err(input(format!("The record sets no column of {table}.")));
    }
    let insert = format!("INSERT INTO {target} ({}) VALUES ({})", names(&all), places(all.len()));
    let (sql, bound) = match mode {
        Mode::Insert => (insert, all),
        Mode::Upsert => {
            let action = if others.is_empty() {
                "NOTHING".into()
            } else {
                let parts: Vec<_> =
                    others.iter().map(|it| format!("{0} = excluded.{0}", column(it))).collect();
                format!("UPDATE SET {}", parts.join(", "))
            };
            (format!("{insert} ON CONFLICT ({}) DO {action}", names(&key_list)), all)
        }
        Mode::Update => {
            let sql = format!("UPDATE {target} SET {} WHERE {}", set(1), hit(others.len() + 1));
            (sql, others.into_iter().chain(key_list).collect())
        }
        Mode::Delete => (format!("DELETE FROM {target} WHERE {}", hit(1)), key_list),
    };
    Ok(Statement { sql, columns: bound.into_iter().cloned().collect() })
}

/// The statement that makes a table when it is missing: a column for each one that is set, of the type of its first value.
pub(super) fn create<'r>(
    table: &str,
    rows: impl Iterator<Item = (&'r [String], &'r [Value])>,
    keys: &[String],
    is_postgres: bool,
) -> String {
    let mut types: Vec<(&str, Option<&'static str>)> = Vec::new();
    for (columns, values) in rows {
        for (name, value) in columns.iter().zip(values) {
            let found = type_of(value, is_postgres);
            match types.iter_mut().find(|(it, _)| it == name) {
                Some((_, known)) => *known = known.or(found),
                None => types.push((name, found)),
            }
        }
    }
    let mut parts: Vec<String> =
        types.iter().map(|(name, found)| format!("{} {}", column(name), found.unwrap_or("text"))).collect();
    if !keys.is_empty() {
        let keys: Vec<String> = keys.iter().map(|it| column(it)).collect();
        parts.push(format!("PRIMARY KEY ({})", keys.join(", ")));
    }
    format!("CREATE TABLE IF NOT EXISTS {} ({})", quoted(table), parts.join(", "))
}

fn type_of(value: &Value, is_postgres: bool) -> Option<&'static str> {
    Some(match value {
        Value::Null => return None,
        Value::Number(_) => "numeric",
        Value::Bool(_) => "boolean",
        Value::Date(_) => "date",
        Value::DateTime(_) if is_postgres => "timestamptz",
        Value::Time(_) if is_postgres => "time",
        Value::List(_) | Value::Record(_) if is_postgres => "jsonb",
        _ => "text",
    })
}

/// Column names of rows as field names: a name that comes again gets a number.
pub(super) fn unique<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for name in names {
        let mut field = name.to_owned();
        let mut count = 1;
        while fields.contains(&field) {
            count += 1;
            field = format!("{name}_{count}");
        }
        fields.push(field);
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(mode: Mode, columns: &[&str], keys: &[&str]) -> Result<(String, String), Code> {
        let own = |list: &[&str]| list.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        build(mode, "shop.orders", &own(columns), &own(keys))
            .map(|it| (it.sql, it.columns.join(",")))
            .map_err(|e| e.code)
    }

    #[test]
    fn each_mode_has_its_statement() {
        let (text, bound) = sql(Mode::Insert, &["id", "total"], &[]).unwrap();
        assert_eq!(text, r#"INSERT INTO "shop"."orders" ("id", "total") VALUES ($1, $2)"#);
        assert_eq!(bound, "id,total");
        let (text, _) = sql(Mode::Upsert, &["id", "total"], &["id"]).unwrap();
        assert!(text.ends_with(r#"ON CONFLICT ("id") DO UPDATE SET "total" = excluded."total""#), "{text}");
        assert!(sql(Mode::Upsert, &["id"], &["id"]).unwrap().0.ends_with("DO NOTHING"));
        let (text, bound) = sql(Mode::Update, &["id", "total", "note"], &["id"]).unwrap();
        assert_eq!(text, r#"UPDATE "shop"."orders" SET "total" = $1, "note" = $2 WHERE "id" = $3"#);
        assert_eq!(bound, "total,note,id");
        let (text, bound) = sql(Mode::Delete, &["id", "total"], &["id"]).unwrap();
        assert_eq!(text, r#"DELETE FROM "shop"."orders" WHERE "id" = $1"#);
        assert_eq!(bound, "id");
    }

    #[test]
    fn a_name_cannot_break_out_of_its_quotes() {
        let (text, _) = sql(Mode::Insert, &["a\"; DROP TABLE x; --"], &[]).unwrap();
        assert!(text.contains(r#"("a""; DROP TABLE x; --")"#), "{text}");
        assert_eq!(quoted("a\".b"), "\"a\"\"\".\"b\"");
    }

    #[test]
    fn a_table_is_made_from_the_first_values_of_its_columns() {
        let columns = ["id".to_owned(), "note".to_owned(), "tags".to_owned()];
        let rows = [
            vec![Value::from(1), Value::Null, Value::list(vec![])],
            vec![Value::from(2), Value::from(true), Value::Null],
        ];
        let made = |is_postgres| {
            let rows = rows.iter().map(|it| (columns.as_slice(), it.as_slice()));
            create("shop.t", rows, &["id".to_owned()], is_postgres)
        };
        assert_eq!(
            made(true),
            r#"CREATE TABLE IF NOT EXISTS "shop"."t" ("id" numeric, "note" boolean, "tags" jsonb, PRIMARY KEY ("id"))"#
        );
        assert!(made(false).contains(r#""tags" text"#));
    }

    #[test]
    fn a_missing_key_is_the_failure_of_the_record() {
        assert_eq!(sql(Mode::Update, &["total"], &["id"]).unwrap_err(), Code::Input);
        assert_eq!(sql(Mode::Update, &["id"], &["id"]).unwrap_err(), Code::Input);
        assert_eq!(sql(Mode::Insert, &[], &[]).unwrap_err(), Code::Input);
    }
}
