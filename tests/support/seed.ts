import fc from 'fast-check';

// The same sequences in each run, so that a change is what makes a test fail; PROPERTY_SEED takes others.
fc.configureGlobal({ seed: Number(process.env['PROPERTY_SEED'] ?? 1) });
