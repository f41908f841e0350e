import axios from 'axios';
import { createTokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

// A program that sends three requests and then must exit by itself. Its arguments: token endpoint, origin of the API.
const [tokenEndpoint = '', baseURL = ''] = process.argv.slice(2);

const tokens = createTokenService({ tokenEndpoint, clientId: 'orders', clientSecret: 'open sesame' });
const api = axios.create({ baseURL });
api.interceptors.request.use(bearerToken(tokens));

const replies = await Promise.all(['/a', '/b', '/c'].map((path) => api.get(path)));
process.stdout.write(replies.map(({ status }) => status).join());
