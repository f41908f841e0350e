import { performance } from 'node:perf_hooks';

import { AxiosError, type InternalAxiosRequestConfig } from 'axios';

import type { TokenSource } from '../../core/token-source.js';

/**
 * The same token source for one axios request that has a `timeout`: waiting for a token is part of the request's time. What
 * is left of it is in `config.timeout` when a token is there; whoever sends the request puts the whole back.
 */
export function axiosTimeout(tokens: TokenSource, config: InternalAxiosRequestConfig): TokenSource {
  const timeoutMs = config.timeout ?? 0;
  if (timeoutMs <= 0 || timeoutMs > longestTimerMs) return tokens;
  let waitedMs = 0;

  return {
    async getToken(request, options) {
      const began = performance.now();
      const waiting = tokens.getToken(request, options);
      const atHand = await Promise.race([waiting, fewTurns()]);
      const token = atHand ?? (await atMost(timeoutMs - waitedMs, waiting, config));
      if (atHand === undefined) waitedMs += Math.floor(performance.now() - began);
      config.timeout = Math.max(1, timeoutMs - waitedMs);
      return token;
    },
  };
}

const longestTimerMs = 2 ** 31 - 1;

async function atMost<T extends object>(
  ms: number,
  waiting: Promise<T>,
  config: InternalAxiosRequestConfig,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(timeoutError(config)), ms);
  });
  try {
    return await Promise.race([waiting, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

// A token that is kept is there by then, and needs no timer.
async function fewTurns(): Promise<undefined> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

// As axios makes it.
function timeoutError(config: InternalAxiosRequestConfig): AxiosError {
  const { timeout, timeoutErrorMessage, transitional } = config;
  const code = transitional?.clarifyTimeoutError ? AxiosError.ETIMEDOUT : AxiosError.ECONNABORTED;
  return new AxiosError(timeoutErrorMessage ?? `timeout of ${timeout}ms exceeded`, code, config);
}
