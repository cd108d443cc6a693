/** Markdown drawn as elements: no text becomes HTML on the way. */
import { marked, type Token, type Tokens } from 'marked';
import type { ReactNode } from 'react';

/** What a click on a link within the pages does; none when it leads nowhere here. */
type OnLink = (href: string) => (() => void) | undefined;

export function Markdown({ text, onLink }: { text: string; onLink: OnLink }) {
  return <div className="prose">{draw(marked.lexer(text), onLink)}</div>;
}

const draw = (tokens: readonly Token[] | undefined, onLink: OnLink): ReactNode[] =>
  (tokens ?? []).map((token, index) => <Piece key={index} token={token} onLink={onLink} />);

/** The lexer keeps `&lt;` and its like in plain text as they were written. */
const words = (text: string) =>
  text.replace(/&(lt|gt|amp|quot|#39);/g, (_, name: string) =>
    name === 'lt' ? '<' : name === 'gt' ? '>' : name === 'quot' ? '"' : name === 'amp' ? '&' : "'",
  );

function Piece({ token, onLink }: { token: Token; onLink: OnLink }): ReactNode {
  const inner = () => draw('tokens' in token ? token.tokens : undefined, onLink);
  switch (token.type) {
    case 'heading':
      return token.depth === 1 ? (
        <h1>{inner()}</h1>
      ) : token.depth === 2 ? (
        <h2>{inner()}</h2>
      ) : (
        <h3>{inner()}</h3>
      );
    case 'paragraph':
      return <p>{inner()}</p>;
    case 'strong':
      return <strong>{inner()}</strong>;
    case 'em':
      return <em>{inner()}</em>;
    case 'codespan':
      return <code>{words(token.text)}</code>;
    case 'code':
      return (
        <pre className="mono">
          <code>{token.text}</code>
        </pre>
      );
    case 'list': {
      const items = (token as Tokens.List).items.map((item, index) => (
        <li key={index}>{draw(item.tokens, onLink)}</li>
      ));
      return token.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
    case 'table':
      return <Table table={token as Tokens.Table} onLink={onLink} />;
    case 'link':
      return <Link href={token.href} onLink={onLink} words={inner()} />;
    case 'text':
      return 'tokens' in token && token.tokens ? inner() : words(token.text);
    case 'escape':
      return token.text;
    case 'br':
      return <br />;
    case 'hr':
      return <hr />;
    default:
      return null;
  }
}

function Table({ table, onLink }: { table: Tokens.Table; onLink: OnLink }) {
  return (
    <table className="table">
      <thead>
        <tr>
          {table.header.map((cell, index) => (
            <th key={index}>{draw(cell.tokens, onLink)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {table.rows.map((row, index) => (
          <tr key={index}>
            {row.map((cell, column) => (
              <td key={column}>{draw(cell.tokens, onLink)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Link({ href, onLink, words }: { href: string; onLink: OnLink; words: ReactNode }) {
  if (/^https?:/.test(href))
    return (
      <a href={href} target="_blank" rel="noreferrer">
        {words}
      </a>
    );
  const act = onLink(href);
  if (!act) return <>{words}</>;
  return (
    <button type="button" className="link" onClick={act}>
      {words}
    </button>
  );
}
