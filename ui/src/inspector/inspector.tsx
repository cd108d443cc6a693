/** The right side: the form of the selected node, made from its schema. */
import { ChevronDown, MousePointerClick } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { ConnectionRow, Json, KindRow, Problem } from '../bridge/index.ts';
import type { Change } from '../document/changes.ts';
import { cleanName, type FlowNode } from '../document/flow.ts';
import { live } from '../document/live.ts';
import { loadSample } from '../document/sample.ts';
import type { Kinds } from '../document/select.ts';
import type { Slots } from '../document/slots.ts';
import { change, openFlow } from '../document/store.ts';
import { Button, Field, Marked, Tabs } from '../kit/controls.tsx';
import { KindBadge } from '../kit/glyph.tsx';
import { State } from '../kit/surfaces.tsx';
import { ConnectionField } from './connection-field.tsx';
import { FailTab, LimitsTab } from './policy.tsx';
import { type FormField, fieldsOfSchema, isDecisionTable } from './schema.ts';
import { DecisionGrid, GRID_FIELDS } from './widgets/decision.tsx';
import { widgetNamed } from './widgets/index.ts';

interface InspectorProps {
  kinds: Kinds;
  connections: readonly ConnectionRow[];
  onNewConnection: (kind: string) => void;
  /** Buttons for the node that the view brings: try, pin. */
  actions: ReactNode;
}

export function Inspector({ kinds, connections, onNewConnection, actions }: InspectorProps) {
  const { t } = useTranslation();
  const id = useStore(openFlow, (state) => (state.selected.length === 1 ? state.selected[0] : undefined));
  const count = useStore(openFlow, (state) => state.selected.length);
  const node = useStore(openFlow, (state) => (id ? state.history.doc.nodes[id] : undefined));
  const run = useStore(live, (state) => state.row?.run);
  useEffect(() => void loadSample(id ?? ''), [id, run]);
  if (!id || !node) {
    return (
      <aside className="inspector" aria-label={t('inspector.label')}>
        <State
          icon={<MousePointerClick />}
          title={count > 1 ? t('inspector.many', { count }) : t('inspector.none')}
        >
          {t('inspector.none_help')}
        </State>
      </aside>
    );
  }
  return (
    <aside
      className="inspector"
      aria-label={t('inspector.label')}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented)
          document.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`)?.focus();
      }}
    >
      <NodeForm
        key={id}
        id={id}
        node={node}
        kind={kinds.get(node.kind)}
        connections={connections}
        onNewConnection={onNewConnection}
      />
      <footer className="inspector-foot">{actions}</footer>
    </aside>
  );
}

interface NodeFormProps {
  id: string;
  node: FlowNode;
  kind: KindRow | undefined;
  connections: readonly ConnectionRow[];
  onNewConnection: (kind: string) => void;
}

function NodeForm({ id, node, kind, connections, onNewConnection }: NodeFormProps) {
  const { t } = useTranslation();
  const [tab, setTab] = useState('what');
  const answer = useStore(openFlow, (state) => state.facts.get(id)?.answer_field);
  const set = (next: FlowNode, key: string, slots?: Slots) => {
    const node: Change = { type: 'node.set', id, node: next };
    const both: Change = { type: 'many', changes: [{ type: 'flow.set', fields: { slots } }, node] };
    change(slots ? both : node, `${id}.${key}`);
  };
  const setPolicy = (policy: FlowNode['policy']) => set({ ...node, policy }, 'policy');
  const tabs = [
    { value: 'what', label: t('inspector.what') },
    ...(kind?.contract === 'action' || kind?.contract === 'source'
      ? [
          { value: 'fails', label: t('inspector.fails') },
          { value: 'limits', label: t('inspector.limits') },
        ]
      : []),
    { value: 'notes', label: t('inspector.notes') },
  ];
  return (
    <>
      <header className="inspector-head">
        <KindBadge kind={node.kind} contract={kind?.contract ?? 'unknown'} />
        <div className="stack inspector-title">
          <input
            className="title-input"
            dir="auto"
            aria-label={t('inspector.title')}
            value={node.title ?? ''}
            placeholder={kind?.title ?? node.kind}
            onChange={(event) => set({ ...node, title: cleanName(event.target.value) || undefined }, 'title')}
          />
          <div className="card-line">
            <Marked text={kind?.help ?? t('inspector.unknown_kind', { kind: node.kind })} />{' '}
            {kind ? (
              <a
                className="link"
                href={`#/help/${encodeURIComponent(`nodes/${node.kind}`)}`}
                target="_blank"
                rel="noreferrer"
              >
                {t('help.node')}
              </a>
            ) : null}
          </div>
        </div>
      </header>
      <Tabs value={tab} onChange={setTab} tabs={tabs}>
        {tab === 'what' ? (
          <>
            {kind?.connection ? (
              <ConnectionField
                slot={node.connection}
                kind={kind.connection}
                connections={connections}
                onNew={() => onNewConnection(kind.connection ?? '')}
                onSlot={(slot, slots) => set({ ...node, connection: slot }, 'connection', slots)}
              />
            ) : null}
            <ConfigForm
              id={id}
              node={node}
              kind={kind}
              onChange={(config, field, slots) => set({ ...node, config }, field, slots)}
            />
            {answer ? (
              <FieldName
                of="into"
                value={node.into}
                usual={id}
                onChange={(into) => set({ ...node, into }, 'into')}
              />
            ) : null}
            {kind?.contract === 'source' ? (
              <FieldName
                of="keep_as"
                value={node.keep_as}
                usual=""
                onChange={(keep_as) => set({ ...node, keep_as }, 'keep_as')}
              />
            ) : null}
          </>
        ) : null}
        {tab === 'fails' ? <FailTab node={node} onChange={setPolicy} /> : null}
        {tab === 'limits' ? <LimitsTab node={node} onChange={setPolicy} /> : null}
        {tab === 'notes' ? (
          <Field label={t('inspector.note')} help={t('inspector.note_help')}>
            <textarea
              className="input"
              rows={6}
              aria-label={t('inspector.note')}
              value={node.note ?? ''}
              onChange={(event) => set({ ...node, note: event.target.value || undefined }, 'note')}
            />
          </Field>
        ) : null}
      </Tabs>
    </>
  );
}

