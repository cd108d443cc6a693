/** The shapes that cross between the engine and the editor. Times are milliseconds since 1970 UTC and end in `_ms`. */

/** A value of flow data; exact numbers, dates and durations come as `{"$": type, "text": …}`. */
export type Datum = null | boolean | number | string | Datum[] | { [field: string]: Datum };
export type Json = Datum;

export type RefusalCode =
  | 'bad_request'
  | 'not_signed_in'
  | 'not_found'
  | 'conflict'
  | 'refused'
  | 'needs_you'
  | 'unavailable'
  | 'internal';
export interface RefusalBody {
  code: RefusalCode;
  sentence: string;
  field?: string;
  cause?: string | null;
}
export type Severity = 'hint' | 'warning' | 'error';
export interface Fix {
  title: string;
  pointer: string;
  value: Json;
}
export interface Problem {
  severity: Severity;
  code: string;
  sentence: string;
  node: string | null;
  port: string | null;
  pointer: string | null;
  fix: Fix | null;
}
export interface Failure {
  code: string;
  sentence: string;
  cause: string | null;
}

export type RunState = 'waiting' | 'running' | 'ok' | 'partial' | 'failed' | 'cancelled' | 'asking';
export type NodeState = 'waiting' | 'running' | 'ok' | 'partial' | 'failed' | 'skipped';
export interface RunBar {
  run: string;
  state: RunState;
  started_ms: number;
  records: number;
}
export interface FlowRow {
  id: string;
  name: string;
  folder: string;
  armed: boolean;
  trigger: string;
  next_fire_ms: number | null;
  last_runs: RunBar[];
  records_moved: number;
  note: string;
  errors: number;
  open_slots: number;
  failed: number;
  changed_ms: number;
  paused: string | null;
}
export interface NodeFacts {
  node: string;
  contract: string;
  summary: string;
  inputs: string[];
  outputs: string[];
  effect: string | null;
  fields: string[] | null;
}
export interface FlowFacts {
  nodes: NodeFacts[];
}
export interface SlotState {
  name: string;
  type: string;
  detail: string;
  filled: Json;
  default: Json;
  used_by: string[];
}
export interface Flow {
  id: string;
  text: string;
  version: number;
  hash: string;
  folder: string;
  armed: boolean;
  live_version: number | null;
  problems: Problem[];
  facts: FlowFacts;
  slots: SlotState[];
  pinned: string[];
}
export interface FlowSaved {
  flow: string;
  version: number;
  hash: string;
  problems: Problem[];
  facts: FlowFacts;
}
export interface VersionRow {
  version: number;
  saved_ms: number;
  hash: string;
  note: string;
  live: boolean;
}
export interface NodeCounts {
  state: NodeState;
  records_in: number;
  records_out: number;
  failed: number;
  parked: number;
  busy_ms: number;
}
/** `wires` by `node.port>node.port`. */
export interface RunCounts {
  wires: Record<string, number>;
  nodes: Record<string, NodeCounts>;
}
export interface RunRow {
  run: string;
  flow: string;
  flow_name: string;
  version: number;
  trigger: string;
  state: RunState;
  started_ms: number;
  ended_ms: number | null;
  records: number;
  failed: number;
  parked: number;
  error: Failure | null;
  rehearsal: boolean;
}
export interface StepRow {
  node: string;
  state: NodeState;
  started_ms: number | null;
  ended_ms: number | null;
  attempts: number;
  error: Failure | null;
}
export interface HeldEffect {
  id: number;
  node: string;
  sentence: string;
  body: Datum;
}
export interface Run {
  row: RunRow;
  text: string;
  counts: RunCounts;
  snapshots: { at_ms: number; counts: RunCounts }[];
  steps: StepRow[];
  held: HeldEffect[];
}
export interface RecordsPage {
  columns: string[];
  records: Datum[];
  total: number;
  whole: boolean;
}
export interface FailedRecord {
  id: string;
  run: string;
  record: Datum;
  error: Failure;
  attempts: number;
  failed_ms: number;
}
export interface FailedGroup {
  group: string;
  flow: string;
  flow_name: string;
  node: string;
  error: Failure;
  count: number;
  first_ms: number;
  last_ms: number;
  records: FailedRecord[];
}
export interface Question {
  id: string;
  flow: string;
  flow_name: string;
  run: string;
  node: string;
  sentence: string;
  record: Datum;
  asked_ms: number;
}
export type ConnectionHealth =
  | { state: 'unknown' }
  | { state: 'good' }
  | { state: 'open'; retry_ms: number; error: Failure };
