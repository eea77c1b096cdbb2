/** The sandbox's worker thread. */
import { answerScriptJob } from './answer-script-job.ts';
import { ScriptEngine } from './quickjs.ts';
import type { ScriptJob } from './script-jobs.ts';
import { serveJobs } from './serve-jobs.ts';

const engine = await ScriptEngine.open();

serveJobs((job: ScriptJob) => answerScriptJob(engine, job));
