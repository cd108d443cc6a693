/** The pages of functions are one file for all languages: the help of one is kept, and the words around it are said in it. */

type Words = Readonly<Record<string, string>>;

const WORDS: Readonly<Record<string, Words>> = {
  ru: {
    Result: 'Результат',
    parameter: 'параметр',
    takes: 'что принимает',
    formula: 'формула',
    result: 'результат',
    "This function is Arna's own.": 'Это собственная функция Arna.',
    'This function is part of the standard (DMN 1.5 FEEL).': 'Эта функция входит в стандарт (DMN 1.5 FEEL).',
    'a date or a date and time': 'дату или дату и время',
    'a duration of days or smaller': 'длительность в днях или меньше',
    'a function': 'функцию',
    'a list': 'список',
    'a number': 'число',
    'a range': 'диапазон',
    'a record': 'запись',
    'a text': 'текст',
    'a time': 'время',
    'any value': 'любое значение',
    'may be left away': 'можно не указывать',
    'as many as there are': 'сколько угодно',
    any: 'любое значение',
    boolean: 'да или нет',
    context: 'запись',
    'date and time': 'дата и время',
    date: 'дата',
    list: 'список',
    number: 'число',
    range: 'диапазон',
    string: 'текст',
    time: 'время',
    'years and months duration': 'длительность в годах и месяцах',
  },
  kk: {
    Result: 'Нәтижесі',
    parameter: 'параметр',
    takes: 'не қабылдайды',
    formula: 'формула',
    result: 'нәтиже',
    "This function is Arna's own.": 'Бұл — Arna-ның өз функциясы.',
    'This function is part of the standard (DMN 1.5 FEEL).': 'Бұл функция стандартқа кіреді (DMN 1.5 FEEL).',
    'a date or a date and time': 'күн немесе күн мен уақыт',
    'a duration of days or smaller': 'күнмен не одан кішімен берілген ұзақтық',
    'a function': 'функция',
    'a list': 'тізім',
    'a number': 'сан',
    'a range': 'аралық',
    'a record': 'жазба',
    'a text': 'мәтін',
    'a time': 'уақыт',
    'any value': 'кез келген мән',
    'may be left away': 'көрсетпеуге болады',
    'as many as there are': 'қанша болса да',
    any: 'кез келген мән',
    boolean: 'иә не жоқ',
    context: 'жазба',
    'date and time': 'күн мен уақыт',
    date: 'күн',
    list: 'тізім',
    number: 'сан',
    range: 'аралық',
    string: 'мәтін',
    time: 'уақыт',
    'years and months duration': 'жыл мен аймен берілген ұзақтық',
  },
};

const OWN = /^- \*\*(\w\w)\*\* (.*)$/;

/** The page of a function in one language. Words that are not known stay as they are. */
export function functionPage(text: string, language: string): string {
  const words = WORDS[language] ?? {};
  const say = (word: string) => words[word] ?? word;
  const cell = (cell: string) => (cell.startsWith('`') ? cell : cell.split('; ').map(say).join('; '));
  const local = text.includes(`\n- **${language}** `) ? language : 'en';
  return text
    .split('\n')
    .flatMap((line) => {
      const [, help, own] = OWN.exec(line) ?? [];
      if (help !== undefined) return help === local ? [own] : [];
      const [, result] = /^Result: (.*)\.$/.exec(line) ?? [];
      if (result !== undefined) return [`${say('Result')}: ${say(result)}.`];
      const [, row] = /^\| (.*) \|$/.exec(line) ?? [];
      if (row !== undefined && !line.includes('---') && !/^`.*` \| `/.test(row))
        return [`| ${row.split(' | ').map(cell).join(' | ')} |`];
      return [say(line)];
    })
    .join('\n');
}
