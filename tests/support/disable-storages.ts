import { AsyncLocalStorage } from 'node:async_hooks';

// Disables the AsyncLocalStorage of each earlier test file. jest-circus makes one per test file (`testExecutionContext`) and never
// disables it. Before Node.js 24, each enabled storage slows down every promise of the process: after a hundred test files, most
// of the time goes there.
const ofEarlierFiles = Symbol.for('storages of earlier test files');
const home = AsyncLocalStorage as { [ofEarlierFiles]?: Set<AsyncLocalStorage<unknown>> };

if (home[ofEarlierFiles] === undefined) {
  const storages = (home[ofEarlierFiles] = new Set());
  const { prototype } = AsyncLocalStorage<unknown>;
  // `apply` passes the storage as `this`.
  // oxlint-disable-next-line unbound-method
  const { run } = prototype;
  prototype.run = function (this: AsyncLocalStorage<unknown>, ...args: Parameters<typeof run>) {
    storages.add(this);
    return run.apply(this, args);
  } as typeof run;
}

for (const storage of home[ofEarlierFiles]) storage.disable();
home[ofEarlierFiles].clear();
