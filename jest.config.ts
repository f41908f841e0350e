/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

// Those that start many processes, try many inputs or clients, or search all that is emitted have a command of their own.
const slow =
  '/tests/(adapters/(.*-contract-variants|axios-secrecy|destinations)|canary|cli/(main|verbs/completion-shells)|examples|fleet|foreign-servers|fuzz|grant/rotation|properties|replicas|scenarios/scenarios|stores/redis-servers)\\b.*\\.test\\.ts$';
const isSlow = process.env['npm_lifecycle_event'] === 'test:slow';

const config: Config = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/tests'],
  ...(isSlow ? { testRegex: slow } : { testPathIgnorePatterns: [slow] }),
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true }] },
  moduleNameMapper: {
    '^m2m-tokens$': '<rootDir>/src/index.ts',
    '^m2m-tokens/(axios|fetch|undici)$': '<rootDir>/src/adapters/$1.ts',
    '^m2m-tokens/redis$': '<rootDir>/src/stores/redis.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  globalSetup: '<rootDir>/tests/support/install-programs.ts',
  globals: { programs: isSlow ? ['redis-server', 'zsh', 'fish'] : ['redis-server'] },
  setupFiles: ['<rootDir>/tests/support/disable-storages.ts'],
  setupFilesAfterEnv: ['<rootDir>/tests/support/no-live-timer.ts'],
  // Of two cores Jest would leave one idle.
  maxWorkers: '100%',
  // For machines that are slow or busy.
  testTimeout: 30_000,
  collectCoverage: process.env['CI'] === 'true' && !isSlow,
  collectCoverageFrom: ['src/**/*.ts'],
  coverageReporters: ['text-summary', 'lcov'],
  coverageThreshold: { global: { statements: 95, branches: 95 } },
};

export default config;
