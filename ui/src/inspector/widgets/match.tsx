/** The match: pairs of keys, and under them both lists side by side with what meets and what stays alone. */
import { Plus, TriangleAlert, Wand2, X } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { type Datum, EngineGone, engine, Refused } from '../../bridge/index.ts';
import { live } from '../../document/live.ts';
import { type Keyed, keyed, likelyKeys, type Match, matchOf } from '../../document/match.ts';
import { fieldPath } from '../../document/pick.ts';
import { plain } from '../../document/sample.ts';
import { openFlow } from '../../document/store.ts';
import { Button, Segments } from '../../kit/controls.tsx';
import { formatCell, formatNumber } from '../../kit/i18n.ts';
import { SampleOf } from '../sample-of.ts';
import { fieldsOf, itemsOf } from '../schema.ts';
import { FormulaWidget } from './formula.tsx';
import { isTable, textOf, type WidgetProps } from './types.ts';

/** Records of each side that are put side by side. */
const LOOKED_AT = 100;
const SHOWN = 8;
/** Waits so long after a key of the keyboard before the keys are worked out again. */
const ASK_AFTER_MS = 200;

interface Sides {
  left: readonly Datum[];
  right: readonly Datum[];
  columns: [readonly string[], readonly string[]];
  isWhole: boolean;
}

async function readSides(run: string, node: string): Promise<Sides | undefined> {
  const ask = (port: string) =>
    engine().call('run.records', { run, node, port, side: 'in', offset: 0, limit: LOOKED_AT });
  try {
    const [left, right] = await Promise.all([ask('left'), ask('right')]);
    return {
      left: left.records,
      right: right.records,
      columns: [left.columns, right.columns],
      isWhole: [left, right].every((it) => it.total <= it.records.length),
    };
  } catch (error) {
    if (error instanceof Refused || error instanceof EngineGone) return undefined;
    throw error;
  }
}

/** What reached both inputs of the chosen node in the run that is shown. */
function useSides(): Sides | undefined {
  const node = useStore(openFlow, (state) => state.selected[0]);
  const run = useStore(live, (state) => (state.row?.ended_ms ? state.row.run : undefined));
  const [sides, setSides] = useState<Sides>();
  useEffect(() => {
    let isStale = false;
    if (!node || !run) setSides(undefined);
    else void readSides(run, node).then((it) => !isStale && setSides(it));
    return () => {
      isStale = true;
    };
  }, [node, run]);
  return sides;
}

