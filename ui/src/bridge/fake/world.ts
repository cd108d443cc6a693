/** What the fake engine holds: flows, runs, the failed inbox, connections, settings, and who listens. */

import type {
  CaseRow,
  ConnectionRow,
  EngineEvent,
  FailedGroup,
  Question,
  RunCounts,
  RunRow,
  Settings,
  SlotState,
  VersionRow,
} from '../index.ts';
import { Refused } from '../index.ts';
import { type Doc, fakeConnections, fakeFailed, fakeQuestions } from './parts.ts';
import { HOUR, ledgerCounts, MINUTE, seeds } from './seeds.ts';

export interface Stored {
  id: string;
  folder: string;
  text: string;
  versions: (VersionRow & { text: string })[];
  armed: boolean;
  trigger: string;
  next_ms: number | null;
  moved: number;
  note: string;
  strip: string;
}

export interface FakeOptions {
  /** No flows yet, as on the first start. */
  isFirstStart?: boolean;
  /** Records in every table. */
  tableRows?: number;
}

export const refused = (
  code: 'not_found' | 'conflict' | 'bad_request',
  sentence: string,
  field = '',
): Refused => new Refused({ code, sentence, field });

export class World {
  readonly start = Date.now();
  readonly tableRows: number;
  readonly listeners = new Set<(event: EngineEvent) => void>();
  readonly flows = new Map<string, Stored>();
  readonly runs: RunRow[] = [];
  readonly counts = new Map<string, RunCounts>();
  readonly connections: ConnectionRow[];
  groups: FailedGroup[];
  questions: Question[];
  cases: CaseRow[];
  isPaused = false;
  settings: Settings = {
    language: '',
    theme: 'system',
    zone: 'Asia/Almaty',
    keep_days: 30,
    budget_gib: 2,
    notices: true,
    editor: null,
  };

  constructor({ isFirstStart = false, tableRows = 409 }: FakeOptions) {
    this.tableRows = tableRows;
    this.groups = isFirstStart ? [] : fakeFailed(this.start);
    this.questions = isFirstStart ? [] : fakeQuestions(this.start);
    this.connections = isFirstStart ? [] : fakeConnections(this.start);
    this.cases = isFirstStart ? [] : [{ name: 'two-unpaid-orders', records_in: 5, last: 'same' }];
    if (isFirstStart) return;
    this.fillShelf();
    this.fillRuns();
  }

  tell(event: EngineEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  stored(id: string): Stored {
    const flow = this.flows.get(id);
    if (!flow) throw refused('not_found', `There is no flow ${id}.`);
    return flow;
  }

  nameOf(id: string): string {
    return (JSON.parse(this.flows.get(id)?.text ?? '{"name":""}') as Doc).name;
  }

  slotsOf(flow: Stored): SlotState[] {
    return Object.entries((JSON.parse(flow.text) as Doc).slots ?? {}).map(([name, slot]) => {
      const [type = 'text', detail = ''] = Object.entries(slot)[0] ?? [];
      return {
        name,
        type,
        detail: String(detail),
        filled: type === 'connection' ? name : '/home/office/inbox',
        default: null,
        help: '',
        used_by: [],
      };
    });
  }

  /** Keeps a text as the newest version of a flow; without a flow it makes one. */
  keep(id: string | null | undefined, text: string, folder = '', note = ''): Stored {
    const flow: Stored = id
      ? this.stored(id)
      : {
          id: `f${this.flows.size + 1}`,
          folder,
          text,
          versions: [],
          armed: false,
          trigger: 'By hand',
          next_ms: null,
          moved: 0,
          note: '',
          strip: '',
        };
    flow.text = text;
    const version = (flow.versions[0]?.version ?? 0) + 1;
    flow.versions.unshift({ version, saved_ms: Date.now(), hash: `h${version}`, note, live: false, text });
    this.flows.set(flow.id, flow);
    return flow;
  }

  addRun(row: Partial<RunRow> & { flow: string }): RunRow {
    const run: RunRow = {
      run: `r${this.runs.length + 1}`,
      flow_name: this.nameOf(row.flow),
      version: 14,
      trigger: 'schedule',
      state: 'ok',
      started_ms: this.start,
      ended_ms: this.start + 5700,
      records: 1204,
      failed: 0,
      parked: 0,
      error: null,
      rehearsal: false,
      ...row,
    };
    this.runs.unshift(run);
    return run;
  }

  takeFailed(ids: string[] = [], group?: string | null): number {
    let taken = 0;
    this.groups = this.groups.map((it) => {
      if (it.group === group) {
        taken += it.count;
        return { ...it, count: 0, records: [] };
      }
      const left = it.records.filter((record) => !ids.includes(record.id));
      taken += it.records.length - left.length;
      return { ...it, count: it.count - (it.records.length - left.length), records: left };
    });
    this.groups = this.groups.filter((it) => it.count > 0);
    return taken;
  }

  private fillShelf(): void {
    for (const seed of seeds) {
      const text = JSON.stringify(seed.doc, null, 2);
      const versions = [3, 2, 1].map((version) => ({
        version: version + 11,
        saved_ms: this.start - (4 - version) * 5 * HOUR,
        hash: `h${version}`,
        note: version === 3 ? 'Only orders with a total' : '',
        live: version === 3,
        text,
      }));
      this.flows.set(seed.id, { ...seed, text, versions });
    }
  }

  private fillRuns(): void {
    for (let back = 24; back > 0; back--) {
      const flow = back % 3 === 0 ? 'f3' : back % 2 === 0 ? 'f1' : 'f2';
      const isBroken = back === 9;
      this.addRun({
        flow,
        started_ms: this.start - back * HOUR,
        ended_ms: this.start - back * HOUR + 900 + back * 130,
        records: 40 + back * 17,
        state: isBroken ? 'failed' : 'ok',
        error: isBroken
          ? { code: 'not_found', sentence: 'The file prices/today.xml is not there.', cause: null }
          : null,
        trigger: flow === 'f2' ? 'webhook' : flow === 'f3' ? 'file' : 'schedule',
      });
    }
    const started_ms = this.start - 12 * MINUTE;
    const last = this.addRun({
      flow: 'f1',
      state: 'partial',
      failed: 3,
      started_ms,
      ended_ms: started_ms + 5700,
    });
    this.counts.set(last.run, ledgerCounts);
  }
}
