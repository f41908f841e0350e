// Jest with ES modules and TypeScript; axios and nock. Needs jest, ts-jest, typescript, @jest/globals
// and nock@14; in jest.config.cjs: module.exports = { preset: 'ts-jest' }. Run: npx jest
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import axios, { type AxiosInstance } from 'axios';
import { isTokenError } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';
import { type FakeTokenService, fakeTokenService } from 'm2m-tokens/testing';
import nock from 'nock';

// Your code: it takes its HTTP client, or its token service, as an argument.
async function orderNumbers(api: AxiosInstance): Promise<string> {
  const failed = (error: unknown) => `not available: ${isTokenError(error) ? 'no access' : 'no connection'}`;
  return api.get<number[]>('/orders').then(({ data }) => data.join(), failed);
}

let tokens: FakeTokenService;
let api: AxiosInstance;
beforeEach(() => {
  tokens = fakeTokenService();
  api = axios.create({ baseURL: 'https://api.example.com' });
  api.interceptors.request.use(bearerToken(tokens));
});
afterAll(() => nock.restore());

test('the token is in the header', async () => {
  nock('https://api.example.com').get('/orders').matchHeader('authorization', 'Bearer token-1').reply(200, [1, 2]);
  expect(await orderNumbers(api)).toBe('1,2');
});

test('the request is sent again after a 401', async () => {
  nock('https://api.example.com').get('/orders').reply(401).get('/orders').reply(200, [1, 2]);
  expect(await orderNumbers(api)).toBe('1,2');
  expect(tokens.requests).toEqual([{}, { replacing: 'token-1' }]);
});

test('the message is friendly if no token can be had', async () => {
  tokens.fail('ERR_GRANT_REJECTED');
  expect(await orderNumbers(api)).toBe('not available: no access');
});
