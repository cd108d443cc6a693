// What was measured, as a table.

export const number = (value) => Math.round(Number(value)).toLocaleString('en-US');
export const ratio = (value) => value.toFixed(2);
export const ms = (value) => `${Number(value).toFixed(1)} ms`;
export const mib = (value) => `${Math.round(Number(value))} MiB`;

export class Report {
  rows = [];
  notes = [];
  failed = 0;

  /** Adds a measured job; `isMet` is left out for floors. */
  add(job, what, result, share, goal, isMet, judged = '') {
    const word = isMet === undefined ? '' : isMet ? 'met' : 'missed';
    this.failed += isMet === false ? 1 : 0;
    this.rows.push([job, what, result, share, goal, word]);
    if (judged) this.notes.push(`${job}: ${judged}`);
    console.log(`   ${what}: ${result}${share ? `, ratio ${share}` : ''}${word ? `, ${word}` : ''}`);
  }

  /** A job that cannot be measured here. */
  skip(job, why) {
    this.rows.push([job, `not measured: ${why}`, '', '', '', '']);
    console.log(`   not measured: ${why}`);
  }

  /** A job that broke. */
  broken(job, why) {
    this.failed += 1;
    this.rows.push([job, 'broke', '', '', '', 'broke']);
    this.notes.push(`${job} broke: ${why}`);
    console.log(`   broke: ${why}`);
  }

  isGood() {
    return this.failed === 0;
  }

  text({ machine, commit, when, repeat, secs }) {
    const head = ['job', 'what', 'result', 'ratio', 'goal', ''];
    const lines = [head, head.map(() => '---'), ...this.rows].map((it) => `| ${it.join(' | ')} |`);
    const notes = this.notes.length ? `\nThe judges said:\n\n${this.notes.map((it) => `- ${it.replace(/\n/g, ' ')}`).join('\n')}\n` : '';
    return `# Benchmarks\n\nWritten by \`npm run bench -- --save docs/benchmarks.md\` on ${when} at commit ${commit}.\n\nMachine: ${machine}. Medians of ${repeat} runs of ${secs} s; each job ran beside its floor in the same run, so only ratios\nmay be compared between machines.\n\n${lines.join('\n')}\n${notes}`;
  }
}
