import { Inject, Injectable } from '@nestjs/common';
import axios, { type AxiosInstance } from 'axios';
import type { TokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

@Injectable()
export class OrdersService {
  private readonly api: AxiosInstance;

  constructor(@Inject('tokens') tokens: TokenService) {
    this.api = axios.create({ baseURL: process.env['SERVER_ORIGIN'] });
    this.api.interceptors.request.use(bearerToken(tokens));
  }

  /** The Authorization header that the API received. */
  async authorization(path = '/orders'): Promise<string> {
    const { data } = await this.api.get<{ authorization: string }>(path);
    return data.authorization;
  }
}
