import { test } from 'node:test';

import axios from 'axios';
import * as library from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

import { checks } from './checks.cjs';

for (const [name, check] of Object.entries(checks)) test(name, () => check({ axios, library, bearerToken }));
