import fc from 'fast-check';

// The inputs are the same in each run, so that only a change makes a test fail. PROPERTY_SEED and PROPERTY_RUNS change them.
fc.configureGlobal({
  seed: Number(process.env['PROPERTY_SEED'] ?? 1),
  numRuns: Number(process.env['PROPERTY_RUNS'] ?? 250),
});

export { fc };
