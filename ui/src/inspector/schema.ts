/** Reads the JSON schema of a kind's configuration into fields that can be drawn. */
import type { Json } from '../bridge/index.ts';

/** The JSON schema of a place in a configuration. */
export type Schema = { [key: string]: Json };

export interface FormField {
  name: string;
  label: string;
  help: string;
  widget: string;
  isRequired: boolean;
  isAdvanced: boolean;
  fallback: Json | undefined;
  options: { value: string; help: string }[];
  schema: Schema;
  /** The whole schema, in which references of parts are looked up. */
  root: Schema;
}

const isSchema = (value: Json | undefined): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function resolve(schema: Schema, root: Schema): Schema {
  const reference = schema.$ref;
  if (typeof reference === 'string' && reference.startsWith('#/')) {
    let at: Json | undefined = root;
    for (const part of reference.slice(2).split('/')) at = isSchema(at) ? at[part] : undefined;
    const { $ref: _followed, ...rest } = schema;
    return isSchema(at) ? { ...resolve(at, root), ...rest } : rest;
  }
  const choices = [schema.anyOf, schema.oneOf].find(Array.isArray);
  const real = choices?.filter((it) => isSchema(it) && it.type !== 'null');
  if (real?.length === 1 && isSchema(real[0])) {
    const { anyOf: _a, oneOf: _b, ...rest } = schema;
    return { ...resolve(real[0], root), ...rest };
  }
  return schema;
}

function optionsOf(schema: Schema): FormField['options'] {
  if (Array.isArray(schema.enum))
    return schema.enum.flatMap((value) => (typeof value === 'string' ? [{ value, help: '' }] : []));
  const choices = Array.isArray(schema.oneOf) ? schema.oneOf : [];
  return choices.flatMap((choice) => {
    if (!isSchema(choice)) return [];
    const value = choice.const ?? (Array.isArray(choice.enum) ? choice.enum[0] : undefined);
    return typeof value === 'string'
      ? [{ value, help: typeof choice.description === 'string' ? choice.description : '' }]
      : [];
  });
}

/** The tag property of a union of objects: the one that is a constant in each of them. */
export function tagOf(schema: Schema): string | undefined {
  const choices = Array.isArray(schema.oneOf) ? schema.oneOf.filter(isSchema) : [];
  const first = choices[0]?.properties;
  if (!isSchema(first)) return undefined;
  return Object.keys(first).find((name) =>
    choices.every(
      (it) => isSchema(it.properties) && isSchema(it.properties[name]) && 'const' in it.properties[name],
    ),
  );
}

const FORMULAS = ['formula', 'template'];

function listWidget(items: Schema, root: Schema): string {
  const named = items['x-widget'];
  if (typeof named === 'string') return FORMULAS.includes(named) ? 'formulas' : 'json';
  if (items.type === 'string') return 'fields';
  if (!isSchema(items.properties)) return 'json';
  const parts = fieldsOf(items, root);
  const isMapping =
    parts.length === 2 &&
    parts.some((it) => it.name === 'name') &&
    parts.some((it) => it.name === 'value' && FORMULAS.includes(it.widget));
  // two formulas that must be equal on the two inputs of a node
  const isMatch =
    parts.length === 2 &&
    ['left', 'right'].every((name) => parts.some((it) => it.name === name && it.widget === 'formula'));
  return isMapping ? 'mapping' : isMatch ? 'match' : 'rows';
}

function tableWidget(values: Schema): string {
  const named = values['x-widget'];
  if (typeof named === 'string' && FORMULAS.includes(named)) return 'mapping';
  if (optionsOf(values).length) return 'columns';
  return values.type === 'string' ? 'pairs' : 'json';
}

function widgetOf(schema: Schema, options: FormField['options'], root: Schema): string {
  const named = schema['x-widget'];
  if (typeof named === 'string') return named;
  if (options.length) return 'select';
  if (tagOf(schema)) return 'variant';
  const type = Array.isArray(schema.type) ? schema.type.find((it) => it !== 'null') : schema.type;
  if (type === 'boolean') return 'toggle';
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'string') return 'text';
  if (type === 'array' && isSchema(schema.items)) return listWidget(resolve(schema.items, root), root);
  if (type === 'object' && isSchema(schema.properties)) return 'group';
  if (type === 'object' && isSchema(schema.additionalProperties))
    return tableWidget(resolve(schema.additionalProperties, root));
  return 'json';
}

const sentence = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ');

/** The field for a part of a schema, such as the items of a list. */
export function fieldOf(name: string, part: Schema, root: Schema): FormField {
  const schema = resolve(part, root);
  const options = optionsOf(schema);
  return {
    name,
    label: typeof schema.title === 'string' && schema['x-widget'] ? schema.title : sentence(name),
    help: typeof schema.description === 'string' ? schema.description : '',
    widget: widgetOf(schema, options, root),
    isRequired: false,
    isAdvanced: schema['x-advanced'] === true,
    fallback: schema.default,
    options,
    schema,
    root,
  };
}

/** The fields of an object, in the order of its schema; a tag that is a constant is not one. */
export function fieldsOf(schema: Schema, root: Schema): FormField[] {
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  return Object.entries(isSchema(schema.properties) ? schema.properties : {}).flatMap(([name, part]) =>
    isSchema(part) && !('const' in part)
      ? [{ ...fieldOf(name, part, root), isRequired: required.has(name) }]
      : [],
  );
}

/** The items of a list. */
export const itemsOf = (field: FormField): Schema =>
  isSchema(field.schema.items) ? resolve(field.schema.items, field.root) : {};

/** The values of a table of names. */
export const valuesOf = (field: FormField): FormField =>
  fieldOf(
    'value',
    isSchema(field.schema.additionalProperties) ? field.schema.additionalProperties : {},
    field.root,
  );

/** The choices of a union of objects, each with the value of its tag. */
export function variantsOf(field: FormField): { tag: string; help: string; fields: FormField[] }[] {
  const tag = tagOf(field.schema);
  const choices = Array.isArray(field.schema.oneOf) ? field.schema.oneOf.filter(isSchema) : [];
  return choices.flatMap((choice) => {
    const named = isSchema(choice.properties) && tag ? choice.properties[tag] : undefined;
    const value = isSchema(named) ? named.const : undefined;
    if (typeof value !== 'string') return [];
    return [
      {
        tag: value,
        help: typeof choice.description === 'string' ? choice.description : '',
        fields: fieldsOf(choice, field.root),
      },
    ];
  });
}

export function fieldsOfSchema(json: Json): FormField[] {
  if (!isSchema(json)) return [];
  // what must be filled in stands first
  return fieldsOf(resolve(json, json), json).sort((a, b) => Number(b.isRequired) - Number(a.isRequired));
}

/** Whether the whole configuration is a decision table, which has a grid of its own. */
export const isDecisionTable = (json: Json): boolean => isSchema(json) && json['x-widget'] === 'table';
