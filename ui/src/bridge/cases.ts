/** The commands about cases, in the shapes of `host::contract::cases`. */
import type { Commands as Generated } from '../generated/commands.ts';
import type { Failure, FlowId, Json, Nothing } from '../generated/contract.ts';

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
  differences: { place: string; index: number; pointer: string; expected: Json; came: Json }[];
  error: Failure | null;
}

export interface Commands extends Generated {
  'cases.list': { params: FlowId; answer: { cases: CaseRow[] } };
  'cases.save': { params: { flow: string; name: string; run: string; masked?: string[] }; answer: Nothing };
  'cases.run': {
    params: { flow: string; text?: string; name?: string };
    answer: { results: CaseResult[] };
  };
}

export type CommandName = keyof Commands;
