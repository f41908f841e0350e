import { HttpService } from '@nestjs/axios';
import { Controller, Get, Inject, ServiceUnavailableException } from '@nestjs/common';
import { isTokenError, type TokenService } from 'm2m-tokens';
import { firstValueFrom } from 'rxjs';

import { TOKENS } from './tokens.module.js';

@Controller()
export class OrdersController {
  constructor(
    private readonly http: HttpService,
    @Inject(TOKENS) private readonly tokens: TokenService,
  ) {}

  @Get('orders')
  async orders() {
    try {
      const { data } = await firstValueFrom(this.http.get<object>('/orders'));
      return data;
    } catch (error) {
      if (!isTokenError(error)) throw error;
      throw new ServiceUnavailableException('The orders are not available', { cause: error });
    }
  }

  @Get('readyz')
  async readiness() {
    await this.tokens.ready({ signal: AbortSignal.timeout(1_000) }).catch((error: unknown) => {
      throw new ServiceUnavailableException('no token', { cause: error });
    });
    return { isReady: true };
  }
}
