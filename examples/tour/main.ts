// npm start: a tour of the library with local servers that it starts. With API_URL set, it calls that API instead. The token comes
// from OAUTH_ISSUER (or OAUTH_TOKEN_ENDPOINT), with OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET.
import { callOwnServers, namesApi } from './own-servers.js';

if (namesApi(process.env)) {
  process.exitCode = (await callOwnServers(process.env)) ? 0 : 1;
} else {
  // Loaded here because the authorization server is large.
  const { tour } = await import('./tour.js');
  process.exitCode = (await tour()) ? 0 : 1;
}
