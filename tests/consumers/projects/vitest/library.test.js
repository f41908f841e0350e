import axios from 'axios';
import * as library from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';
import { test } from 'vitest';

import { checks } from './checks.cjs';

test.each(Object.entries(checks))('%s', (_, check) => check({ axios, library, bearerToken }));
