/** Every command with its parameters and its answer. */
import type {
  Authority,
  CaseResult,
  CaseRow,
  Completions,
  ConnectionRow,
  Datum,
  FailedGroup,
  Flow,
  FlowFacts,
  FlowImported,
  FlowRow,
  FlowSaved,
  FormulaEvaluated,
  FormulaForm,
  GalleryRow,
  Health,
  Json,
  KindRow,
  Problem,
  Question,
  RecordsPage,
  Resource,
  Run,
  RunRow,
  RunState,
  ScheduleTimes,
  Settings,
  SlotState,
  VersionRow,
} from './contract.ts';

type Nothing = Record<string, never>;
type FlowId = { flow: string };
type Command<Params, Answer> = { params: Params; answer: Answer };
export interface Commands {
  health: Command<Nothing, Health>;
  catalogue: Command<Nothing, { kinds: KindRow[] }>;
  'settings.get': Command<Nothing, Settings>;
  'settings.set': Command<Settings, Settings>;
  'schedule.next': Command<{ cron: string; zone: string }, ScheduleTimes>;
  'flows.list': Command<{ search?: string }, { flows: FlowRow[] }>;
  'flow.get': Command<FlowId, Flow>;
  'flow.save': Command<
    { flow?: string; text: string; expected_version?: number; folder?: string; note?: string },
    FlowSaved
  >;
  'flow.check': Command<{ text: string; flow?: string }, { problems: Problem[]; facts: FlowFacts }>;
  'flow.arm': Command<{ flow: string; armed: boolean }, { armed: boolean; next_fire_ms: number | null }>;
  'flow.delete': Command<FlowId, Nothing>;
  'flow.versions': Command<FlowId, { versions: VersionRow[] }>;
  'flow.version.get': Command<{ flow: string; version: number }, { version: number; text: string }>;
  'flow.restore': Command<{ flow: string; version: number }, FlowSaved>;
  'flow.import': Command<{ text: string; folder?: string }, FlowImported>;
  'flow.export': Command<FlowId, { name: string; text: string }>;
  'slots.fill': Command<{ flow: string; slot: string; value: Json }, { slots: SlotState[] }>;
  'grants.list': Command<FlowId, { authority: Authority[] }>;
  'grants.set': Command<
    { flow: string; node: string; resource: Resource; granted: boolean },
    { authority: Authority[] }
  >;
  'run.start': Command<
    {
      flow: string;
      trigger?: string;
      input?: Datum[];
      to_node?: string;
      text?: string;
      rehearse: boolean;
    },
    { run: string }
  >;
  'run.cancel': Command<{ run: string }, Nothing>;
  'runs.list': Command<
    {
      flow?: string;
      states?: RunState[];
      from_ms?: number;
      before_ms?: number;
      value?: string;
      cursor?: string;
      limit?: number;
    },
    { runs: RunRow[]; cursor: string | null }
  >;
  'run.get': Command<{ run: string }, Run>;
  'run.records': Command<
    {
      run: string;
      node: string;
      side: 'in' | 'out';
      port?: string;
      offset: number;
      limit: number;
      search?: string;
    },
    RecordsPage
  >;
  'sample.pin': Command<{ flow: string; node: string; records?: Datum[] }, Nothing>;
  'failed.list': Command<{ flow?: string; limit?: number }, { groups: FailedGroup[] }>;
  'failed.resend': Command<
    { ids?: string[]; group?: string; record?: Datum },
    { resent: number; runs: string[] }
  >;
  'failed.discard': Command<{ ids?: string[]; group?: string }, { discarded: number }>;
  'questions.list': Command<Nothing, { questions: Question[] }>;
  'questions.answer': Command<{ id: string; answer: 'happened' | 'repeat' | 'give_up' }, Nothing>;
  'connections.list': Command<Nothing, { connections: ConnectionRow[] }>;
  'connections.save': Command<
    { name: string; kind: string; config: Json; secrets?: Record<string, string | null> },
    Nothing
  >;
  'connections.test': Command<{ name: string }, { ok: boolean; sentence: string; took_ms: number }>;
  'connections.delete': Command<{ name: string }, Nothing>;
  'cases.list': Command<FlowId, { cases: CaseRow[] }>;
  'cases.save': Command<{ flow: string; name: string; run: string; masked?: string[] }, Nothing>;
  'cases.run': Command<{ flow: string; text?: string; name?: string }, { results: CaseResult[] }>;
  'formula.eval': Command<
    { text: string; record: Datum; form: FormulaForm; flow?: string },
    FormulaEvaluated
  >;
  'formula.complete': Command<
    { text: string; at: number; record: Datum; form: FormulaForm; slots?: string[] },
    Completions
  >;
  'gallery.list': Command<Nothing, { flows: GalleryRow[] }>;
  'gallery.get': Command<{ slug: string }, { slug: string; text: string; readme: string }>;
}
export type CommandName = keyof Commands;
