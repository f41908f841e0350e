/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

/** Settings that the quick and the slow tests share. */
export const common: Config = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/tests'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true }] },
  moduleNameMapper: {
    '^m2m-tokens$': '<rootDir>/src/index.ts',
    '^m2m-tokens/(axios|fetch|undici)$': '<rootDir>/src/adapters/$1/index.ts',
    '^m2m-tokens/redis$': '<rootDir>/src/stores/redis.ts',
    '^m2m-tokens/identity$': '<rootDir>/src/identity/index.ts',
    '^m2m-tokens/layers$': '<rootDir>/src/layers/index.ts',
    '^m2m-tokens/opentelemetry$': '<rootDir>/src/telemetry/opentelemetry/index.ts',
    '^m2m-tokens/testing$': '<rootDir>/src/testing/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  globalSetup: '<rootDir>/tests/support/programs.ts',
  setupFiles: ['<rootDir>/tests/support/disable-storages.ts'],
  setupFilesAfterEnv: ['<rootDir>/tests/support/no-live-timer.ts'],
  // Jest's default leaves one core idle.
  maxWorkers: '100%',
  // For slow or busy machines.
  testTimeout: 30_000,
};

const config: Config = {
  ...common,
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['\\.slow\\.test\\.ts$'],
  globals: { programs: ['redis-server'] },
  collectCoverage: process.env['CI'] === 'true',
  collectCoverageFrom: ['src/**/*.ts'],
  coverageReporters: ['text-summary', 'lcov'],
  coverageThreshold: { global: { statements: 95, branches: 95 } },
};

export default config;
