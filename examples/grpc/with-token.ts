import { type ChannelCredentials, credentials, Metadata } from '@grpc/grpc-js';
import type { TokenSource } from 'm2m-tokens';

/** Adds a token to all calls of an encrypted channel. Throws if the channel is not encrypted. */
export function withToken(channel: ChannelCredentials, tokens: TokenSource): ChannelCredentials {
  async function authorization(): Promise<Metadata> {
    const metadata = new Metadata();
    metadata.set('authorization', (await tokens.getToken()).authorization);
    return metadata;
  }
  const call = credentials.createFromMetadataGenerator((_options, callback) => {
    authorization().then((metadata) => callback(null, metadata), callback);
  });
  return credentials.combineChannelCredentials(channel, call);
}
