-- The journal, version 1. Times are milliseconds since 1970 UTC. A "sealed" column holds a checked payload or names a blob file
-- (see payload.rs); the indexes over substr(...) find the rows that name a blob, so that the sweep never removes one in use.

CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

-- One row: who may write (epoch), how many transactions there were, and a hash over all of them.
CREATE TABLE tail (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL, seq INTEGER NOT NULL, chain BLOB NOT NULL
) STRICT;

CREATE TABLE event (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, dedupe_key TEXT, received_ms INTEGER NOT NULL,
    run INTEGER, payload BLOB NOT NULL -- sealed
) STRICT;
CREATE UNIQUE INDEX event_dedupe ON event (source, dedupe_key) WHERE dedupe_key IS NOT NULL;
CREATE INDEX event_blob ON event (substr(payload, 2, 32)) WHERE substr(payload, 1, 1) = x'01';

CREATE TABLE run (
    id INTEGER PRIMARY KEY, flow TEXT NOT NULL, flow_hash BLOB NOT NULL, trigger_node TEXT NOT NULL, event INTEGER, order_key TEXT,
    parent_run INTEGER, parent_node TEXT, parent_batch INTEGER, parent_ix INTEGER,
    seed INTEGER NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER, state INTEGER NOT NULL,
    boot_attempts INTEGER NOT NULL DEFAULT 0,
    counts BLOB, answer BLOB, -- sealed answer
    error_code TEXT, error TEXT
) STRICT;
CREATE INDEX run_open ON run (id) WHERE state < 10;
CREATE INDEX run_keyed ON run (flow, order_key, id) WHERE state < 10 AND order_key IS NOT NULL;
CREATE INDEX run_flow ON run (flow, id);
CREATE INDEX run_bad ON run (state, id) WHERE state > 10;
CREATE INDEX run_parent ON run (parent_run) WHERE parent_run IS NOT NULL;
CREATE INDEX run_blob ON run (substr(answer, 2, 32)) WHERE substr(answer, 1, 1) = x'01';

-- Intents (outcome 0) and results, in the order in which a resumed run reads them.
CREATE TABLE result (
    run INTEGER NOT NULL, node TEXT NOT NULL, batch INTEGER NOT NULL, ix INTEGER NOT NULL,
    outcome INTEGER NOT NULL, key TEXT, payload BLOB, -- sealed
    PRIMARY KEY (run, node, batch, ix)
) STRICT, WITHOUT ROWID;
CREATE INDEX result_blob ON result (substr(payload, 2, 32)) WHERE substr(payload, 1, 1) = x'01';

-- What waits for its time: a record to be tried again, or one that a wait holds.
CREATE TABLE parked (
    run INTEGER NOT NULL, node TEXT NOT NULL, batch INTEGER NOT NULL, ix INTEGER NOT NULL,
    due_ms INTEGER NOT NULL, attempt INTEGER NOT NULL, connection TEXT, order_key TEXT, payload BLOB NOT NULL, -- sealed
    PRIMARY KEY (run, node, batch, ix)
) STRICT, WITHOUT ROWID;
CREATE INDEX parked_due ON parked (due_ms);
CREATE INDEX parked_key ON parked (order_key) WHERE order_key IS NOT NULL;
CREATE INDEX parked_blob ON parked (substr(payload, 2, 32)) WHERE substr(payload, 1, 1) = x'01';

CREATE TABLE letter (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, node TEXT NOT NULL, batch INTEGER NOT NULL, ix INTEGER NOT NULL,
    flow TEXT NOT NULL, flow_hash BLOB NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, attempts INTEGER NOT NULL,
    failed_ms INTEGER NOT NULL, inputs BLOB NOT NULL, -- sealed
    resolution INTEGER NOT NULL DEFAULT 0, resolved_ms INTEGER, retry_run INTEGER, note TEXT
) STRICT;
CREATE INDEX letter_open ON letter (flow, node, code, id) WHERE resolution = 0;
CREATE INDEX letter_run ON letter (run);
CREATE INDEX letter_blob ON letter (substr(inputs, 2, 32)) WHERE substr(inputs, 1, 1) = x'01';

CREATE TABLE question (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, node TEXT NOT NULL, batch INTEGER NOT NULL, ix INTEGER NOT NULL,
    flow TEXT NOT NULL, key TEXT NOT NULL, asked_ms INTEGER NOT NULL, sentence TEXT NOT NULL, payload BLOB NOT NULL, -- sealed
    verdict INTEGER NOT NULL DEFAULT 0, answered_ms INTEGER, answered_by TEXT
) STRICT;
CREATE INDEX question_open ON question (id) WHERE verdict = 0;
CREATE INDEX question_run ON question (run);
CREATE INDEX question_blob ON question (substr(payload, 2, 32)) WHERE substr(payload, 1, 1) = x'01';

CREATE TABLE due (
    schedule TEXT NOT NULL, due_ms INTEGER NOT NULL, outcome INTEGER NOT NULL, run INTEGER, at_ms INTEGER NOT NULL,
    PRIMARY KEY (schedule, due_ms)
) STRICT, WITHOUT ROWID;
CREATE TABLE schedule (id TEXT PRIMARY KEY, mark_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE dedupe (
    scope TEXT NOT NULL, key TEXT NOT NULL, run INTEGER NOT NULL, node TEXT NOT NULL, batch INTEGER NOT NULL, ix INTEGER NOT NULL,
    at_ms INTEGER NOT NULL, PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX dedupe_at ON dedupe (at_ms);
CREATE TABLE state (scope TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (scope, key)) STRICT, WITHOUT ROWID;

CREATE TABLE flow (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, armed INTEGER NOT NULL DEFAULT 0, removed INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE flow_version (
    flow TEXT NOT NULL, version INTEGER NOT NULL, hash BLOB NOT NULL, saved_ms INTEGER NOT NULL, text BLOB NOT NULL,
    PRIMARY KEY (flow, version)
) STRICT;
CREATE INDEX flow_hash ON flow_version (hash);
CREATE TABLE slot (flow TEXT NOT NULL, slot TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (flow, slot)) STRICT, WITHOUT ROWID;
CREATE TABLE granted (
    flow TEXT NOT NULL, node TEXT NOT NULL, resource TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (flow, node, resource)
) STRICT, WITHOUT ROWID;
CREATE TABLE connection (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, config TEXT NOT NULL, secret BLOB, changed_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE setting (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE pin (
    flow TEXT NOT NULL, node TEXT NOT NULL, port TEXT NOT NULL, records BLOB NOT NULL, PRIMARY KEY (flow, node, port)
) STRICT, WITHOUT ROWID;

CREATE TABLE sample (
    run INTEGER NOT NULL, node TEXT NOT NULL, port TEXT NOT NULL, records BLOB NOT NULL, PRIMARY KEY (run, node, port)
) STRICT;
CREATE TABLE counts (run INTEGER NOT NULL, at_ms INTEGER NOT NULL, snapshot BLOB NOT NULL, PRIMARY KEY (run, at_ms)) STRICT, WITHOUT ROWID;
CREATE TABLE search (
    field TEXT NOT NULL, value TEXT NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (value, field, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX search_run ON search (run);

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
    detail TEXT NOT NULL, chain BLOB NOT NULL
) STRICT;
