import fc from 'fast-check';

// The same inputs in each run, so that a change is what makes a test fail; PROPERTY_SEED takes others, PROPERTY_RUNS more.
fc.configureGlobal({
  seed: Number(process.env['PROPERTY_SEED'] ?? 1),
  numRuns: Number(process.env['PROPERTY_RUNS'] ?? 250),
});

export { fc };