function useMatch(
  sides: Sides | undefined,
  pairs: readonly (readonly [string, string])[],
): Match | undefined {
  const flow = useStore(openFlow, (state) => state.id);
  const [match, setMatch] = useState<Match>();
  const wanted = JSON.stringify(pairs);
  useEffect(() => {
    const keys = JSON.parse(wanted) as [string, string][];
    if (!sides || !keys.some(([left, right]) => left && right)) return setMatch(undefined);
    let isStale = false;
    const timer = setTimeout(() => {
      const side = (records: readonly Datum[], place: 0 | 1) =>
        keyed(
          records,
          keys.map((it) => it[place]),
          flow,
        );
      Promise.all([side(sides.left, 0), side(sides.right, 1)]).then(
        ([left, right]) => !isStale && setMatch(matchOf(left, right)),
        // a formula that is half typed: what was known stays
        () => undefined,
      );
    }, ASK_AFTER_MS);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [sides, wanted, flow]);
  return match;
}

export function MatchWidget({ field, value, onChange }: WidgetProps) {
  const { t } = useTranslation();
  const ends = fieldsOf(itemsOf(field), field.root);
  const sides = useSides();
  const rows = Array.isArray(value) ? value.filter(isTable) : [];
  const match = useMatch(
    sides,
    rows.map((it) => [textOf(it.left), textOf(it.right)] as const),
  );
  const right = useMemo(() => {
    const record = sides?.right[0];
    if (!sides || !isTable(record)) return undefined;
    const fields = sides.columns[1].map((name) => {
      const value = record[name] ?? null;
      return { name, sample: value, type: plain(value).type };
    });
    return { record, fields };
  }, [sides]);
  const proposed = useMemo(() => (sides ? likelyKeys(...sides.columns).slice(0, 3) : []), [sides]);
  return (
    <div className="match">
      {rows.map((row, place) => (
        <div className="match-row" key={place}>
          {ends.map((end) => (
            <SampleOf key={end.name} value={end.name === 'right' ? right : undefined}>
              <div className="part">
                <span className="part-name" aria-hidden="true">
                  {t(`match.side_${end.name}`)}
                </span>
                <FormulaWidget
                  field={{ ...end, label: `${t(`match.side_${end.name}`)} ${place + 1}` }}
                  value={row[end.name]}
                  onChange={(next) =>
                    onChange(rows.map((it, at) => (at === place ? { ...it, [end.name]: textOf(next) } : it)))
                  }
                />
              </div>
            </SampleOf>
          ))}
          <Button
            look="icon"
            tip={`${t('common.remove')} ${place + 1}`}
            onClick={() => onChange(rows.filter((_, at) => at !== place))}
          >
            <X />
          </Button>
        </div>
      ))}
      <Button look="quiet" onClick={() => onChange([...rows, { left: '', right: '' }])}>
        <Plus /> {t('inspector.add_row')}
      </Button>
      {rows.length ? null : (
        <div className="row wrap">
          {proposed.map(([left, right]) => (
            <Button
              key={left}
              look="quiet"
              onClick={() => onChange([{ left: `= ${fieldPath(left)}`, right: `= ${fieldPath(right)}` }])}
            >
              <Wand2 /> {t('match.by', { field: left })}
            </Button>
          ))}
        </div>
      )}
      {match && sides ? (
        <Shown match={match} isWhole={sides.isWhole} />
      ) : sides ? null : (
        <p className="field-help">{t('match.no_run')}</p>
      )}
    </div>
  );
}

type Part = 'matched' | 'left' | 'right';

function Shown({ match, isWhole }: { match: Match; isWhole: boolean }) {
  const { t } = useTranslation();
  const [part, setPart] = useState<Part>('matched');
  const rows: Record<Part, readonly (readonly [Keyed | undefined, Keyed | undefined])[]> = {
    matched: match.pairs,
    left: match.leftOnly.map((it) => [it, undefined] as const),
    right: match.rightOnly.map((it) => [undefined, it] as const),
  };
  const parts: Part[] = ['matched', 'left', 'right'];
  return (
    <>
      <Segments
        label={t('match.counts')}
        value={part}
        onChange={setPart}
        options={parts.map((it) => ({
          value: it,
          label: t(`match.${it}`, { count: rows[it].length, n: formatNumber(rows[it].length) }),
        }))}
      />
      {match.unlike.map(({ left, right }) => (
        <p key={`${left}${right}`} className="field-bad">
          <TriangleAlert size={12} />{' '}
          {t('match.unlike', {
            left: t(`type.${left.replaceAll(' ', '_')}`, { defaultValue: left }),
            right: t(`type.${right.replaceAll(' ', '_')}`, { defaultValue: right }),
          })}
        </p>
      ))}
      <table className="match-table">
        <thead>
          <tr>
            <th scope="col">{t('match.side_left')}</th>
            <th scope="col">{t('match.side_right')}</th>
          </tr>
        </thead>
        <tbody>
          {rows[part].slice(0, SHOWN).map(([left, right], place) => (
            <tr key={place}>
              <Side of={left} />
              <Side of={right} />
            </tr>
          ))}
        </tbody>
      </table>
      {isWhole ? null : <p className="field-help">{t('match.sample', { count: LOOKED_AT })}</p>}
    </>
  );
}

/** A record in a line: its key, then what else it tells. */
function Side({ of }: { of: Keyed | undefined }) {
  if (!of) return <td className="faint">–</td>;
  const rest = isTable(of.record)
    ? Object.values(of.record).filter(
        (it) => !of.key.some((key) => JSON.stringify(key) === JSON.stringify(it)),
      )
    : [];
  return (
    <td dir="auto">
      <b>{of.key.map((it) => formatCell(plain(it)) || '–').join(' · ')}</b>{' '}
      <span className="faint">
        {rest
          .slice(0, 2)
          .map((it) => formatCell(plain(it)))
          .join(' · ')}
      </span>
    </td>
  );
}
