import { inspect } from 'node:util';

import { expect, test } from '@jest/globals';
import axios, { type AxiosError } from 'axios';

import { bearerToken } from '../../../src/adapters/axios/index.js';
import type { TokenRequest } from '../../../src/core/token-request.js';
import { jwtBearer } from '../../../src/grant/jwt-bearer.js';
import { tokenExchange } from '../../../src/grant/token-exchange.js';
import { startHttpServer } from '../../support/http-server.js';
import { startTokenService } from '../../support/token-service.js';

const secret = 'the-token-of-a-user';

test.each<[string, TokenRequest, ReturnType<typeof jwtBearer>]>([
  ['subject token', { subjectToken: secret }, tokenExchange({ subjectTokenType: 'jwt' })],
  ['assertion', { assertion: secret }, jwtBearer()],
])(
  'the %s of a request is not in the config of its result, and is sent again with it [R-24]',
  async (_, own, grant) => {
    const statuses = [500, 200];
    const api = await startHttpServer(() => ({ status: statuses.shift() ?? 200 }));
    const { server, tokens } = await startTokenService({ grant });
    const instance = axios.create({ baseURL: api.origin });
    instance.interceptors.request.use(bearerToken(tokens));

    const error = (await instance.get('/', { tokenRequest: own }).catch((reason: unknown) => reason)) as AxiosError;

    expect(error.response?.status).toBe(500);
    expect(JSON.stringify(error)).not.toContain(secret);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(secret);

    // As axios-retry does.
    const response = await instance.request(error.config ?? {});
    expect(inspect(response, { depth: 20, showHidden: true })).not.toContain(secret);
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-1']);
    expect(server.grants[0]?.body).toContain(secret);
  },
);
