// A service with NestJS that calls an API. Set OAUTH_ISSUER (or OAUTH_TOKEN_ENDPOINT),
// OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET and API_URL. Compile it as the starter of NestJS does: tsc with decorators.
import 'reflect-metadata';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { OrdersController } from './orders.controller.js';
import { TokensModule } from './tokens.module.js';

@Module({ imports: [TokensModule], controllers: [OrdersController] })
class AppModule {}

async function start() {
  const app = await NestFactory.create(AppModule);
  // Without this, NestJS does not call `onApplicationShutdown` on SIGTERM.
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1');
}
void start();
