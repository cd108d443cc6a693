/** Widgets by the name a schema asks for. A kind never brings code of its own. */
import type { ComponentType } from 'react';
import { JsonWidget, SqlWidget } from './code.tsx';
import { FormulasWidget, GroupWidget, RowsWidget, VariantWidget } from './compound.tsx';
import { CronWidget } from './cron.tsx';
import { FlowWidget } from './flow.tsx';
import { FileWidget, FolderWidget, FormulaWidget, TemplateWidget } from './formula.tsx';
import { MappingWidget } from './mapping.tsx';
import { MatchWidget } from './match.tsx';
import { NumberWidget, SecretWidget, SelectWidget, TextWidget, ToggleWidget, ZoneWidget } from './simple.tsx';
import { ColumnsWidget, FieldsWidget, PairsWidget } from './tables.tsx';
import type { WidgetProps } from './types.ts';

const widgets: Record<string, ComponentType<WidgetProps>> = {
  text: TextWidget,
  number: NumberWidget,
  toggle: ToggleWidget,
  select: SelectWidget,
  secret: SecretWidget,
  formula: FormulaWidget,
  template: TemplateWidget,
  file: FileWidget,
  folder: FolderWidget,
  mapping: MappingWidget,
  match: MatchWidget,
  formulas: FormulasWidget,
  rows: RowsWidget,
  group: GroupWidget,
  variant: VariantWidget,
  fields: FieldsWidget,
  pairs: PairsWidget,
  columns: ColumnsWidget,
  cron: CronWidget,
  flow: FlowWidget,
  zone: ZoneWidget,
  sql: SqlWidget,
  json: JsonWidget,
  code: JsonWidget,
};

/** A widget that this editor does not have is drawn as JSON, which can say everything. */
export const widgetNamed = (name: string): ComponentType<WidgetProps> => widgets[name] ?? JsonWidget;
