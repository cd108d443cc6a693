/** Values for the formulas that tests type: numbers, fields, texts, and the four operations. The engine knows the rest. */
import type { Datum, FormulaEvaluated, FormulaFault } from '../index.ts';

interface Token {
  text: string;
  from: number;
}

class Fault extends Error {
  readonly fault: FormulaFault;
  constructor(sentence: string, token: Token, isSyntax = false) {
    super(sentence);
    this.fault = {
      sentence,
      from: token.from,
      to: token.from + Math.max(1, token.text.length),
      is_syntax: isSyntax,
    };
  }
}

const KEYWORD = /^(if|then|else|and|or|not|for|in|return|some|every|satisfies)$/;

function tokens(text: string): Token[] {
  const found: Token[] = [];
  const skip = /^\s*=(?!=)/.exec(text)?.[0].length ?? 0;
  for (const match of text.slice(skip).matchAll(/"[^"]*"|\d+(?:\.\d+)?|[\p{L}_][\p{L}\d_.]*|<=|>=|!=|\S/gu)) {
    found.push({ text: match[0], from: skip + match.index });
  }
  return found;
}

const distance = (a: string, b: string): number => {
  const row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    let corner = i - 1;
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j] ?? 0;
      row[j] = Math.min(above + 1, (row[j - 1] ?? 0) + 1, corner + (a[i - 1] === b[j - 1] ? 0 : 1));
      corner = above;
    }
  }
  return row[b.length] ?? 0;
};

function field(record: Datum, token: Token): Datum {
  let value: Datum = record;
  for (const name of token.text.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !(name in value)) {
      const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
      const near = names.find((other) => distance(other, name) <= 2);
      throw new Fault(`There is no field ${name}${near ? `; did you mean ${near}?` : '.'}`, token);
    }
    value = value[name] ?? null;
  }
  return value;
}

export function evaluate(text: string, record: Datum): FormulaEvaluated {
  const list = tokens(text);
  const reads: string[] = [];
  let at = 0;
  const peek = () => list[at]?.text;
  const end: Token = { text: '', from: text.length };
  const one = (): Datum => {
    const token = list[at++];
    if (!token) throw new Fault('The formula ends too early.', end, true);
    if (/^\d/.test(token.text)) return Number(token.text);
    if (token.text.startsWith('"')) return token.text.slice(1, -1);
    if (token.text === '(') {
      const inner = either();
      at++;
      return inner;
    }
    if (token.text === 'if') return choose();
    if (!/^[\p{L}_]/u.test(token.text) || KEYWORD.test(token.text))
      throw new Fault(`${token.text} cannot stand here.`, token, true);
    reads.push(token.text);
    return field(record, token);
  };
  const choose = (): Datum => {
    const test = either();
    at++;
    const yes = either();
    at++;
    const no = either();
    return test === true ? yes : no;
  };
  const operate =
    (next: () => Datum, operators: string[], work: (a: number, b: number, how: string) => Datum) =>
    (): Datum => {
      let value = next();
      while (operators.includes(peek() ?? '')) {
        const operator = list[at++] ?? end;
        const right = next();
        if (operator.text === '=' || operator.text === '!=')
          value = (value === right) === (operator.text === '=');
        else if (typeof value !== 'number' || typeof right !== 'number')
          throw new Fault(`${operator.text} needs numbers on both sides.`, operator);
        else value = work(value, right, operator.text);
      }
      return value;
    };
  const product = operate(one, ['*', '/'], (a, b, how) => (how === '*' ? a * b : a / b));
  const sum = operate(product, ['+', '-'], (a, b, how) => (how === '+' ? a + b : a - b));
  const compare = operate(sum, ['<', '>', '<=', '>=', '=', '!='], (a, b, how) =>
    how === '<' ? a < b : how === '>' ? a > b : how === '<=' ? a <= b : a >= b,
  );
  const either = (): Datum => {
    let value = compare();
    while (peek() === 'and' || peek() === 'or') {
      const how = list[at++]?.text;
      const right = compare();
      value = how === 'and' ? value === true && right === true : value === true || right === true;
    }
    return value;
  };
  try {
    const value = either();
    const left = list[at];
    if (left) throw new Fault(`${left.text} cannot stand here.`, left, true);
    return {
      value: typeof value === 'number' ? Math.round(value * 1e6) / 1e6 : value,
      type: typeof value === 'string' ? 'text' : typeof value,
      fault: null,
      reads,
    };
  } catch (error) {
    if (error instanceof Fault) return { value: null, type: 'null', fault: error.fault, reads };
    throw error;
  }
}
