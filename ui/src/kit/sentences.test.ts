import { describe, expect, it } from 'vitest';
import { sayingOf } from './sentences.ts';

describe('sentences in another language', () => {
  const say = sayingOf([
    {
      'All records.': 'Все записи.',
      '{path} has no column {name}. It has: {}.': 'В {path} нет столбца {name}. Есть: {0}.',
      '{}, line {}: {}.': '{0}, строка {1}: {~2}.',
      'There is no field {}.{hint}': 'Нет поля {0}.{~hint}',
      ' Did you mean {}?': ' Может быть, {0}?',
      'A form needs {{name: value}}, not {shown:?}.': 'Форме нужно {name: value}, а не {shown}.',
      'a closing quote is missing': 'нет закрывающей кавычки',
      'Two\nlines.': 'Две строки.',
    },
  ]);

  it('are found whole, and with the parts that differ', () => {
    expect(say('All records.')).toBe('Все записи.');
    expect(say('a.csv has no column total. It has: id, sum.')).toBe(
      'В a.csv нет столбца total. Есть: id, sum.',
    );
  });

  it('are said in full when one stands inside another', () => {
    expect(say('a.csv, line 4: a closing quote is missing.')).toBe(
      'a.csv, строка 4: нет закрывающей кавычки.',
    );
  });

  it('keep names and values as they are, though a sentence is called the same', () => {
    expect(say('All records. has no column All records.. It has: {x}.')).toBe(
      'В All records. нет столбца All records.. Есть: {x}.',
    );
  });

  it('join a hint with its space, and take braces as Rust writes them', () => {
    expect(say('There is no field totl. Did you mean total?')).toBe('Нет поля totl. Может быть, total?');
    expect(say('A form needs {name: value}, not "a".')).toBe('Форме нужно {name: value}, а не "a".');
  });

  it('stay as they came when no table has them', () => {
    expect(say('something new')).toBe('something new');
    expect(say('')).toBe('');
  });

  it('do not depend on where their lines break', () => {
    expect(say('Two lines.')).toBe('Две строки.');
  });

  it('take a dollar sign in a value as it is', () => {
    expect(say('$& has no column $1. It has: x.')).toBe('В $& нет столбца $1. Есть: x.');
  });
});
