// npm start: a tour of the library on real servers that it starts by itself. With OAUTH_ISSUER (or OAUTH_TOKEN_ENDPOINT),
// OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET and API_URL set, it calls that API instead.
import { callOwnServers, namesServers } from './own-servers.js';

if (namesServers(process.env)) {
  process.exitCode = (await callOwnServers(process.env)) ? 0 : 1;
} else {
  // Loaded only now: the authorization server is large.
  const { tour } = await import('./tour.js');
  process.exitCode = (await tour()) ? 0 : 1;
}
