/**
 * Runs Node.js without the variables of the developer's environment that settings and connections depend on. Node.js reads
 * some of them when it starts, so they are removed before.
 *
 *     node tests/support/clean-environment.js [option of Node.js ...] file [argument ...]
 */
import { spawn } from 'node:child_process';

const removed = /^(OAUTH_.*|.*_PROXY|XDG_.*_HOME|API_URL)$/i;
const kept = Object.entries(process.env).filter(([name]) => !removed.test(name));

const child = spawn(process.execPath, process.argv.slice(2), { env: Object.fromEntries(kept), stdio: 'inherit' });
// A terminal sends SIGINT to the child too.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill());
child.on('exit', (exitCode) => {
  process.exitCode = exitCode ?? 1;
});
