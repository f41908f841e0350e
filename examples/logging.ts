// Logs what an operator needs to know, and counts events. Run it with
// OAUTH_ISSUER, CLIENT_SECRET and API_URL set: npx tsx examples/logging.ts
import axios from 'axios';
import { createTokenService, type TokenEvent } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';
import { pino } from 'pino';

// A winston logger, the logger of Fastify (app.log) or the console work, too.
const logger = pino({ name: 'orders-service' });
const counts: Partial<Record<TokenEvent['type'], number>> = {};

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
  // State changes, and each failure once; also of the adapters that use the service. Level "debug" has all events.
  logger,
  // All events, for metrics of your own. No event holds a token or a secret.
  onEvent: ({ type }) => {
    counts[type] = (counts[type] ?? 0) + 1;
  },
});

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
api.interceptors.request.use(bearerToken(tokens));

const { status } = await api.get<unknown>('/orders');
logger.info({ status, counts }, 'orders read');
