// A module of NestJS: each module that imports it has an `HttpService` that sends tokens to the API.
import { HttpModule, HttpService } from '@nestjs/axios';
import { Inject, Logger, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type TokenService, tokenServiceFromEnvironment } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

const log = new Logger('Tokens');
/** The sentence of each event. The first argument holds its facts, for a logger that writes JSON. */
const logger = {
  debug: (_facts: object, sentence: string) => log.debug(sentence),
  info: (_facts: object, sentence: string) => log.log(sentence),
  warn: (_facts: object, sentence: string) => log.warn(sentence),
  error: (_facts: object, sentence: string) => log.error(sentence),
};

export const TOKENS = 'tokens';

@Module({
  imports: [HttpModule.register({ baseURL: process.env.API_URL ?? 'https://api.example.com' })],
  providers: [{ provide: TOKENS, useFactory: () => tokenServiceFromEnvironment({ logger }) }],
  exports: [HttpModule, TOKENS],
})
export class TokensModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(TOKENS) private readonly tokens: TokenService,
    private readonly http: HttpService,
  ) {}

  /** The application does not start without a token. */
  async onModuleInit() {
    this.http.axiosRef.interceptors.request.use(bearerToken(this.tokens));
    await this.tokens.ready();
  }

  /** After the last response. */
  async onApplicationShutdown() {
    await this.tokens.revoke();
  }
}
