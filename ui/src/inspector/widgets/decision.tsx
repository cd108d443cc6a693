/** The grid of a decision table: what is tested on the left, what comes out on the right, a rule a row. */
import { Plus, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Json } from '../../bridge/index.ts';
import { Button } from '../../kit/controls.tsx';
import { isTable, textOf } from './types.ts';

type Config = { [name: string]: Json };

/** A row; in the file `tests` stand under `when` and `gives` under `then`. */
interface Rule {
  tests: string[];
  gives: string[];
}

const tables = (list: Json | undefined): Config[] =>
  Array.isArray(list) ? list.map((it) => (isTable(it) ? it : {})) : [];
const texts = (list: Json | undefined): string[] => (Array.isArray(list) ? list.map(textOf) : []);
const swap = <T,>(list: readonly T[], index: number, value: T): T[] =>
  list.map((it, place) => (place === index ? value : it));

/** The fields of the configuration that the grid holds; the others are drawn as any field. */
export const GRID_FIELDS = ['inputs', 'outputs', 'rules'];

export function DecisionGrid({ config, onChange }: { config: Config; onChange: (next: Config) => void }) {
  const { t } = useTranslation();
  const inputs = tables(config.inputs);
  const outputs = tables(config.outputs);
  const rules = tables(config.rules).map(
    (rule): Rule => ({
      tests: inputs.map((_, at) => texts(rule.when)[at] ?? '-'),
      gives: outputs.map((_, at) => texts(rule.then)[at] ?? ''),
    }),
  );
  const put = (next: { inputs?: Config[]; outputs?: Config[]; rules?: Rule[] }) =>
    onChange({
      ...config,
      inputs: next.inputs ?? inputs,
      outputs: next.outputs ?? outputs,
      rules: (next.rules ?? rules).map(({ tests, gives }) =>
        Object.fromEntries([
          ['when', tests],
          ['then', gives],
        ]),
      ),
    });
  const head = (side: 'inputs' | 'outputs', columns: Config[], key: 'value' | 'name') =>
    columns.map((column, index) => (
      <th key={index} data-side={side} scope="col">
        <div className="decision-head">
          <input
            aria-label={`${t(side === 'inputs' ? 'inspector.condition' : 'inspector.answer')} ${index + 1}`}
            placeholder={t(side === 'inputs' ? 'inspector.tested' : 'inspector.field_name')}
            value={textOf(column[key])}
            onChange={(event) =>
              put({ [side]: swap(columns, index, { ...column, [key]: event.target.value }) })
            }
          />
          <button
            type="button"
            className="decision-drop"
            aria-label={`${t('common.remove')} ${textOf(column[key])}`}
            onClick={() =>
              put({
                [side]: columns.toSpliced(index, 1),
                rules: rules.map((rule) =>
                  side === 'inputs'
                    ? { ...rule, tests: rule.tests.toSpliced(index, 1) }
                    : { ...rule, gives: rule.gives.toSpliced(index, 1) },
                ),
              })
            }
          >
            <X size={11} />
          </button>
        </div>
      </th>
    ));
  const cells = (row: number, side: 'tests' | 'gives') =>
    (rules[row]?.[side] ?? []).map((cell, index) => (
      <td key={`${side}${index}`} data-side={side === 'tests' ? 'inputs' : 'outputs'}>
        <input
          aria-label={`${textOf((side === 'tests' ? inputs[index]?.value : outputs[index]?.name) ?? '')} ${row + 1}`}
          value={cell}
          placeholder={side === 'tests' ? '-' : ''}
          onChange={(event) =>
            put({
              rules: rules.map((rule, place) =>
                place === row ? { ...rule, [side]: swap(rule[side], index, event.target.value) } : rule,
              ),
            })
          }
        />
      </td>
    ));
  return (
    <div className="stack">
      {inputs.length + outputs.length ? (
        <div className="decision-scroll">
          <table className="decision">
            <thead>
              <tr>
                {head('inputs', inputs, 'value')}
                {head('outputs', outputs, 'name')}
                <th>
                  <span className="visually-hidden">{t('common.remove')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rules.map((_, row) => (
                <tr key={row}>
                  {cells(row, 'tests')}
                  {cells(row, 'gives')}
                  <td>
                    <Button
                      look="icon"
                      tip={`${t('common.remove')} ${row + 1}`}
                      onClick={() => put({ rules: rules.toSpliced(row, 1) })}
                    >
                      <X />
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
            {outputs.length ? (
              <tfoot>
                <tr>
                  {inputs.length ? (
                    <th scope="row" colSpan={inputs.length}>
                      {t('inspector.otherwise')}
                    </th>
                  ) : null}
                  {outputs.map((column, index) => (
                    <td key={index} data-side="outputs">
                      <input
                        aria-label={`${t('inspector.otherwise')}: ${textOf(column.name)}`}
                        value={textOf(column.otherwise)}
                        onChange={(event) => {
                          const { otherwise: _before, ...rest } = column;
                          const text = event.target.value;
                          put({ outputs: swap(outputs, index, text ? { ...rest, otherwise: text } : rest) });
                        }}
                      />
                    </td>
                  ))}
                  <td />
                </tr>
              </tfoot>
            ) : null}
          </table>
        </div>
      ) : null}
      <div className="row wrap">
        <Button
          look="quiet"
          onClick={() =>
            put({
              inputs: [...inputs, { value: '' }],
              rules: rules.map((it) => ({ ...it, tests: [...it.tests, '-'] })),
            })
          }
        >
          <Plus /> {t('inspector.condition')}
        </Button>
        <Button
          look="quiet"
          onClick={() =>
            put({
              outputs: [...outputs, { name: `field_${outputs.length + 1}` }],
              rules: rules.map((it) => ({ ...it, gives: [...it.gives, ''] })),
            })
          }
        >
          <Plus /> {t('inspector.answer')}
        </Button>
        <Button
          look="quiet"
          disabled={!inputs.length && !outputs.length}
          onClick={() =>
            put({ rules: [...rules, { tests: inputs.map(() => '-'), gives: outputs.map(() => '') }] })
          }
        >
          <Plus /> {t('inspector.rule')}
        </Button>
      </div>
    </div>
  );
}
