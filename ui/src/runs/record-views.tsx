/** Records as JSON and their fields as a schema. */
import { useTranslation } from 'react-i18next';
import { plain } from '../document/sample.ts';
import { Scroll } from '../kit/surfaces.tsx';
import type { Records } from './records.ts';

const SHOWN = 20;
const LONGEST = 40_000;

const firstOf = (records: Records) =>
  Array.from({ length: Math.min(SHOWN, records.kept) }, (_, index) => records.at(index)).filter(
    (record) => record !== undefined,
  );

export function RecordJson({ records }: { records: Records }) {
  const { t } = useTranslation();
  const text = JSON.stringify(firstOf(records), null, 2);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <pre className="json mono" tabIndex={0}>
      {text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}
      {records.kept > SHOWN ? `\n${t('drawer.first', { count: SHOWN })}` : ''}
    </pre>
  );
}

export function RecordSchema({ records }: { records: Records }) {
  const { t } = useTranslation();
  const seen = firstOf(records);
  const fields = records.columns.map((name) => {
    const values = seen.map((record) =>
      typeof record === 'object' && record !== null && !Array.isArray(record) ? (record[name] ?? null) : null,
    );
    const types = [...new Set(values.filter((value) => value !== null).map((value) => plain(value).type))];
    return {
      name,
      types,
      hasEmpty: values.includes(null),
      example: plain(values.find((value) => value !== null) ?? null).text,
    };
  });
  return (
    <Scroll className="records" label={t('drawer.schema')}>
      <table className="table">
        <thead>
          <tr>
            <th>{t('drawer.field')}</th>
            <th>{t('drawer.type')}</th>
            <th>{t('drawer.may_be_empty')}</th>
            <th>{t('drawer.example')}</th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => (
            <tr key={field.name}>
              <td className="mono">{field.name}</td>
              <td>
                {field.types
                  .map((type) => t(`type.${type.replaceAll(' ', '_')}`, { defaultValue: type }))
                  .join(', ')}
              </td>
              <td>{field.hasEmpty ? t('common.yes') : t('common.no')}</td>
              <td className="ellipsis schema-example" dir="auto">
                {field.example.slice(0, 120)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
