/** The worker thread that compares mathematics: a comparison may take for ever, and this thread can be ended. */
import { ComputeEngine } from '@cortex-js/compute-engine';
import { serveJobs } from '../sandbox/serve-jobs.ts';
import { MathComparer } from './compare-math.ts';
import type { MathAnswer, MathJob } from './math-jobs.ts';

const comparer = new MathComparer(new ComputeEngine());

serveJobs((job: MathJob): MathAnswer => {
  try {
    if (job.kind === 'read') return { readable: comparer.readable(job.text) };
    return comparer.compare(job.answer, job.expected, job.tolerance);
  } catch {
    // The algebra library throws on numbers and nestings past its bounds: such a text is no readable answer.
    return job.kind === 'read' ? { readable: false } : { equal: false, how: 'not readable' };
  }
});
