//! Writes into PostgreSQL.

use std::collections::{HashMap, HashSet};

use futures_util::future::join_all;
use sdk::{Connection, Cx, NodeError, Value};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Statement, Transaction};

use super::pg::{Bound, Used, connect, failed};
use super::statement::MARKERS;
use super::write::{Row, Work, Written, uncertain};

/// Writes rows in one transaction. When one is refused all is undone and written again row by row, so that only it fails.
///
/// # Errors
/// What concerns all rows: no connection, no such table.
pub(super) async fn write(
    connection: &dyn Connection,
    cx: &dyn Cx,
    work: Work<'_>,
) -> Result<Written, NodeError> {
    let mut used = connect(connection, cx).await?;
    let markers = work.exactly_once.then(|| {
        format!(
            "CREATE TABLE IF NOT EXISTS {MARKERS} (key text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"
        )
    });
    for sql in markers.iter().chain(&work.creates) {
        // Two that create it at the same time disagree; then the table is there at the second try.
        if used.client.batch_execute(sql).await.is_err() {
            used.client.batch_execute(sql).await.map_err(|e| failed(&e))?;
        }
    }
    let written = match together(&mut used, &work).await? {
        Some(written) => written.into_iter().map(Ok).collect(),
        None => one_by_one(&mut used, &work).await?,
    };
    used.give_back();
    Ok(written)
}

/// Prepares each different statement once.
async fn prepared(
    transaction: &Transaction<'_>,
    rows: &[Row<'_>],
) -> Result<HashMap<String, Statement>, NodeError> {
    let mut statements = HashMap::new();
    for row in rows {
        if !statements.contains_key(&row.statement.sql) {
            let statement = transaction.prepare(&row.statement.sql).await.map_err(|e| failed(&e))?;
            statements.insert(row.statement.sql.clone(), statement);
        }
    }
    Ok(statements)
}

/// The keys that were not marked before; they are marked now, by this transaction.
async fn fresh<'r>(
    transaction: &Transaction<'_>,
    work: &'r Work<'_>,
) -> Result<Option<HashSet<&'r str>>, NodeError> {
    if !work.exactly_once {
        return Ok(None);
    }
    let keys: Vec<Value> = work.rows.iter().map(|it| Value::from(it.key)).collect();
    let sql =
        format!("INSERT INTO {MARKERS} (key) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING RETURNING key");
    let keys = Value::list(keys);
    let marked = transaction.query(&sql, &[&Bound(&keys)]).await.map_err(|e| failed(&e))?;
    let marked: HashSet<String> = marked.iter().filter_map(|it| it.try_get(0).ok()).collect();
    Ok(Some(work.rows.iter().map(|it| it.key).filter(|it| marked.contains(*it)).collect()))
}

async fn execute(
    transaction: &Transaction<'_>,
    statements: &HashMap<String, Statement>,
    row: &Row<'_>,
) -> Result<u64, tokio_postgres::Error> {
    let bound: Vec<Bound<'_>> = row.values.iter().map(Bound).collect();
    let values: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|it| it as &(dyn ToSql + Sync)).collect();
    match statements.get(&row.statement.sql) {
        Some(statement) => transaction.execute(statement, &values).await,
        None => transaction.execute(row.statement.sql.as_str(), &values).await,
    }
}

/// All rows, sent one behind the other without waiting. None when the database refused one of them: all is undone.
async fn together(used: &mut Used, work: &Work<'_>) -> Result<Option<Vec<u64>>, NodeError> {
    let transaction = used.client.transaction().await.map_err(|e| failed(&e))?;
    let statements = prepared(&transaction, &work.rows).await?;
    let fresh = fresh(&transaction, work).await?;
    let sending = work.rows.iter().map(|row| async {
        if fresh.as_ref().is_some_and(|it| !it.contains(row.key)) {
            return Ok(0);
        }
        execute(&transaction, &statements, row).await
    });
    let mut counts = Vec::with_capacity(work.rows.len());
    let mut refused = None;
    for result in join_all(sending).await {
        match result {
            Ok(count) => counts.push(count),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    if let Some(error) = refused {
        if error.is_closed() {
            return Err(failed(&error));
        }
        transaction.rollback().await.map_err(|e| failed(&e))?;
        return Ok(None);
    }
    transaction.commit().await.map_err(|e| uncertain(failed(&e), work.effect))?;
    Ok(Some(counts))
}

/// Each row behind a savepoint of its own.
async fn one_by_one(used: &mut Used, work: &Work<'_>) -> Result<Written, NodeError> {
    let mut transaction = used.client.transaction().await.map_err(|e| failed(&e))?;
    let statements = prepared(&transaction, &work.rows).await?;
    let mut written = Vec::with_capacity(work.rows.len());
    for row in &work.rows {
        let point = transaction.transaction().await.map_err(|e| failed(&e))?;
        let result = async {
            if work.exactly_once {
                let sql = format!("INSERT INTO {MARKERS} (key) VALUES ($1) ON CONFLICT DO NOTHING");
                let key = Value::from(row.key);
                if point.execute(&sql, &[&Bound(&key)]).await? == 0 {
                    return Ok(0);
                }
            }
            execute(&point, &statements, row).await
        }
        .await;
        match result {
            Ok(count) => {
                point.commit().await.map_err(|e| failed(&e))?;
                written.push(Ok(count));
            }
            Err(error) if error.is_closed() => return Err(failed(&error)),
            Err(error) => {
                point.rollback().await.map_err(|e| failed(&e))?;
                written.push(Err(failed(&error)));
            }
        }
    }
    transaction.commit().await.map_err(|e| uncertain(failed(&e), work.effect))?;
    Ok(written)
}
