import { AsyncLocalStorage } from 'node:async_hooks';

// Jest makes an AsyncLocalStorage for each test file and leaves it enabled. Before Node 24 each of them makes every promise of
// the process dearer from then on: after a hundred files most of the time would go into that. So those of earlier files are
// disabled here, before the next one.
const ofEarlierFiles = Symbol.for('storages of earlier test files');
const home = AsyncLocalStorage as { [ofEarlierFiles]?: Set<AsyncLocalStorage<unknown>> };

if (home[ofEarlierFiles] === undefined) {
  const storages = (home[ofEarlierFiles] = new Set());
  const { prototype } = AsyncLocalStorage<unknown>;
  // It is called with the storage that it was taken from.
  // oxlint-disable-next-line unbound-method
  const { run } = prototype;
  prototype.run = function (this: AsyncLocalStorage<unknown>, ...args: Parameters<typeof run>) {
    storages.add(this);
    return run.apply(this, args);
  } as typeof run;
}

for (const storage of home[ofEarlierFiles]) storage.disable();
home[ofEarlierFiles].clear();
