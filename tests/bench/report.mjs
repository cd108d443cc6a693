// What was measured, as a table for people and as JSON.

export const number = (value) => Math.round(Number(value)).toLocaleString('en-US');
export const ms = (value) => `${Number(value).toFixed(1)} ms`;
export const seconds = (value) => `${Number(value).toFixed(2)} s`;
export const mib = (value) => `${Math.round(Number(value))} MiB`;

export class Report {
  rows = [];
  notes = [];

  /**
   * Adds a measured row: job, what, ours (median), floor, ratio (a number), goal in words, isMet (left out for floors), values (plain
   * numbers for the JSON), judged (what the judge said).
   */
  add(row) {
    this.rows.push(row);
    const { job, what, ours, floor, ratio, isMet, judged } = row;
    if (judged) this.note(job, judged);
    const parts = [ours, floor && `floor ${floor}`, ratio !== undefined && `ratio ${ratio.toFixed(2)}`, this.word(isMet)];
    console.error(`   ${job} ${what}: ${parts.filter(Boolean).join(', ')}`);
  }

  note(job, text) {
    this.notes.push(`${job}: ${text.trim().replace(/\s*\n\s*/g, '; ')}`);
  }

  /** A job that cannot be measured here. */
  skip(job, why) {
    this.rows.push({ job, what: `not measured: ${why}`, isSkipped: true });
    console.error(`   ${job} not measured: ${why}`);
  }

  /** A job that broke. */
  broken(job, why) {
    this.rows.push({ job, what: 'broke', isMet: false });
    this.note(`${job} broke`, why);
    console.error(`   ${job} broke: ${why}`);
  }

  word(isMet) {
    return isMet === undefined ? '' : isMet ? 'met' : 'missed';
  }

  isGood() {
    return this.rows.every((it) => it.isMet !== false);
  }

  table() {
    const head = ['job', 'what', 'ours (median)', 'floor', 'ratio', 'goal', ''];
    const cells = this.rows.map((it) => [it.job, it.what, it.ours ?? '', it.floor ?? '', it.ratio?.toFixed(2) ?? '', it.goal ?? '', this.word(it.isMet)]);
    return [head, head.map(() => '---'), ...cells].map((it) => `| ${it.join(' | ')} |`).join('\n');
  }

  text({ machine, versions, commit, when, settings }) {
    const notes = this.notes.length ? `\n\nThe judges said:\n\n${this.notes.map((it) => `- ${it}`).join('\n')}` : '';
    return `# Benchmarks

Written by \`npm run bench -- --write\` on ${when} at commit ${commit}; the same as JSON stands in \`benchmarks.json\`.

Machine: ${machine}. ${versions.join(', ')}. ${settings}

Each job ran beside its floor in the same minutes, so only ratios may be compared between machines. What the jobs are stands in
\`tests/bench\` and in the README of the kit.

${this.table()}${notes}
`;
  }

  json(about) {
    return `${JSON.stringify({ ...about, rows: this.rows, notes: this.notes }, null, 2)}\n`;
  }
}
