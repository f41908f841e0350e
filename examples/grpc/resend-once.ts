import { InterceptingCall, type Interceptor, status } from '@grpc/grpc-js';
import type { TokenSource } from 'm2m-tokens';

/** Sends a unary call once more, with another token, if the server rejects the first one. Streams are not resent. */
export const resendOnce = (tokens: TokenSource): Interceptor => {
  return (options, nextCall) => {
    const { requestStream, responseStream } = options.method_definition;
    if (requestStream || responseStream) return new InterceptingCall(nextCall(options));
    // The token that the channel adds, too: both come from the cache.
    const sent = tokens.getToken().catch(() => undefined);
    const cancelled = new AbortController();
    let message: unknown;
    let second: ReturnType<typeof nextCall> | undefined;
    return new InterceptingCall(nextCall(options), {
      start(metadata, listener, next) {
        async function resend() {
          const rejected = await sent;
          const { value } = await tokens.getToken({}, { replacing: rejected, signal: cancelled.signal });
          if (value === rejected?.value) throw new Error('there is no other token');
          second = nextCall(options);
          second.start(metadata, listener);
          second.sendMessage(message);
          second.halfClose();
        }
        next(metadata, {
          onReceiveStatus(result, deliver) {
            if (result.code === status.UNAUTHENTICATED) void resend().catch(() => deliver(result));
            else deliver(result);
          },
        });
      },
      sendMessage: (sending, next) => next((message = sending)),
      cancel(next) {
        cancelled.abort();
        second?.cancelWithStatus(status.CANCELLED, 'cancelled by the caller');
        next();
      },
    });
  };
};
