/** @jest-config-loader esbuild-register */
import { isBuiltin } from 'node:module';

import type { Config } from 'jest';

import { common } from '../../jest.config.ts';

/** The tests that depend on axios, undici, redis and the API of OpenTelemetry, for `npm run test:peers`. */
const config: Config = {
  ...common,
  rootDir: '../..',
  testMatch: JSON.parse(process.env['PEERS_TESTS'] ?? '[]') as string[],
  // Packages that build on axios are tested with the versions of package.json.
  testPathIgnorePatterns: ['/with-(?!undici-interceptors)[^/]+\\.test\\.ts$'],
  resolver: '<rootDir>/tests/peers/resolver.cjs',
  moduleNameMapper: {
    ...common.moduleNameMapper,
    ...(!isBuiltin('node:sqlite') && { '^node:sqlite$': '<rootDir>/tests/peers/no-sqlite.cjs' }),
  },
  globals: { programs: ['redis-server'] },
};

export default config;