export interface ConnectionRow {
  name: string;
  kind: string;
  config: Json;
  secrets: string[];
  health: ConnectionHealth;
  last_use_ms: number | null;
  used_by: string[];
}
export interface Health {
  version: string;
  started_ms: number;
  queue: number;
  running: number;
  disk_free_bytes: number | null;
  failed: number;
  questions: number;
  troubles: string[];
  vault: string;
  hooks: string | null;
}
export interface PortRow {
  name: string;
  help: string;
}
export type Contract = 'trigger' | 'source' | 'transform' | 'action';
export interface KindRow {
  kind: string;
  title: string;
  help: string;
  category: string;
  contract: Contract;
  version: number;
  inputs: PortRow[];
  outputs: PortRow[];
  schema: Json;
  words: string[];
  icon: string;
  connection: string | null;
}
export interface Settings {
  language: string;
  theme: string;
  zone: string;
  keep_days: number;
  max_runs: number;
  notices: boolean;
  editor: Json;
}
export interface ScheduleTimes {
  words: string;
  next: { at_ms: number; local: string }[];
}
export interface FormulaFault {
  sentence: string;
  from: number;
  to: number;
  is_syntax: boolean;
}
export interface FormulaEvaluated {
  value: Datum;
  type: string;
  fault: FormulaFault | null;
  reads: string[];
}
export type FormulaForm = 'formula' | 'template';
export interface Completions {
  from: number;
  options: { label: string; insert: string; type: string; detail: string }[];
}
export type Resource =
  | { type: 'folder'; path: string; writes: boolean }
  | { type: 'host'; host: string }
  | { type: 'connection'; slot: string }
  | { type: 'hook'; path: string; open: boolean }
  | { type: 'flow'; slot: string };
export interface Authority {
  node: string;
  resource: Resource;
  sentence: string;
  granted: boolean;
}
export interface FlowImported {
  flow: string;
  name: string;
  problems: Problem[];
  authority: Authority[];
  slots: SlotState[];
}
export interface GalleryRow {
  slug: string;
  name: string;
  about: string;
  kinds: string[];
  runs_at_once: boolean;
}
export interface CaseRow {
  name: string;
  records_in: number;
  last: 'same' | 'different' | 'broken' | null;
}
export interface CaseResult {
  name: string;
  outcome: 'same' | 'different' | 'broken';
  records: number;
  different: number;
  differences: { place: string; index: number; pointer: string; expected: Datum; came: Datum }[];
  error: Failure | null;
}

export type EngineEvent =
  | { type: 'run_started'; run: string; flow: string; at_ms: number }
  | { type: 'run_progress'; run: string; flow: string; at_ms: number; counts: RunCounts; done: number | null }
  | {
      type: 'run_ended';
      run: string;
      flow: string;
      at_ms: number;
      state: RunState;
      counts: RunCounts;
      error: Failure | null;
    }
  | { type: 'flow_changed'; flow: string; version: number | null; armed: boolean }
  | { type: 'inbox_changed'; failed: number; questions: number }
  | { type: 'connection_changed'; name: string }
  | { type: 'health'; health: Health }
  | { type: 'alert'; kind: string; flow: string | null; run: string | null; sentence: string; at_ms: number }
  | { type: 'resync' };
