/** Reads the JSON schema of a kind's configuration into fields that can be drawn. */
import type { Json } from '../bridge/index.ts';

type Schema = { [key: string]: Json };

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

function widgetOf(schema: Schema, options: FormField['options']): string {
  const named = schema['x-widget'];
  if (typeof named === 'string') return named;
  if (options.length) return 'select';
  const type = Array.isArray(schema.type) ? schema.type.find((it) => it !== 'null') : schema.type;
  if (type === 'boolean') return 'toggle';
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'string') return 'text';
  const items = schema.items;
  if (type === 'array' && isSchema(items) && items.type === 'string') return 'fields';
  return 'json';
}

const sentence = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ');

export function fieldsOfSchema(json: Json): FormField[] {
  if (!isSchema(json)) return [];
  const root = resolve(json, json);
  if (!isSchema(root.properties)) return [];
  const required = new Set(Array.isArray(root.required) ? root.required : []);
  const fields = Object.entries(root.properties).flatMap(([name, value]) => {
    if (!isSchema(value)) return [];
    const schema = resolve(value, json);
    const options = optionsOf(schema);
    return [
      {
        name,
        label: typeof schema.title === 'string' && schema['x-widget'] ? schema.title : sentence(name),
        help: typeof schema.description === 'string' ? schema.description : '',
        widget: widgetOf(schema, options),
        isRequired: required.has(name),
        isAdvanced: schema['x-advanced'] === true,
        fallback: schema.default,
        options,
        schema,
      },
    ];
  });
  // what must be filled in stands first
  return fields.sort((a, b) => Number(b.isRequired) - Number(a.isRequired));
}
