// A log line and a counter for each event. Run it with
// OAUTH_ISSUER, CLIENT_SECRET and API_URL set: npx tsx examples/logging.ts
import axios from 'axios';
import { createTokenService, logEvents, type TokenEvent } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';
import { pino } from 'pino';

const logger = pino({ name: 'orders-service' });
const counts: Partial<Record<TokenEvent['type'], number>> = {};

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
  // One log line for each grant and renewal.
  logger,
  // For metrics. No event holds a token or a secret.
  onEvent: ({ type }) => {
    counts[type] = (counts[type] ?? 0) + 1;
  },
});

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
// The interceptor reports rejected tokens.
api.interceptors.request.use(bearerToken(tokens, { onEvent: logEvents(logger) }));

const { status } = await api.get<unknown>('/orders');
logger.info({ status, counts }, 'orders read');
