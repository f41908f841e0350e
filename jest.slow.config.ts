/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

import { common } from './jest.config.ts';

/** Process, fuzz, compatibility and leak tests: `npm run test:slow`. */
const config: Config = {
  ...common,
  testMatch: ['**/*.slow.test.ts'],
  globals: { programs: ['redis-server', 'zsh', 'fish', 'prometheus'] },
};

export default config;