interface FieldNameProps {
  /** What the field is for. */
  of: 'into' | 'keep_as';
  value: string | undefined;
  /** The name it has unless another is said. */
  usual: string;
  onChange: (name: string | undefined) => void;
}

/** The name of a field that the node adds to records. */
function FieldName({ of, value, usual, onChange }: FieldNameProps) {
  const { t } = useTranslation();
  const label = t(`inspector.${of}`);
  return (
    <Field
      label={label}
      help={t(`inspector.${of}_help`)}
      aside={<span className="faint optional">{t('inspector.optional')}</span>}
    >
      <input
        className="input"
        aria-label={label}
        value={value ?? ''}
        placeholder={usual}
        onChange={(event) => onChange(cleanName(event.target.value).trim() || undefined)}
      />
    </Field>
  );
}

interface ConfigFormProps {
  id: string;
  node: FlowNode;
  kind: KindRow | undefined;
  onChange: (config: FlowNode['config'], field: string, slots?: Slots) => void;
}

function ConfigForm({ id, node, kind, onChange }: ConfigFormProps) {
  const { t } = useTranslation();
  const problems = useStore(openFlow, (state) => state.problems);
  const [isOpen, setOpen] = useState(false);
  const isGrid = isDecisionTable(kind?.schema ?? null);
  const fields = fieldsOfSchema(kind?.schema ?? null).filter(
    (it) => !isGrid || !GRID_FIELDS.includes(it.name),
  );
  const config = node.config ?? {};
  const set = (name: string, value: Json | undefined, slots?: Slots) => {
    const { [name]: _before, ...rest } = config;
    onChange(value === undefined ? rest : { ...config, [name]: value }, name, slots);
  };
  const advanced = fields.filter((field) => field.isAdvanced);
  const draw = (field: FormField) => (
    <ConfigField
      key={field.name}
      kind={node.kind.replace('.', '_')}
      field={field}
      value={config[field.name]}
      config={config}
      problem={problems.find((it) => it.node === id && it.pointer?.startsWith(`/${field.name}`))}
      onChange={(value, slots) => set(field.name, value, slots)}
    />
  );
  if (!fields.length && !isGrid) return <p className="faint">{t('inspector.no_fields')}</p>;
  return (
    <>
      {isGrid ? <DecisionGrid config={config} onChange={(next) => onChange(next, 'grid')} /> : null}
      {fields.filter((field) => !field.isAdvanced).map(draw)}
      {advanced.length ? (
        <Button look="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <ChevronDown /> {t('inspector.more', { count: advanced.length })}
        </Button>
      ) : null}
      {isOpen ? advanced.map(draw) : null}
    </>
  );
}

function ConfigField({
  kind,
  field,
  value,
  config,
  problem,
  onChange,
}: {
  /** The kind as words are found under it: one name means different things in different kinds. */
  kind: string;
  field: FormField;
  value: Json | undefined;
  config: NonNullable<FlowNode['config']>;
  problem: Problem | undefined;
  onChange: (value: Json | undefined, slots?: Slots) => void;
}) {
  const { t } = useTranslation();
  const Widget = widgetNamed(field.widget);
  const label = t([`fieldname.${kind}_${field.name}`, `fieldname.${field.name}`], {
    defaultValue: field.label,
  });
  return (
    <Field
      label={label}
      help={field.help}
      bad={problem?.sentence}
      aside={field.isRequired ? null : <span className="faint optional">{t('inspector.optional')}</span>}
    >
      <Widget field={{ ...field, label }} value={value} onChange={onChange} config={config} />
    </Field>
  );
}
