// The private key stays in a security module: the client asks for signatures with the key through PKCS#11, here with pkcs11-tool of
// OpenSC. remote-signers.md has the same for key management services. Run it with OAUTH_ISSUER, API_URL, PKCS11_MODULE, TOKEN_LABEL,
// KEY_ID, PUBLIC_KEY_FILE and PIN set: npx tsx examples/remote-signer.ts
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import axios from 'axios';
import { createTokenService, dpop, privateKeyJwt, type Signer } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

const {
  PKCS11_MODULE = '/usr/lib/softhsm/libsofthsm2.so',
  TOKEN_LABEL = 'orders',
  KEY_ID = '01',
  PUBLIC_KEY_FILE = '/etc/orders/public.pem',
} = process.env;

const signer: Signer = {
  algorithm: 'ES256',
  keyId: 'orders-2026',
  // With the public key, the library verifies each signature before it sends it.
  publicKey: readFileSync(PUBLIC_KEY_FILE, 'utf8'),
  sign: (data) =>
    new Promise((resolve, reject) => {
      const token = ['--module', PKCS11_MODULE, '--token-label', TOKEN_LABEL, '--login', '--pin', 'env:PIN'];
      const argv = [...token, '--sign', '--id', KEY_ID, '--mechanism', 'ECDSA'];
      const tool = execFile('pkcs11-tool', argv, { encoding: 'buffer' }, (error, signature) => {
        if (error === null) resolve(signature);
        else reject(error);
      });
      // This mechanism signs a digest.
      tool.stdin?.end(hash('sha256', data, 'buffer'));
    }),
};

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientAuthentication: privateKeyJwt({ signer }),
  // The same key may sign the DPoP proofs. Each request to the API then costs a signature.
  dpop: process.env.USE_DPOP === 'true' ? dpop({ signer }) : undefined,
  scope: 'orders:read',
});

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
api.interceptors.request.use(bearerToken(tokens));

const { status } = await api.get<unknown>('/orders');
console.log('orders', status);
