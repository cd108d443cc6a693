/** Help: the pages of docs/guide and docs/nodes, as they stand in the repository, in the language of the window where there is one. */
import { CircleHelp } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { saying } from '../kit/i18n.ts';
import { useLoad } from '../kit/load.tsx';
import { Loading, Scroll, State } from '../kit/surfaces.tsx';
import { generatedIn } from './help-pages.ts';
import { Markdown } from './markdown.tsx';
import { go } from './route.ts';
import './help.css';

const pages = import.meta.glob<string>(['../../../docs/guide/**/*.md', '../../../docs/nodes/*.md'], {
  query: '?raw',
  import: 'default',
});
const DOCS = '../../../docs';
const CHAPTERS = [
  'first-steps',
  'canvas',
  'starts',
  'formulas',
  'connections',
  'failures',
  'cases',
  'sharing',
  'flow-file',
  'cli',
] as const;

/** The file of a page such as `guide/canvas` or `nodes/csv.read`, in the language if it was translated. */
function fileOf(page: string, language: string): string | undefined {
  const local = page.startsWith('guide/')
    ? `${DOCS}/guide/${language}/${page.slice('guide/'.length)}.md`
    : undefined;
  return [local, `${DOCS}/${page}.md`].find((path) => path && path in pages);
}

/** The page a link in a file leads to, or none when help has no such page. Translated pages link to one another. */
function pageOf(href: string, file: string): string | undefined {
  const from = `https://docs.invalid${file.slice(DOCS.length)}`;
  const path = new URL(href, from).pathname
    .slice(1)
    .replace(/\.md$/, '')
    .replace(/^guide\/(ru|kk)\//, 'guide/');
  return fileOf(path, '') ? path : undefined;
}

/** The text of a page; what is generated is said in the language as it is read. */
async function textOf(file: string, language: string): Promise<string> {
  const text = (await pages[file]?.()) ?? '';
  return /\/(nodes|functions)\//.test(file) ? generatedIn(text, language, await saying('pages')) : text;
}

export default function HelpView({ page }: { page: string }) {
  const { t, i18n } = useTranslation();
  const shown = page.includes('/') ? page : 'guide/first-steps';
  const file = fileOf(shown, i18n.language);
  const text = useLoad(async () => (file ? textOf(file, i18n.language) : ''), `${file} ${i18n.language}`);
  return (
    <main className="screen help" aria-label={t('rail.help')}>
      <nav className="help-chapters" aria-label={t('help.chapters')}>
        {CHAPTERS.map((chapter) => (
          <a
            key={chapter}
            href={`#/help/${encodeURIComponent(`guide/${chapter}`)}`}
            aria-current={shown === `guide/${chapter}` ? 'page' : undefined}
          >
            {t(`help.${chapter.replace('-', '_')}`)}
          </a>
        ))}
      </nav>
      <Scroll key={shown} className="help-page" label={t('rail.help')}>
        {file === undefined ? (
          <State icon={<CircleHelp />} title={t('help.none')} />
        ) : text.value === undefined ? (
          <Loading label={t('common.loading')} />
        ) : (
          <Markdown
            text={text.value}
            onLink={(href) => {
              const to = pageOf(href, file);
              return to ? () => go('help', to) : undefined;
            }}
          />
        )}
      </Scroll>
    </main>
  );
}
