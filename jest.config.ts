/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const config: Config = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/tests'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true }] },
  moduleNameMapper: {
    '^m2m-tokens$': '<rootDir>/src/index.ts',
    '^m2m-tokens/(axios|fetch|undici)$': '<rootDir>/src/adapters/$1.ts',
    '^m2m-tokens/redis$': '<rootDir>/src/stores/redis.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  globalSetup: '<rootDir>/tests/support/install-programs.ts',
  setupFiles: ['<rootDir>/tests/support/seed.ts'],
  setupFilesAfterEnv: ['<rootDir>/tests/support/no-live-timer.ts'],
  // Of two cores Jest would leave one idle.
  maxWorkers: '100%',
  // For machines that are slow or busy.
  testTimeout: 30_000,
  collectCoverage: process.env['CI'] === 'true',
  collectCoverageFrom: ['src/**/*.ts'],
  coverageReporters: ['text-summary', 'lcov'],
  coverageThreshold: { global: { statements: 95, branches: 95 } },
};

export default config;
