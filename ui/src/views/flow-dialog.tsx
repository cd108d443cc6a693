/** What holds for the whole flow: how its runs stand to one another, and what is normal for it. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { Expect, FlowDoc } from '../document/flow.ts';
import { change, openFlow } from '../document/store.ts';
import { SampleOf } from '../inspector/sample-of.ts';
import { FormulaWidget } from '../inspector/widgets/formula.tsx';
import { FieldsWidget } from '../inspector/widgets/tables.tsx';
import { textOf } from '../inspector/widgets/types.ts';
import { Field, NumberInput, Select, Switch } from '../kit/controls.tsx';
import { Dialog } from '../kit/surfaces.tsx';
import { UTC, ZoneSelect } from '../kit/zone.tsx';

const OVERLAPS = ['queue', 'skip', 'replace', 'latest'] as const;
const MOST_AT_ONCE = 1000;
/** The engine's own choice, where the flow says nothing. */
const AT_ONCE = 10;
const MOST_SECONDS = 31_536_000;

/** The engine looks at so many fields. */
const MOST_SEARCHED = 3;

/** The names, the newest at the cost of the oldest. */
const namesIn = (value: unknown): string[] | undefined => {
  const names = Array.isArray(value) ? value.filter((it) => typeof it === 'string') : [];
  return names.length ? names.slice(-MOST_SEARCHED) : undefined;
};

const isOverlap = (value: unknown): value is FlowDoc['overlap'] => OVERLAPS.some((it) => it === value);

export function FlowDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const doc = useStore(openFlow, (state) => state.history.doc);
  const problems = useStore(openFlow, (state) => state.problems);
  const set = (fields: Partial<FlowDoc>, key: string) => change({ type: 'flow.set', fields }, `flow.${key}`);
  const wrong = (place: string) =>
    problems.find((it) => it.node === null && it.pointer?.startsWith(place))?.sentence;
  const overlap = doc.overlap ?? 'queue';
  const order = t('flow.order');
  const found = t('flow.search');
  return (
    <Dialog title={t('editor.settings')} closeLabel={t('common.close')} onClose={onClose}>
      <Field label={t('flow.docs')} help={t('flow.docs_help')}>
        <textarea
          className="input"
          rows={3}
          dir="auto"
          aria-label={t('flow.docs')}
          value={doc.docs ?? ''}
          onChange={(event) => set({ docs: event.target.value || undefined }, 'docs')}
        />
      </Field>
      <Field label={found} help={t('flow.search_help')} bad={wrong('/search')}>
        <FieldsWidget
          field={{ ...PLAIN, label: found }}
          value={doc.search}
          onChange={(it) => set({ search: namesIn(it) }, 'search')}
        />
      </Field>
      <Field label={t('flow.zone')} help={t('flow.zone_help')} bad={wrong('/zone')}>
        <ZoneSelect
          label={t('flow.zone')}
          value={doc.zone ?? ''}
          otherwise={t('zone.none', { zone: UTC })}
          onChange={(zone) => set({ zone }, 'zone')}
        />
      </Field>
      <Field label={t('flow.overlap')} help={t(`overlap.${overlap}_help`)} bad={wrong('/overlap')}>
        <Select
          label={t('flow.overlap')}
          value={overlap}
          options={OVERLAPS.map((value) => ({ value, label: t(`overlap.${value}`) }))}
          onChange={(it) => isOverlap(it) && set({ overlap: it === 'queue' ? undefined : it }, 'overlap')}
        />
      </Field>
      <Field label={t('flow.concurrency')} help={t('flow.concurrency_help')} bad={wrong('/concurrency')}>
        <NumberInput
          label={t('flow.concurrency')}
          min={1}
          max={MOST_AT_ONCE}
          placeholder={String(AT_ONCE)}
          value={doc.concurrency}
          onChange={(concurrency) => set({ concurrency }, 'concurrency')}
        />
      </Field>
      <Field label={order} help={t('flow.order_help')} bad={wrong('/order')}>
        {/* it reads what starts the run, not what arrives at the node that happens to be selected */}
        <SampleOf value={NO_SAMPLE}>
          <FormulaWidget
            field={{ ...PLAIN, name: 'order', widget: 'formula', label: order }}
            value={doc.order}
            onChange={(it) => set({ order: textOf(it) || undefined }, 'order')}
          />
        </SampleOf>
      </Field>
      <Field label={t('flow.volatile')} help={t('flow.volatile_help')}>
        <Switch
          label={t('flow.volatile')}
          on={doc.volatile === true}
          onChange={(on) => set({ volatile: on || undefined }, 'volatile')}
        />
      </Field>
      <Normal expect={doc.expect} bad={wrong('/expect')} onChange={(expect) => set({ expect }, 'expect')} />
    </Dialog>
  );
}

const NO_SAMPLE = { record: {}, fields: [] };
/** A field of the flow for a widget that elsewhere draws one of a node. */
const PLAIN = {
  name: '',
  help: '',
  widget: '',
  isRequired: false,
  isAdvanced: false,
  fallback: undefined,
  options: [],
  schema: {},
  root: {},
};

interface NormalProps {
  expect: Expect | undefined;
  bad: string | undefined;
  onChange: (expect: Expect | undefined) => void;
}

/** What is normal: anything else is told. */
function Normal({ expect = {}, bad, onChange }: NormalProps) {
  const { t } = useTranslation();
  const set = (next: Expect) => {
    const said = Object.entries({ ...expect, ...next }).filter(([, value]) => value !== undefined);
    onChange(said.length ? Object.fromEntries(said) : undefined);
  };
  // the file has both ends or none: one alone stays in its field until the other is there
  const [ends, setEnds] = useState({ least: expect.records?.[0], most: expect.records?.[1] });
  const { least, most } = ends;
  const records = (next: Partial<typeof ends>) => {
    const now = { ...ends, ...next };
    setEnds(now);
    set({
      records: now.least === undefined || now.most === undefined ? undefined : [now.least, now.most],
    });
  };
  return (
    <>
      <h3 className="sheet-head">{t('flow.normal')}</h3>
      <p className="muted">{t('flow.normal_help')}</p>
      {bad ? <p className="field-bad">{bad}</p> : null}
      <Field label={t('flow.by')} help={t('flow.by_help')}>
        <input
          className="input"
          type="time"
          aria-label={t('flow.by')}
          value={expect.by ?? ''}
          onChange={(event) => set({ by: event.target.value || undefined })}
        />
      </Field>
      <div className="row">
        <Field label={t('flow.least')}>
          <NumberInput
            label={t('flow.least')}
            min={0}
            value={least}
            onChange={(it) => records({ least: it })}
          />
        </Field>
        <Field label={t('flow.most')}>
          <NumberInput label={t('flow.most')} min={0} value={most} onChange={(it) => records({ most: it })} />
        </Field>
      </div>
      {(least === undefined) !== (most === undefined) ? <p className="field-help">{t('flow.both')}</p> : null}
      <Field label={t('flow.within_s')} help={t('flow.within_help')}>
        <NumberInput
          label={t('flow.within_s')}
          min={1}
          max={MOST_SECONDS}
          value={expect.within_s}
          onChange={(within_s) => set({ within_s })}
        />
      </Field>
    </>
  );
}
